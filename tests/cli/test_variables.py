"""Variables: those that are ours, and those that a shell has anyway."""

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app

#: As node-gyp, a CI system and others want them.
_OTHERS = {
    "PYTHON": "/usr/bin/python3",
    "JOBS": "max",
    "SDK": "/opt/android",
    "SLIM": "perhaps",
    "SUITE": "unit",
    "WHEELHOUSE": "/nowhere",
}


@pytest.mark.parametrize("command", [["wheels"], ["verify"], ["matrix"], ["parity"]])
def test_variables_of_others_are_not_read(command: list[str], tmp_path: Path) -> None:
    unread = CliRunner(env=_OTHERS).invoke(app.app, [*command, "--cache-dir", str(tmp_path), "="])
    alone = CliRunner().invoke(app.app, [*command, "--cache-dir", str(tmp_path), "="])
    assert (unread.exit_code, repr(unread.exception)) == (alone.exit_code, repr(alone.exception))


def handed_on(*words: str, **variables: str) -> dict[str, str]:
    """What ``make`` hands on to the program."""
    environ = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    done = subprocess.run(
        ["make", "-s", "doctor", "CROSSBUILD=printenv | grep ^CROSSBUILD_; :", *words],
        cwd=Path(__file__).parents[2],
        env={**environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name.removeprefix("CROSSBUILD_"): value for name, _, value in pairs}


def test_make_hands_its_settings_on() -> None:
    given = {"SDK": "/opt/poky/3.0", "PYTHON": "3.7", "JOBS": "8", "SLIM": "1", "SUITE": "fast"}
    as_words = handed_on(*(f"{name}={value}" for name, value in given.items()))
    assert as_words == handed_on(**given) == {**given, "WHEELHOUSE": "wheelhouse"}


def test_make_leaves_to_others_what_is_theirs() -> None:
    assert handed_on(PYTHON="/usr/bin/python3", JOBS="max") == {"WHEELHOUSE": "wheelhouse"}
    told = handed_on("PYTHON=python3", PYTHON="3.7")
    assert told["PYTHON"] == "python3", "a mistake on the command line is told, not passed over"


def test_make_keeps_what_the_programs_own_variables_say() -> None:
    own = {"CROSSBUILD_SDK": "/opt/poky", "CROSSBUILD_WHEELHOUSE": "wheels"}
    assert handed_on(**own) == {"SDK": "/opt/poky", "WHEELHOUSE": "wheels"}
