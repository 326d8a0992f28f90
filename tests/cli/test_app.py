"""The command line's own words."""

import errno
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.core.errors import ConfigurationError, DiskError
from crossbuild.sdk import reference as reference_sdk
from tests.support.programs import program


@pytest.mark.parametrize("text", ["3.7", "3.7.8"])
def test_a_boards_full_version_names_its_python(text: str, tmp_path: Path) -> None:
    words = ["doctor", "--json", "--sdk", str(tmp_path / "none"), "--python", text]
    done = CliRunner().invoke(app.app, words)
    assert json.loads(done.stdout)["python"] == "3.7"


@pytest.mark.parametrize("text", ["3", "3.x", "python3.7", "2.7"])
def test_what_is_no_version_is_told_with_its_variable(text: str) -> None:
    done = CliRunner(env={"CROSSBUILD_PYTHON": text}).invoke(app.app, ["doctor"])
    assert done.exit_code == 2
    words = " ".join(done.output.replace("│", " ").split())
    assert (
        f"'--python' (env var: 'CROSSBUILD_PYTHON'): '{text}' is no version of Python such as 3.7"
        in words
    )


@pytest.mark.parametrize("text", ["numpy=1.26", "my project"])
def test_what_names_no_package_is_told(text: str) -> None:
    done = CliRunner().invoke(app.app, ["verify", text])
    assert isinstance(done.exception, ConfigurationError)
    assert f"'{text}' is neither a package nor a folder" in str(done.exception)


def test_an_interrupt_says_that_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["crossbuild", "sdk", "list"])
    monkeypatch.setattr(reference_sdk, "known", lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 130
    assert "goes on where this one stopped" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["wheels"], ["matrix", "--build"]])
@pytest.mark.parametrize(
    ("option", "variable", "value"),
    [
        ("--distcc", "CROSSBUILD_DISTCC", "a/2,cpp"),
        ("--ccache-storage", "CROSSBUILD_CCACHE_STORAGE", "gopher://cache"),
    ],
)
def test_other_machines_are_named_by_option_or_variable(
    command: list[str], option: str, variable: str, value: str
) -> None:
    program("distcc", "distcc")
    for words, variables in (([option, value], {}), ([], {variable: value})):
        done = CliRunner(env=variables).invoke(app.app, [*command, *words, "numpy"])
        assert isinstance(done.exception, ConfigurationError)
        assert value in str(done.exception)


def test_a_disk_that_is_full_is_told_wherever_that_is_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(app, "app", full)
    with pytest.raises(SystemExit) as caught:
        app.main()
    assert caught.value.code == DiskError.exit_code
    assert "no space left" in capsys.readouterr().err
