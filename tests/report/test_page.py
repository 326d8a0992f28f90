"""The page, and that it is in nobody's way."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.core.errors import ConfigurationError, SuiteError
from crossbuild.progress.console import Console
from crossbuild.report import page, record
from crossbuild.report.place import PAGE
from crossbuild.wheel import wheelhouse
from tests.support import wheelhouses
from tests.support.sample_wheels import Sample


@pytest.fixture
def house(strange_house: Path, tmp_path: Path) -> Path:
    """A wheelhouse of which nothing is known."""
    return shutil.copytree(strange_house, tmp_path / "house")


class _Links(HTMLParser):
    """What a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value or "" for name, value in attrs if name in ("href", "src", "srcset")}


def text_of(path: Path) -> str:
    """The words of a page, in which runs of spaces are one."""
    body = re.sub(r"<(style|script)>.*?</\1>|<[^>]*>", " ", path.read_text(), flags=re.DOTALL)
    return " ".join(body.split())


def test_a_strangers_wheelhouse_says_what_is_not_known(house: Path) -> None:
    done = CliRunner().invoke(app.app, ["report", str(house)])
    assert done.exit_code == 0, done.output
    words = text_of(house / "report/index.html")
    assert done.stdout.strip().endswith("house/report/index.html")
    assert "not known: the wheelhouse has no record of this file" in words
    assert "Not known: this file was not audited when it came here." in words
    assert "No board has had any of these wheels." in words
    assert "no earlier state of this wheelhouse is on record" in words
    # What the wheels tell themselves:
    assert "GCC: (Debian 12.2.0-14) 12.2.0, by its code’s own account" in words
    assert "0.3.21 for CORTEXA9 is in it" in words
    assert sorted(path.name for path in (house / "report").iterdir()) == ["index.html"]
    assert "record.json" not in _Links((house / "report/index.html").read_text()).found


def test_what_is_known_is_told(told_house: Path) -> None:
    words = text_of(told_house / "report/index.html")
    assert "SDK cortexa9hf-neon-poky-linux-gnueabi, content ac74f8c877660a10" in words
    assert "numpy-1.26.4.tar.gz from files.pythonhosted.org" in words
    assert "made along with numpy 1.26.4" in words
    assert "not built here: taken as it is from files.pythonhosted.org" in words
    assert "beside wheels that are no longer here" in words
    assert "failed: 1 that was not known to; 16 are known, or the board’s" in words
    assert "dgemm 256, from C 29,709,935 38,922,425 0.763" in words
    assert "24 min" in words
    assert "+200.0 kB , instead of numpy-1.24.2-cp311-cp311-linux_armv7l.whl" in words
    assert "removed gone-1.0-py3-none-any.whl −5.0 kB" in words


def test_it_asks_for_no_other_file(told_house: Path) -> None:
    links = _Links((told_house / "report/index.html").read_text()).found
    wheels = {f"../{path.name.replace('+', '%2B')}" for path in told_house.glob("*.whl")}
    others = {link for link in links if not link.startswith("#")}
    assert others == {"data:,", "record.json", *wheels}


def test_a_page_elsewhere_leaves_the_wheelhouse_alone(house: Path, tmp_path: Path) -> None:
    before = sorted(house.rglob("*"))
    page.write(house, tmp_path / "page.html")
    assert sorted(house.rglob("*")) == before
    links = _Links((tmp_path / "page.html").read_text()).found
    assert {link for link in links if not link.startswith("#")} == {"data:,"}


def test_a_folder_without_wheels_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no wheel") as caught:
        page.write(tmp_path / "none")
    assert caught.value.evidence == "no such folder"
    done = CliRunner().invoke(app.app, ["report", str(tmp_path)])
    assert isinstance(done.exception, ConfigurationError)
    assert not list(tmp_path.iterdir())


def test_a_wheel_that_cannot_be_read_is_told(house: Path) -> None:
    (house / "broken-1.0-py3-none-any.whl").write_bytes(b"PK\3\4")
    page.write(house)
    assert "broken-1.0-py3-none-any.whl is no readable wheel" in text_of(house / PAGE)


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    name = os.fsdecode(b"a-1.0-py3-none-\xff.whl")
    Sample("a", tag="py3-none-any").build(tmp_path).rename(tmp_path / name)
    text = page.write(tmp_path).read_text()
    assert "a-1.0-py3-none-?.whl" in text
    assert 'href="../a-1.0-py3-none-%FF.whl"' in text


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "\0", '{"format": 2}', '{"format": 1, "wheels": {"x": 1}}', "[" * 9999]
)
def test_a_damaged_record_counts_as_none(text: str, house: Path) -> None:
    (house / "report").mkdir()
    (house / "report/record.json").write_text(text)
    page.write(house)
    with page.filling(house, Console(), 1):
        pass
    assert len(record.read(house).states) == 1


def test_pip_reads_wheels_and_not_the_page(house: Path, tmp_path: Path) -> None:
    page.write(house)
    argv = [sys.executable, "-m", "pip", "download", "-vvv", "--no-deps", "--no-index"]
    words = ["-f", str(house), "-d", str(tmp_path / "out"), "pure"]
    done = subprocess.run([*argv, *words], capture_output=True, text=True, check=True)
    assert "pure-3.0" in done.stdout
    assert ".html" not in done.stdout  # as it is where one lies beside the wheels
    sums = ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"]
    assert subprocess.run(sums, cwd=house, check=False).returncode == 0


def test_nothing_new_leaves_the_page_alone(house: Path, tmp_path: Path) -> None:
    def run() -> int:
        with page.filling(house, Console(), 1):
            pass
        return (house / PAGE).stat().st_mtime_ns

    first = run()
    assert run() == first
    new = Sample("new", tag="py3-none-any").build(tmp_path)
    wheelhouse.publish([new], house, "3.11")
    assert run() > first
    assert "added new-1.0-py3-none-any.whl" in text_of(house / PAGE)


def test_a_page_that_cannot_be_written_stops_no_run(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (house / "report").write_text("in the way")
    with page.filling(house, Console(), 1):
        pass
    assert "note: no page of the wheelhouse: cannot write" in capsys.readouterr().err


def test_a_run_that_fails_is_told_with_what_it_did(house: Path) -> None:
    console = Console()
    with pytest.raises(SuiteError), page.filling(house, console, 1), console.step("one step"):
        raise SuiteError("it failed")
    run = record.read(house).run
    assert run is not None
    assert [step.title for step in run.steps] == ["one step"]
    assert "one step" in text_of(house / PAGE)


def test_a_wheelhouse_that_was_never_made_gets_no_page(tmp_path: Path) -> None:
    with page.filling(tmp_path / "house", Console(), 1):
        pass
    assert not (tmp_path / "house").exists()


def test_text_is_escaped(told_house: Path) -> None:
    text = (told_house / PAGE).read_text()
    assert wheelhouses.HOSTILE not in text
    assert text.count("<script>") == 1


def test_links_of_the_index_are_those_that_pip_wants(told_house: Path) -> None:
    simple = told_house / "simple"
    found = {link for link in _Links((simple / "index.html").read_text()).found if link != "data:,"}
    assert found == {"crossbuild-runtime/", "hostile/", "numpy/", "pure/", "scipy/"}
    found = _Links((simple / "numpy/index.html").read_text()).found - {"data:,"}
    names = {link.removeprefix("../../").partition("#sha256=")[0] for link in found}
    assert names == {path.name for path in told_house.glob("numpy-*.whl")}
