"""What the bundle stage changes in a wheel."""

import subprocess
from pathlib import Path

import pytest

from crossbuild.elf import file as elf
from crossbuild.repair import repair
from crossbuild.sdk.model import Sdk


def test_text_is_scrubbed_and_binary_keeps_its_length(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("lib = '/home/me/work/build/lib'\n")
    module = tmp_path / "module.so"
    module.write_bytes(b"\x7fELF\0/home/me/work/build/x.pyx\0end")
    (tmp_path / "other.py").write_text("lib = '/usr/lib'\n")
    folders = {Path("/home/me/work"): "/sdk", Path("/home/me/work/build"): "/cb"}
    assert repair._scrub(tmp_path, folders) == {tmp_path / "config.py", module}
    assert (tmp_path / "config.py").read_text() == "lib = '/cb/lib'\n"
    scrubbed = module.read_bytes()
    assert scrubbed == b"\x7fELF\0/cb" + b"/" * 16 + b"/x.pyx\0end"
    assert (tmp_path / "other.py").read_text() == "lib = '/usr/lib'\n"


def test_a_grafted_library_forbids_an_executable_stack(bookworm: Sdk, tmp_path: Path) -> None:
    library = tmp_path / "libx.so"
    source = tmp_path / "x.c"
    source.write_text("int x(void) { return 1; }\n")
    argv = [*bookworm.tools.cc, "-shared", "-fPIC", "-Wl,-z,execstack"]
    argv += [str(source), "-o", str(library)]
    subprocess.run(argv, check=True)
    assert elf.read(library).executable_stack
    repair._forbid_executable_stack(library, tmp_path / "log")
    assert not elf.read(library).executable_stack
    assert elf.read(library).defined >= {"x"}


@pytest.mark.parametrize(
    ("needed", "present", "lacks"),
    [
        ((), (), False),
        (("-lm", "-lpthread"), (), False),  # the C library's
        (("-lopenblas",), (), True),
        (("-lopenblas",), ("libopenblas.so.0",), False),
    ],
)
def test_auditwheel_is_asked_where_a_library_lacks(
    needed: tuple[str, ...],
    present: tuple[str, ...],
    lacks: bool,
    bookworm: Sdk,
    tmp_path: Path,
) -> None:
    (tmp_path / "x.c").write_text("int x(void) { return 1; }\n")
    module = tmp_path / "x.so"
    argv = [*bookworm.tools.cc, "-shared", "-fPIC", str(tmp_path / "x.c"), "-o", str(module)]
    subprocess.run([*argv, "-Wl,--no-as-needed", *needed], check=True)
    assert repair._lacks_library([module], present) == lacks


def test_a_library_that_nobody_has_is_passed_over(bookworm: Sdk, tmp_path: Path) -> None:
    """One that the package makes, in the wheel or not: the audit tells what it means."""
    (tmp_path / "x.c").write_text("int x(void) { return 1; }\n")
    linked = [*bookworm.tools.cc, "-shared", "-fPIC", str(tmp_path / "x.c"), "-o"]
    subprocess.run([*linked, str(tmp_path / "libown.so"), "-Wl,-soname,libown.so"], check=True)
    words = ["-Wl,--no-as-needed", f"-L{tmp_path}", "-lown", "-lz"]
    lost, found = tmp_path / "lost.so", tmp_path / "found.so"
    subprocess.run([*linked, str(lost), *words], check=True)
    subprocess.run([*linked, str(found), *words, "-Wl,-rpath,$ORIGIN"], check=True)
    assert {*repair._not_found([lost, found], bookworm.library_dirs)} == {"libown.so"}
    assert not {*repair._not_found([found], bookworm.library_dirs)}
