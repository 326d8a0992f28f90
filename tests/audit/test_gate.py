"""What is given to the audit."""

from pathlib import Path

import pytest

from crossbuild.audit import gate
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import AuditError, ConfigurationError
from tests.audit.test_accepted import DIVIDE
from tests.support.elf_files import Compiler
from tests.support.sample_wheels import Sample
from tests.support.wheel_defects import MODULE_FILE


@pytest.mark.parametrize(
    ("name", "what", "evidence"),
    [
        ("x-1.0.tar.gz", "x-1.0.tar.gz is not a wheel", "is a source distribution's"),
        ("", "there is no wheel at", "holds no *.whl, but x-1.0.tar.gz"),
    ],
)
def test_a_source_distribution_by_mistake(
    board: BoardProfile, tmp_path: Path, name: str, what: str, evidence: str
) -> None:
    (tmp_path / "x-1.0.tar.gz").write_bytes(b"")
    with pytest.raises(ConfigurationError) as caught:
        gate.audit_all([tmp_path / name], lambda _: board)
    assert what in caught.value.what
    assert evidence in caught.value.evidence
    assert caught.value.cure


def test_each_rule_that_refuses_has_its_cure(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    files = {MODULE_FILE: compiler.shared(DIVIDE, "-mcpu=cortex-a7"), "sample/x.so": b"text"}
    wheel = Sample(files=files).build(tmp_path)
    with pytest.raises(AuditError) as caught:
        gate.require_fit([wheel], board, wheelhouse=None, build_paths=())
    assert "\n    instruction: " in caught.value.cure
    assert "\n    elf: " in caught.value.cure
