"""OpenBLAS for one processor."""

from pathlib import Path

import pytest

from crossbuild.core.errors import ToolMissingError
from crossbuild.sdk import openblas


def test_a_machine_that_cannot_build_openblas_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="without make, gcc, dpkg-source") as caught:
        openblas.require_tools()
    assert "build-essential" in caught.value.cure
