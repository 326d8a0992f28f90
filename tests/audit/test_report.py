"""The verdict as JSON and as a table."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from crossbuild.audit import AuditReport, audit, report_table
from crossbuild.audit.profile import BoardProfile
from tests.support.elf_files import MODULE, Compiler
from tests.support.sample_wheels import Sample
from tests.support.wheel_defects import built

A7 = ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4")
DIVIDE = MODULE + "int quotient(int a, int b) { return a / b; }"


@pytest.fixture
def report(compiler: Compiler, board: BoardProfile, tmp_path: Path) -> AuditReport:
    bad = built(DIVIDE, *A7)(compiler).build(tmp_path)
    good = Sample(name="good", tag="py3-none-any").build(tmp_path)
    return audit([bad, good], board)


def test_json(report: AuditReport) -> None:
    document = json.loads(report.to_json())
    assert document["format"] == 1
    assert document["board"] == "imx6q"
    assert document["fits"] is False
    bad, good = document["wheels"]
    assert (bad["fits"], good["fits"]) == (False, True)
    (finding,) = bad["findings"]
    assert set(finding) == {"verdict", "rule", "file", "fact", "cure"}
    assert finding["rule"] == "instruction"
    assert good["findings"] == []


def test_table(report: AuditReport) -> None:
    console = Console(width=400, file=io.StringIO(), record=True)
    console.print(report_table(report))
    text = console.export_text()
    for words in ("refused", "fits", "instruction", "sdiv r0, r0, r1 in quotient", "imx6q"):
        assert words in text


def test_a_strangers_metadata_gives_the_terminal_no_commands(
    board: BoardProfile, tmp_path: Path
) -> None:
    hidden = Sample(metadata_name="x\x1b[2J\x1b]0;title\x07").build(tmp_path)
    sink = io.StringIO()
    Console(file=sink, width=200).print(report_table(audit([hidden], board)))
    assert "refused" in sink.getvalue()
    assert "x\\x1b[2J" in sink.getvalue()
    assert "\x1b" not in sink.getvalue()
