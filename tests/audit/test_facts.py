"""Facts of wheels: archives that are damaged or tampered with, and metadata of any kind."""

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossbuild.audit import audit
from crossbuild.audit.profile import BoardProfile
from tests.support.sample_wheels import Sample, rewritten


@pytest.mark.parametrize(
    ("name", "data", "rule", "fact"),
    [
        ("sample/a.py", b"changed", "record", "sample/a.py has sha256="),
        ("sample/new.py", b"", "record", "in the archive but not in RECORD"),
        ("../evil.py", b"", "archive", "leaves the folder"),
        ("sample/zeros", bytes(9 << 20), "archive", "unpacks from"),
    ],
)
def test_archives_that_were_tampered_with(
    board: BoardProfile, tmp_path: Path, name: str, data: bytes, rule: str, fact: str
) -> None:
    sample = Sample(files={"sample/a.py": b"x = 1\n"}, tag="py3-none-any")
    path = rewritten(sample.build(tmp_path), name, data)
    (finding,) = audit([path], board).refusals
    assert finding.rule == rule
    assert fact in f"{finding.file} {finding.fact}"


def test_a_file_that_is_no_wheel(board: BoardProfile, tmp_path: Path) -> None:
    path = tmp_path / "x-1-py3-none-any.whl"
    path.write_text("<html>")
    report = audit([path], board)
    assert [(f.rule, f.file) for f in report.findings] == [("archive", path.name)]


@given(
    st.lists(
        st.builds(
            "{}: {}".format,
            st.sampled_from(
                ("Name", "Version", "Tag", "Wheel-Version", "Requires-Python", "Requires-Dist", "")
            ),
            st.text(max_size=30)
            | st.sampled_from(("x>=1; y<2", "x[", "1.0", ">=3", "a-b", "sample", "x @ file:///y")),
        ),
        max_size=6,
    )
)
@settings(max_examples=100, deadline=2000, suppress_health_check=list(HealthCheck))
def test_no_metadata_escapes_as_an_error(
    board: BoardProfile, tmp_path: Path, lines: list[str]
) -> None:
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    path = tmp_path / "sample-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("METADATA", "WHEEL", "RECORD"):
            archive.writestr(f"sample-1.0.dist-info/{name}", text)
    report = audit([path], board, wheelhouse=tmp_path)
    assert {finding.wheel for finding in report.findings} <= {path.name}
    assert json.loads(report.to_json())["wheels"]
