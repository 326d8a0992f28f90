"""``crossbuild audit``: what it holds wheels against, and what it does not make for that."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from crossbuild.audit.profile import BOARDS
from crossbuild.cli import app
from crossbuild.core.errors import AuditError, ConfigurationError
from crossbuild.report import record
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.model import Sdk
from tests.support.elf_files import MODULE, Compiler
from tests.support.sample_wheels import Sample
from tests.support.schemas import held
from tests.support.wheel_defects import MODULE_FILE

A7 = ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4")
QUOTIENT = "int far(void); int quotient(int a, int b) { return a / b + far(); }"


@pytest.fixture(autouse=True)
def _no_sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No reference SDK has been made, and none may be."""
    monkeypatch.setattr(reference_sdk, "default_destination", lambda name: tmp_path / name)
    monkeypatch.setattr(reference_sdk, "create", lambda *_: pytest.fail("an SDK is made"))


def audited(*words: str | Path) -> Result:
    return CliRunner().invoke(app.app, ["audit", *map(str, words)])


@pytest.fixture
def wheel(compiler: Compiler, tmp_path: Path) -> Path:
    """A wheel that needs a library of nobody's, and divides as a Cortex-A9 cannot."""
    library = compiler.library("libfar.so.1", "int far(void) { return 1; }")
    module = compiler.shared(MODULE + QUOTIENT, *A7, str(library))
    return Sample(files={MODULE_FILE: module}).build(tmp_path)


def test_wheels_are_read_before_an_sdk_is_looked_for(tmp_path: Path) -> None:
    done = audited("--sdk", tmp_path / "none", tmp_path)
    assert isinstance(done.exception, ConfigurationError)
    assert "there is no wheel at" in str(done.exception)


def test_without_an_sdk_the_board_s_description_is_all_there_is(wheel: Path) -> None:
    done = audited("--json", wheel)
    assert done.exit_code == AuditError.exit_code
    assert "held against the NXP i.MX6 Quad alone" in " ".join(done.stderr.split())
    (told,) = held("audit", done.stdout)["wheels"]
    assert {one["rule"] for one in told["findings"] if one["verdict"] == "refuse"} == {
        "instruction"
    }
    assert audited("--accept", "instruction:*", wheel).exit_code == 0


def test_a_board_s_description_is_a_profile(wheel: Path, tmp_path: Path) -> None:
    assert audited("--profile", BOARDS / "imx6q.toml", wheel).exit_code == AuditError.exit_code
    other = tmp_path / "sama7.toml"
    other.write_text('title = "SAMA7"\ncpu = "cortex-a7"\n')
    done = audited("--json", "--profile", other, wheel)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["board"] == "sama7"
    other.write_text('title = "SAMA7"\ncpu = "cortex-a7"\npage_size = 65536\n')
    assert "alignment" in audited("--json", "--profile", other, wheel).stdout


def test_an_sdk_named_by_a_short_path_is_no_word_of_a_wheel(
    bookworm: Sdk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sdk").symlink_to(bookworm.root)
    monkeypatch.chdir(tmp_path)
    for text, fits in (("made by an sdk", True), (f"made in {tmp_path}/sdk/usr", False)):
        wheel = Sample(files={"sample/about.txt": text.encode()}).build(tmp_path)
        (told,) = json.loads(audited("--json", "--sdk", "sdk", wheel).stdout)["wheels"]
        assert told["fits"] is fits


def test_a_wheelhouses_page_tells_what_was_said_last(wheel: Path, tmp_path: Path) -> None:
    house = tmp_path / "wheelhouse"
    house.mkdir()
    shutil.copy(wheel, house)
    assert audited(house).exit_code == AuditError.exit_code
    assert not (house / "report").exists(), "it is nobody's wheelhouse yet"
    (house / "report").mkdir()
    (house / "report/record.json").write_text(record.Record().model_dump_json())
    for options, fits in (([], False), (["--accept", "instruction:*"], True)):
        audited(*options, house)
        (known,) = record.read(house).wheels.values()
        assert known.audit is not None
        assert known.audit.fits is fits
        assert {one.rule for one in known.audit.findings} >= {"instruction"}
        page = (house / "report/index.html").read_text()
        assert ("refused</span> for the board" in page) is not fits
