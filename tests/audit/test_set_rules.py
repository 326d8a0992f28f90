"""Rules on wheels taken together."""

from pathlib import Path

from crossbuild.audit import audit
from crossbuild.audit.profile import BoardProfile
from tests.support.elf_files import Compiler
from tests.support.sample_wheels import Sample


def test_two_wheels_with_one_soname(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    first = compiler.library("libtwin.so.1", "int twin(void) { return 1; }").read_bytes()
    second = compiler.library("libtwin.so.1", "int twin(void) { return 2; }").read_bytes()
    one = Sample(name="one", files={"one.libs/libtwin.so.1": first}).build(tmp_path)
    two = Sample(name="two", files={"two.libs/libtwin.so.1": second}).build(tmp_path)
    report = audit([one, two], board)
    assert report.refused == {one.name, two.name}
    assert {finding.rule for finding in report.refusals} == {"soname-conflict"}
    assert f"libtwin.so.1 differs from one.libs/libtwin.so.1 in {one.name}" in {
        finding.fact for finding in report.refusals
    }
    # the second one is in the wheelhouse already
    assert audit([one], board, wheelhouse=tmp_path).refused == {one.name}
    same = Sample(name="same", files={"same.libs/libtwin.so.1": first}).build(tmp_path)
    assert audit([one, same], board).fits
