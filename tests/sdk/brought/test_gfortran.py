"""A Fortran compiler for an SDK without one: its objects, its library, its place."""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from crossbuild.core import defaults, documents
from crossbuild.core.command import run
from crossbuild.core.errors import IndexUnreachableError, SdkError
from crossbuild.elf import file as elf
from crossbuild.sdk import brought
from crossbuild.sdk.brought import gfortran, table
from crossbuild.sdk.brought.table import Gfortran
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from tests.support import sdk_copy
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_shapes import SHAPES

pytestmark = pytest.mark.slow

PROGRAM = """
program probe
  complex(8) :: z(2, 2), w(2, 2)
  integer :: u, i
  character(20) :: line
  z = reshape([(1d0, 2d0), (3d0, -1d0), (0d0, 1d0), (2d0, 2d0)], [2, 2])
  w = matmul(z, z)
  write (*, '(4(f7.3,1x))') w(1, 1), w(2, 2)
  open (newunit=u, status='scratch', asynchronous='yes', action='readwrite')
  do i = 1, 3
    write (u, '(a,i3)', asynchronous='yes') 'row', i
  end do
  wait (u)
  rewind (u)
  do i = 1, 3
    read (u, '(a)', asynchronous='yes') line
    wait (u)
    print '(a)', trim(line)
  end do
end program
"""
PRINTED = " -2.000   7.000   1.000  11.000\nrow  1\nrow  2\nrow  3\n"

#: Where glibc before 2.33 has them, and what stands for them before 2.28 (async_io.c).
ELSEWHERE = {"stat64", "lstat64", "fstat64", "fcntl64"}

#: The symbols that each release of glibc brought.
ADDED = {
    Version(release): set(names.split())
    for release, names in documents.read_toml(
        Path(__file__).with_name("glibc-symbols.toml")
    ).items()
}


def without_fortran(copy: SdkCopy) -> SdkCopy:
    copy.hide(
        "sysroots/*/usr/bin/arm*/*-gfortran",
        "sysroots/x86*/**/f951",
        "sysroots/cortex*/usr/lib/**/libgfortran*",
    )
    return copy


def store(*, offline: bool = False) -> brought.Store:
    return brought.Store(defaults.CACHE, offline=offline)


@pytest.fixture(scope="module")
def stripped(bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory) -> SdkCopy:
    return without_fortran(sdk_copy.make(bookworm, tmp_path_factory.mktemp("no-fortran")))


@pytest.fixture(scope="module")
def bare(stripped: SdkCopy) -> Sdk:
    return read_sdk(stripped.root)


@pytest.fixture(scope="module")
def sdk(bare: Sdk) -> Sdk:
    return brought.bring(bare, [brought.FORTRAN], store())


@pytest.fixture(scope="module")
def library(sdk: Sdk) -> Path:
    path = sdk.find_library("libgfortran.so")
    assert path
    return path.resolve()


def compiled(sdk: Sdk, folder: Path, *words: str) -> Path:
    (folder / "probe.f90").write_text(PROGRAM)
    assert sdk.tools.fortran
    program = folder / "probe"
    run([*sdk.tools.fortran, *words, folder / "probe.f90", "-o", program])
    return program


def on_board(sdk: Sdk, program: Path, library: Path) -> str:
    root = str(sdk.target_sysroot)
    argv = ["qemu-arm-static", "-L", root, "-E", f"LD_LIBRARY_PATH={library.parent}"]
    env = {**os.environ, "QEMU_CPU": "cortex-a9"}
    return subprocess.run(
        [*argv, program], env=env, check=True, capture_output=True
    ).stdout.decode()


@pytest.mark.parametrize("words", [(), ("-marm",), ("-O3", "-fopenmp-simd", "-funroll-loops")])
def test_what_it_compiles_runs_on_the_board(
    words: tuple[str, ...], sdk: Sdk, library: Path, tmp_path: Path
) -> None:
    program = compiled(sdk, tmp_path, *words)
    built = elf.read(program)
    assert gfortran.SONAME in built.needed
    assert built.float_abi == "hard"
    assert on_board(sdk, program, library) == PRINTED


