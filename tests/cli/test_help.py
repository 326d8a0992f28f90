"""What the command line offers: at Tab, and by ``--help``."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.packages import recipe
from tests.support.programs import CROSSBUILD, program


def offered(line: str) -> list[str]:
    """What bash offers at the end of a line, by the script that ``--show-completion`` prints."""
    words = line.split(" ")
    script = """
        . <("$0" --show-completion bash)
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _crossbuild_completion "$0"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "-c", script, CROSSBUILD, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("crossbuild wh", ["wheels"]),
        ("crossbuild wheels numpy scip", ["scipy"]),
        ("crossbuild wheels --blas a", ["auto"]),
        ("crossbuild doctor --sdk debian-t", ["debian-trixie"]),
        ("crossbuild verify --board s", ["sabrelite"]),
        (
            "crossbuild wheels --python 3.1",
            [one for one in recipe.PYTHONS if one.startswith("3.1")],
        ),
        ("crossbuild wheels --sdk /opt/po", []),  # bash goes on with files
    ],
)
def test_names_are_completed(line: str, words: list[str]) -> None:
    assert offered(line) == words


def test_commands_that_take_packages_offer_the_recipes() -> None:
    for command in ("lock", "verify"):
        assert offered(f"crossbuild {command} ") == recipe.names()


def test_completion_is_installed(tmp_path: Path) -> None:
    subprocess.run(
        ["bash", "-c", '"$0" --install-completion && true', CROSSBUILD],  # for the shell it is in
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        check=True,
    )
    script = tmp_path / ".bash_completions/crossbuild.sh"
    assert "_CROSSBUILD_COMPLETE=complete_bash" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()


def test_the_manual_page_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs/crossbuild.1"
    words = [program("groff", "groff-base"), "-man", "-Tascii", "-ww", "-P-c", str(page)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "--blas auto|sdk|build" in re.sub(r".\x08", "", done.stdout)


def test_options_have_headings() -> None:
    told = CliRunner(env={"COLUMNS": "200"}).invoke(app.app, ["wheels", "--help"]).stdout
    headings = [line.split("─")[1].strip() for line in told.splitlines() if line.startswith("╭")]
    assert {*headings[2:]} == {
        "What is built",
        "For which board",
        "Folders",
        "Machines and network",
        "What the wheels are like",
    }
