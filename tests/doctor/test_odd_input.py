"""No file of an SDK, and no word of its script, ends in a traceback."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossbuild import doctor
from crossbuild.pipeline.request import BuildRequest
from crossbuild.python.target import TargetRequest
from crossbuild.sdk.read import read_sdk
from crossbuild.toolchain import gfortran
from tests.support import sdk_copy
from tests.support.diagnoses import diagnose
from tests.support.sdk_copy import SdkCopy

GARBAGE: dict[str, Callable[[SdkCopy, Path], object]] = {
    "bytes": lambda copy, path: copy.put(path, bytes(range(256)) * 8, 0o755),
    "elf-and-bytes": lambda copy, path: copy.put(path, b"\x7fELF\1\1\1" + b"\xfe" * 999, 0o755),
    "empty": lambda copy, path: copy.put(path, b"", 0o755),
    "folder": lambda copy, path: copy.folder(path),
    "circle": lambda copy, path: copy.link(path, path.name),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", GARBAGE)
def test_no_file_of_an_sdk_ends_in_a_traceback(
    kind: str, copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    """All at once, then those that others hide from the doctor."""
    spoil = GARBAGE[kind]
    sysroot, library = copy.sysroot, copy.sysroot / "usr/lib"
    first = [
        next(library.glob("python3.11/_sysconfigdata*.py")),
        sysroot / "usr/include/python3.11/pyconfig.h",
        sysroot / "usr/include/python3.11/patchlevel.h",
        library / "libopenblas.so",
        library / "pkgconfig/openblas.pc",
        next(copy.native.glob("usr/lib/**/libgfortran.spec")),
        copy.tool("gfortran"),
    ]
    for path in first:
        spoil(copy, path)
    # What crossbuild can bring is a note; that it knows of the damage is what counts.
    found = diagnose(request_for(copy.root))
    subjects = {finding.name.partition("-")[0] for finding in found.findings}
    assert subjects >= {"openblas", "fortran", "python"}
    json.dumps(found.as_json())
    for path in (library / "crti.o", copy.tool("ld"), copy.tool("g++")):
        spoil(copy, path)
    assert diagnose(request_for(copy.root)).errors
    spoil(copy, copy.tool("gcc"))
    assert len(diagnose(request_for(copy.root)).errors) == 1
    spoil(copy, copy.script)
    assert len(diagnose(request_for(copy.root)).errors) == 1


@pytest.mark.slow
def test_huge_files_are_not_read_whole(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    spec = copy.put(next(copy.native.glob("usr/lib/**/libgfortran.spec")), "*lib: -lquadmath\n")
    for path, size in (
        (copy.put(copy.sysroot / "usr/lib/libopenblas.so", b"\x7fELF"), 2**30 + 1),
        (copy.put(copy.sysroot / "usr/include/python3.11/pyconfig.h", ""), 20_000_000),
        (spec, 2**33),
    ):
        with path.open("r+b") as stream:
            stream.truncate(size)
    found = diagnose(request_for(copy.root, "numpy"))
    assert {one.name for one in found.errors} == {"python-contradicts"}
    assert "1.1 GB" in next(one.evidence for one in found.findings if "openblas" in one.name)
    parts = gfortran.parts(read_sdk(copy.root))
    assert parts is not None
    assert parts.quadmath_lacking


FUZZ = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)


@FUZZ
@given(
    values=st.dictionaries(
        st.sampled_from(["CC", "CXX", "LD", "AR", "SDKTARGETSYSROOT", "OECORE_DISTRO_VERSION"]),
        st.one_of(_WORDS, st.sampled_from(["'", '"', "gcc '", "/", "/tmp", "a\nb", "-\\"])),
        min_size=1,
    )
)
def test_no_environment_script_ends_in_a_traceback(
    values: dict[str, str], whole_copy: SdkCopy, cache: Path, tmp_path: Path
) -> None:
    with sdk_copy.spoilt(whole_copy) as copy:
        quoted = (f"export {name}='{_quoted(value)}'" for name, value in values.items())
        copy.put(copy.script, copy.script.read_text() + "\n".join(quoted) + "\n")
        target = TargetRequest(copy.root, tmp_path, cache, python="3.11")
        found = doctor.diagnose(target, ["markupsafe"], jobs=1)
        assert found.findings or found.ready
        json.dumps(found.as_json())
        found.text()


def _quoted(value: str) -> str:
    return value.replace("'", "'\\''")
