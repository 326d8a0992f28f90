"""What is given to the audit."""

from pathlib import Path

import pytest

from crossbuild.audit import gate
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import ConfigurationError


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