def test_assembler_linker_and_libgcc_are_the_sdks(
    sdk: Sdk, stripped: SdkCopy, tmp_path: Path
) -> None:
    (tmp_path / "probe.f90").write_text(PROGRAM)
    assert sdk.tools.fortran
    argv: list[str | Path] = [
        *sdk.tools.fortran,
        "-v",
        tmp_path / "probe.f90",
        "-o",
        tmp_path / "probe",
    ]
    said = run(argv).output
    tools = next(folder for one in sdk.brought for folder in one.folders if "tools-" in folder.name)
    assert re.search(rf"^ {tools}/as ", said, re.MULTILINE)
    for name in ("as", "ld", "libgcc.a", "crtbeginS.o"):
        assert (tools / name).resolve().is_relative_to(stripped.root)
    trace = run(
        [*sdk.tools.fortran, "-Wl,--trace", tmp_path / "probe.f90", "-o", tmp_path / "probe"]
    )
    linked = [Path(os.path.normpath(line)) for line in trace.output.splitlines() if line[:1] == "/"]
    places = (stripped.root, *(folder for one in sdk.brought for folder in one.folders))
    foreign = [
        path
        for path in linked
        if not path.is_relative_to("/tmp")
        and not any(path.is_relative_to(place) for place in places)
    ]
    assert len(linked) > 5
    assert not foreign


def test_the_library_is_fit_for_a_wheel(library: Path, bare: Sdk) -> None:
    built = elf.read(library)
    for folder in (bare.root, defaults.CACHE, Path(brought.__file__).parent):
        assert str(folder).encode() not in built.data
    assert ".symtab" not in run([bare.tools.readelf, "-SW", library]).output
    assert built.soname == gfortran.SONAME
    assert {"_gfortran_st_write", "_gfortran_matmul_c8", "thread_unit"} <= built.defined
    assert not built.executable_stack
    assert (
        b"GCC RUNTIME LIBRARY EXCEPTION"
        in (library.parents[2] / f"licences/{gfortran.SONAME}").read_bytes()
    )


def test_what_the_library_needs_is_in_every_c_library_from_2_25_on(sdk: Sdk, library: Path) -> None:
    """A symbol may be newer in a newer C library, which then has the old one as well."""
    listing = run([sdk.tools.nm, "-D", "--undefined-only", library]).output
    needed = {match[1] for match in re.finditer(r"^ +U (\w+)@GLIBC_", listing, re.MULTILINE)}
    oldest: dict[str, tuple[int, ...]] = {}
    for name in ("libc.so.6", "libm.so.6"):
        path = sdk.find_library(name)
        assert path
        for match in re.finditer(
            r" (\w+)@@?GLIBC_([\d.]+)$", run([sdk.tools.nm, "-D", path]).output, re.MULTILINE
        ):
            version = tuple(map(int, match[2].split(".")))
            oldest[match[1]] = min(version, oldest.get(match[1], version))
    newer = {name for name in needed if oldest[name] > (2, 25)}
    assert len(needed) > 100
    assert newer == ELSEWHERE & needed


def unmet(release: Gfortran, glibc: str) -> set[str]:
    """What the static library of a gfortran asks for and that C library does not export."""
    archive = gfortran._toolchain(release, store()) / "runtime/libgfortran.a"
    listing = run(["nm", archive]).output
    asked = set(re.findall(r"^ +U (\w+)$", listing, re.MULTILINE))
    assert len(asked) > 100
    newer = {name for since, names in ADDED.items() if since > Version(glibc) for name in names}
    return asked & newer


@pytest.mark.parametrize("glibc", ["2.26", "2.28", "2.30", "2.38"])
def test_each_c_library_exports_what_its_libgfortran_asks_for(glibc: str) -> None:
    release = table.gfortran_for(glibc)
    assert release
    elsewhere = ELSEWHERE if glibc == "2.26" else ELSEWHERE - {"fcntl64"}
    assert unmet(release, glibc) == (elsewhere if Version(glibc) < Version("2.33") else set())


def test_the_newer_libgfortran_is_not_for_older_c_libraries() -> None:
    release = table.gfortran_for("2.38")
    assert release
    assert unmet(release, "2.37") == {"__isoc23_sscanf", "__isoc23_strtol"}
    assert "__clock_gettime64" in unmet(release, "2.30")


