"""What an SDK says of the board, in OpenEmbedded's words."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.core.errors import AuditError, ConfigurationError
from crossbuild.export import folder, target
from crossbuild.sdk.model import Sdk


def test_the_tune_is_in_the_scripts_name(bookworm: Sdk) -> None:
    sdk = replace(bookworm, name="cortexa9t2hf-neon-poky-linux-gnueabi")
    assert target.tune_of(sdk, None) == target.Tune(
        "cortexa9t2hf-neon", ("callconvention-hard", "neon")
    )
    assert target.tune_of(sdk, "armv7ahf-neon").architecture == "armv7ahf-neon"
    plain = replace(sdk.tools, cc=("gcc", "-mfpu=vfpv3-d16"))
    assert target.tune_of(replace(sdk, tools=plain), None).features == ("callconvention-hard",)
    with pytest.raises(ConfigurationError, match="does not tell the tune"):
        target.tune_of(replace(bookworm, name="sdk"), None)


def test_the_release_is_the_sdks_word_or_the_users(bookworm: Sdk) -> None:
    zeus = {**bookworm.variables, "OECORE_DISTRO_VERSION": "5.4-zeus"}
    assert target.release_of(replace(bookworm, variables=zeus)).name == "zeus"
    with pytest.raises(ConfigurationError, match="does not tell which release") as caught:
        target.release_of(bookworm)
    assert "OECORE_DISTRO_VERSION=12" in caught.value.evidence


def test_the_command_line_writes_all_three(
    bookworm: Sdk, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--sdk", str(bookworm.root)]
    for command in (
        ["yocto", str(samples), "-o", "layer", "--release", "zeus", *words],
        ["opkg", str(samples), "-o", "feed", *words],
        ["sdk-layer", "-o", "sdk", "--release", "zeus"],
    ):
        done = CliRunner().invoke(app.app, ["export", *command])
        assert done.exit_code == 0, done.output
        assert (tmp_path / command[command.index("-o") + 1] / folder.LIST).is_file()
    assert list((tmp_path / "feed").glob("python3-sample_1.0_cortexa9hf-neon.ipk"))


def test_what_is_refused_leaves_nothing(
    bookworm: Sdk, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--sdk", str(bookworm.root), "--python", "3.9", "-o", "feed"]
    done = CliRunner().invoke(app.app, ["export", "opkg", str(samples), *words])
    assert isinstance(done.exception, AuditError)
    assert "the tag is cp311-cp311-linux_armv7l" in str(done.exception)
    assert not (tmp_path / "feed").exists()
