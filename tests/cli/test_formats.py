"""The JSON documents: each has a schema, and each schema a test that holds a real one to it."""

import re
from pathlib import Path

import pytest
from jsonschema import ValidationError
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.cli.formats import FORMATS
from tests.support.schemas import held

ROOT = Path(__file__).parents[2]


def test_every_schema_has_a_test() -> None:
    texts = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert {*re.findall(r'\bheld\("(\w+)"', texts)} == {one.name for one in FORMATS}


def test_every_option_for_machines_has_a_schema() -> None:
    page = (ROOT / "docs/commands.md").read_text()
    sections = re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", page, re.MULTILINE)
    printing = {name for name, text in sections if "`--json`" in text}
    told = " ".join(one.where for one in FORMATS)
    assert printing == {name for name in printing if f"`crossbuild {name} --json`" in told}
    assert len(printing) == 8


def test_sdks() -> None:
    told = held("sdks", CliRunner().invoke(app.app, ["sdk", "list", "--json"]).stdout)
    assert "debian-bookworm" in {one["name"] for one in told["sdks"]}


def test_cells() -> None:
    told = held("matrix", CliRunner().invoke(app.app, ["matrix", "--python", "3.11"]).stdout)
    (cell,) = told["cells"]
    assert cell["identifier"] == "cp311-linux_armv7l"


def test_another_document_is_refused() -> None:
    with pytest.raises(ValidationError, match="'version' is a required property"):
        held("matrix", '{"cells": []}')