def test_a_moved_sdk_has_the_same_library_and_content(
    stripped: SdkCopy, sdk: Sdk, tmp_path: Path
) -> None:
    moved = read_sdk(sdk_copy.hard_linked(stripped.root, tmp_path / "moved"))
    again = brought.bring(moved, [brought.FORTRAN], store(offline=True))
    assert again.content_id == sdk.content_id
    assert again.brought[0].folders[:2] == sdk.brought[0].folders[:2]
    program = compiled(again, tmp_path)
    assert elf.read(program).needed


def test_nothing_is_written_into_the_sdk(bare: Sdk, stripped: SdkCopy) -> None:
    def digest() -> str:
        total = hashlib.sha256()
        for path in sorted(stripped.root.rglob("*")):
            status = path.lstat()
            total.update(
                f"{path} {status.st_size} {status.st_mtime_ns} {status.st_mode}\n".encode()
            )
        return total.hexdigest()

    before = digest()
    sdk = brought.bring(bare, [brought.FORTRAN], store())
    assert sdk.tools.fortran
    assert digest() == before


def test_without_a_network_the_cache_serves_or_the_error_tells(
    bare: Sdk, sdk: Sdk, tmp_path: Path
) -> None:
    again = brought.bring(bare, [brought.FORTRAN], store(offline=True))
    assert again == sdk
    with pytest.raises(IndexUnreachableError) as caught:
        brought.bring(bare, [brought.FORTRAN], brought.Store(tmp_path, offline=True))
    assert "nothing may be downloaded" in caught.value.evidence
    assert "without --offline" in caught.value.cure
    assert not [path for path in tmp_path.glob("brought/*") if path.is_dir()]


def test_a_c_library_that_none_serves_is_named(bare: Sdk) -> None:
    with pytest.raises(SdkError, match="for the SDK's C library") as caught:
        brought.bring(replace(bare, glibc_version="2.19"), [brought.FORTRAN], store())
    assert "2.19" in caught.value.evidence


def test_an_assembler_that_gcc_cannot_name_is_the_one_beside_it(
    copy: SdkCopy, tmp_path: Path
) -> None:
    """Where a layer left out the links in gcc's own folder; the build machine's is on PATH."""
    without_fortran(copy)
    # The same SDK before it was spoilt: what was kept of it does not serve afterwards.
    brought.bring(read_sdk(copy.root), [brought.FORTRAN], store())
    copy.wrap("gcc", " *-print-prog-name=*) echo as; exit 0 ;;")
    sdk = brought.bring(read_sdk(copy.root), [brought.FORTRAN], store())
    tools = next(folder for one in sdk.brought for folder in one.folders if "tools-" in folder.name)
    assert (tools / "as").readlink() == copy.tool("as")
    assert elf.read(compiled(sdk, tmp_path)).machine == "Arm"


@pytest.mark.parametrize("shape", [*SHAPES, "hardened"])
def test_sdks_of_other_shapes_are_served(shape: str, bookworm: Sdk, tmp_path: Path) -> None:
    copy = without_fortran(sdk_copy.make(bookworm, tmp_path))
    if shape in SHAPES:
        SHAPES[shape](copy)
    else:
        words = "-D_FORTIFY_SOURCE=2 -Wformat -Wformat-security -Werror=format-security"
        copy.edit(copy.script, "-mcpu=cortex-a9 ", f"-mcpu=cortex-a9 {words} ")
    sdk = brought.bring(read_sdk(copy.root), [brought.FORTRAN], store())
    library = sdk.find_library("libgfortran.so")
    assert library
    assert on_board(bookworm, compiled(sdk, tmp_path), library.resolve()) == PRINTED


@pytest.mark.parametrize(("name", "gcc"), [("debian-bullseye", "12"), ("debian-trixie", "14")])
def test_sdks_with_an_older_and_a_newer_c_library_are_served(
    name: str, gcc: str, reference_sdk_root: Callable[[str], Path], tmp_path: Path
) -> None:
    original = read_sdk(reference_sdk_root(name))
    copy = without_fortran(sdk_copy.make(original, tmp_path))
    sdk = brought.bring(read_sdk(copy.root), [brought.FORTRAN], store())
    assert sdk.brought[0].title.startswith(f"gfortran {gcc} ")
    library = sdk.find_library("libgfortran.so")
    assert library
    assert str(copy.root).encode() not in library.read_bytes()  # as older linkers would have it
    assert on_board(sdk, compiled(sdk, tmp_path), library.resolve()) == PRINTED
