"""Wheels that the audit must refuse, and how a test tells that it does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossbuild.audit import audit
from crossbuild.audit.policy import rules
from crossbuild.audit.profile import BoardProfile
from tests.support.elf_files import MODULE, Compiler
from tests.support.sample_wheels import EXT_SUFFIX, Sample

MODULE_FILE = f"sample/sample{EXT_SUFFIX}"

Make = Callable[[Compiler], Sample]


@dataclass(frozen=True)
class Defect:
    """A wheel that does not fit.

    :ivar rule: the rule, and it alone, that must refuse it
    :ivar file: what the rule must name
    :ivar fact: a piece of what it must say
    """

    name: str
    make: Make
    rule: str
    file: str
    fact: str


def each_of(defects: Iterable[Defect]) -> pytest.MarkDecorator:
    """Ask a test for each defect."""
    return pytest.mark.parametrize("defect", [pytest.param(one, id=one.name) for one in defects])


def assert_refused(defect: Defect, compiler: Compiler, board: BoardProfile, folder: Path) -> None:
    """The wheel is refused for the defect, and for nothing else."""
    path = defect.make(compiler).build(folder)
    report = audit([path], board, wheelhouse=folder, build_paths=["/builder/workdir"])
    assert {finding.rule for finding in report.refusals} == {defect.rule}
    (finding, *_) = report.refusals
    assert (finding.wheel, finding.file) == (path.name, defect.file)
    assert defect.fact in finding.fact
    assert finding.cure == rules()[defect.rule].cure
    assert report.refused == {path.name}


def built(source: str, *flags: str) -> Make:
    """A wheel of one module."""
    return lambda compiler: Sample(files={MODULE_FILE: compiler.shared(source, *flags)})


def with_file(name: str, data: bytes) -> Make:
    """A wheel with a file beside a sound module."""
    return lambda compiler: Sample(files={MODULE_FILE: sound(compiler), name: data})


def sound(compiler: Compiler) -> bytes:
    return compiler.shared(MODULE)
