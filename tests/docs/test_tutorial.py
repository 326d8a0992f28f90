"""The tutorial: its commands are those that there are, and it says what they print."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.core import TyperGroup

from crossbuild.cli.app import app
from tests.support import scripts

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def tutorial() -> ModuleType:
    return scripts.load(DOCS / "tutorial.py")


def parsed(line: str) -> list[str]:
    """The words of a command that is one of crossbuild's, with options that it has."""
    program, *words = shlex.split(line)
    assert program == "crossbuild"
    command, context = typer.main.get_command(app), None
    while isinstance(command, TyperGroup):
        context = command.make_context("", list(words), parent=context)
        _, found, words = command.resolve_command(context, list(words))
        assert found is not None
        command = found
    command.make_context("", list(words), parent=context)
    return words


def test_its_commands_are_there(tutorial: ModuleType) -> None:
    lines = [*tutorial.commands((DOCS / "tutorial.md").read_text())]
    assert len(lines) >= 6
    assert all(parsed(line) is not None for line in lines)
    for wrong in ("crossbuild wheels --skd sdk numpy", "crossbuild whels numpy"):
        with pytest.raises(Exception, match="No such"):
            parsed(wrong)


def test_what_is_printed_takes_the_place_of_what_was(tutorial: ModuleType) -> None:
    page = "Ask:\n\n<!-- shown: b -->\n```console\n$ one\nold\n$ two\n```\n\nand\n\n    $ three\n"
    told = tutorial.recorded(page, {"one": "abc\nx\n", "two": "y\nb  \n"}.__getitem__)
    assert told == page.replace("$ one\nold\n$ two\n", "$ one\nabc\n$ two\nb\n")
    assert tutorial.same("done (3 min 05 s)") == tutorial.same("done (71.2 s)")
    assert tutorial.same("numpy 1.26.4") != tutorial.same("numpy 1.26.5")


@pytest.mark.slow
@pytest.mark.skipif("CROSSBUILD_NIGHTLY" not in os.environ, reason="builds scipy: make nightly")
def test_it_says_what_its_commands_print() -> None:
    subprocess.run([sys.executable, DOCS / "tutorial.py", "--check"], check=True)
