"""The doctor: each defect is named with its cure, and healthy SDKs are left in peace."""

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossbuild import doctor
from crossbuild.core.command import run, try_run
from crossbuild.core.errors import CrossbuildError, RecipeError, SdkError
from crossbuild.doctor import Diagnosis, blas, machine, release
from crossbuild.doctor.bench import bench
from crossbuild.doctor.catalogue import Catalogue, entries, error_class
from crossbuild.doctor.needs import Need
from crossbuild.elf import file as elf
from crossbuild.packages import recipe
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.python import build_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target import TargetRequest
from crossbuild.sdk import libraries
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.toolchain import compilers, gfortran
from crossbuild.toolchain.capacity import Capacity
from crossbuild.toolchain.compilers import Border
from tests.support import sdk_copy
from tests.support.requests import changed
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_defects import BLAS, DEFECTS, ROUTINES, Defect
from tests.support.sdk_shapes import SHAPES

DOCS = Path(__file__).parents[2] / "docs/doctor.md"
TRAPS = DOCS.with_name("sdk-traps.md")
#: Quick ones run in `make check`, all of them in `make test`.
QUICK = {"fortran-missing"}
#: What other SDKs, and their users, leave in a shell.
PATHS_OF_A_SESSION = """
LIBRARY_PATH LD_LIBRARY_PATH CPATH C_INCLUDE_PATH COMPILER_PATH GCC_EXEC_PREFIX OPENBLAS
PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PYTHONPATH PYTHONHOME SDKTARGETSYSROOT
OECORE_NATIVE_SYSROOT OECORE_TARGET_SYSROOT CONFIG_SITE
"""

#: Findings that come from something else than a spoilt SDK, in tests of their own.
OTHERS = {
    *("sdk-missing", "sdk-path-spaces", "environment-unknown", "library-missing"),
    "file-unreadable",
    *("ld-library-path", "time64", "build-python-missing", "recipe-unfit", "package-unknown"),
    *("disk-too-small", "memory-too-small", "jobs-too-many", "tool-missing"),
    *("pkg-config-missing", "qemu-missing", "ccache-missing"),
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def python311() -> BuildPython:
    return build_python.find("3.11")


@pytest.fixture
def request_for(cache: Path, tmp_path: Path, python311: BuildPython) -> Callable[..., BuildRequest]:
    def make(root: Path, *packages: str, python: str | None = "3.11") -> BuildRequest:
        builder = python311.executable if python == "3.11" else None
        return BuildRequest(
            target=TargetRequest(
                root, tmp_path / "work", cache, python=python, build_python=builder
            ),
            packages=parse_all(packages or ("numpy", "scipy")),
            wheelhouse=tmp_path / "wheelhouse",
            capacity=Capacity(1),
        )

    return make


def diagnose(request: BuildRequest) -> Diagnosis:
    packages = [str(wanted) for wanted in request.packages]
    return doctor.diagnose(request.target, packages, jobs=request.capacity.jobs)


def names(diagnosis: Diagnosis) -> list[str]:
    return [finding.name for finding in diagnosis.findings]


# --- defects


def _marks(defect: Defect) -> list[pytest.MarkDecorator]:
    slow = [] if defect.finding in QUICK else [pytest.mark.slow]
    return [*slow, *([pytest.mark.trap(defect.trap)] if defect.trap else [])]


@pytest.mark.parametrize(
    "defect",
    [pytest.param(each, marks=_marks(each), id=each.finding) for each in DEFECTS],
)
def test_a_defect_is_named_with_its_cure(
    defect: Defect, copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    defect.spoil(copy)
    request = request_for(copy.root, *defect.packages, python=defect.python)
    diagnosis = diagnose(request)
    assert defect.finding in names(diagnosis)
    finding = next(one for one in diagnosis.findings if one.name == defect.finding)
    assert finding.severity == defect.severity
    assert defect.cure in finding.cure
    assert finding.evidence or finding.severity == "note"
    if defect.severity == "error":
        assert diagnosis.errors[0] == finding
        _stops_before_anything_compiles(request, finding.what, defect.finding)
    else:
        assert not diagnosis.errors
        assert all(not reasons for reasons in diagnosis.ready[diagnosis.python or ""].values())


@pytest.mark.slow
def test_a_gcc_that_compiles_no_version(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    (defect,) = (one for one in DEFECTS if one.finding == "gcc-unfit")
    defect.spoil(copy)
    diagnosis = diagnose(request_for(copy.root, "scipy"))
    (of_scipy,) = (one for one in diagnosis.errors if one.recipes == ("scipy 1.11.4",))
    assert "use an SDK with a newer GCC" in of_scipy.cure


def _stops_before_anything_compiles(request: BuildRequest, what: str, name: str) -> None:
    with pytest.raises(error_class(name)) as caught:
        make_wheels(request, Console())
    assert caught.value.what == what
    assert name in caught.value.cure
    assert not list(request.target.work.rglob("build.log"))
    assert not list(request.wheelhouse.rglob("*.whl"))


@pytest.fixture(scope="session", params=SHAPES)
def shaped_copy(
    request: pytest.FixtureRequest, bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory
) -> SdkCopy:
    copy = sdk_copy.make(bookworm, tmp_path_factory.mktemp(request.param))
    SHAPES[request.param](copy)
    return copy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patterns", "cures"),
    [
        ((), {}),
        (
            ("usr/bin/**/*-gfortran", "usr/lib/**/libopenblas*", "usr/include/python3*"),
            {
                "fortran-missing": 'FORTRAN:forcevariable = ",fortran"',
                "openblas-headers-only": '" openblas openblas-dev"',
                "python-headers-missing": '" python3-dev"',
            },
        ),
        (
            ("usr/lib/**/libgfortran*", "usr/lib/**/libopenblas*.so*"),
            {
                "fortran-library-missing": " libgfortran libgfortran-dev",
                "openblas-static-only": "NO_SHARED",
            },
        ),
        (("usr/lib/**/crti.o",), {"c-does-not-link": '" libc6-dev libgcc-dev"'}),
    ],
    ids=["healthy", "nothing", "half", "no-libc"],
)
def test_defects_are_named_in_sdks_of_other_shapes(
    patterns: tuple[str, ...],
    cures: dict[str, str],
    shaped_copy: SdkCopy,
    request_for: Callable[..., BuildRequest],
) -> None:
    with sdk_copy.spoilt(shaped_copy) as copy:
        copy.hide(*(f"sysroots/*/{pattern}" for pattern in patterns))
        findings = diagnose(request_for(copy.root)).findings
    harmless = {"qemu-missing", "ccache-missing", "openblas-below-board"}
    assert {one.name for one in findings} - harmless == cures.keys()
    assert all(cures.get(one.name, "") in one.cure for one in findings)


def test_each_finding_has_its_defect() -> None:
    assert {defect.finding for defect in DEFECTS} | OTHERS == set(entries())
    assert len({defect.finding for defect in DEFECTS} - OTHERS) >= 14


@pytest.mark.parametrize(
    "name",
    [
        "debian-bookworm",
        pytest.param("debian-bullseye", marks=pytest.mark.slow),
        pytest.param("debian-trixie", marks=pytest.mark.slow),
    ],
)
def test_no_false_alarm_on_a_reference_sdk(
    name: str,
    reference_sdk_root: Callable[[str], Path],
    request_for: Callable[..., BuildRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    diagnosis = diagnose(request_for(reference_sdk_root(name), python=None))
    assert not diagnosis.errors
    assert not [one for one in diagnosis.findings if one.severity == "warning"]
    # What Debian's own OpenBLAS is, and what the build machine of a test may lack.
    allowed = {"openblas-below-board", "qemu-missing", "ccache-missing", "time64"}
    allowed |= {"build-python-missing"}
    assert set(names(diagnosis)) <= allowed
    assert diagnosis.python is not None
    assert len(diagnosis.ready[diagnosis.python]) == 2


@pytest.mark.trap(13)
@pytest.mark.slow
def test_the_build_machines_own_programs_and_libraries_change_no_answer(
    copy: SdkCopy,
    request_for: Callable[..., BuildRequest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A gfortran, an OpenBLAS and a numpy of the build machine."""
    request = request_for(copy.root)
    healthy = diagnose(request)
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran", "sysroots/*/usr/lib/libopenblas*")
    spoilt = diagnose(request)
    folder = tmp_path / "own"
    for name in ("gfortran", "arm-linux-gnueabihf-gfortran"):
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / name).write_text("#!/bin/sh\nexit 0\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / "numpy").mkdir()
    (folder / "numpy/__init__.py").write_text("raise SystemExit(1)\n")
    (folder / "libopenblas.so").write_text("")
    for name in PATHS_OF_A_SESSION.split():
        monkeypatch.setenv(name, str(folder))
    for name in ("FC", "CC", "CXX", "AR", "CFLAGS", "LDFLAGS", "FFLAGS", "TARGET_PREFIX"):
        monkeypatch.setenv(name, "false")
    monkeypatch.setenv("PATH", f"{folder}/bin", prepend=":")
    again = diagnose(request)
    assert {"fortran-missing", "openblas-headers-only"} <= set(names(spoilt))
    assert set(names(again)) - {"ld-library-path"} == set(names(spoilt)) - {"ld-library-path"}
    assert again.ready == spoilt.ready
    copy.heal()
    assert diagnose(request).ready == healthy.ready


@pytest.mark.trap(9)
@pytest.mark.slow
def test_ld_library_path_is_survived(
    bookworm: Sdk, request_for: Callable[..., BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/other/lib")
    diagnosis = diagnose(request_for(bookworm.root))
    assert "ld-library-path" in names(diagnosis)
    assert not diagnosis.errors


@pytest.mark.trap(9)
@pytest.mark.slow
def test_python_variables_of_the_script_are_survived(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    copy.edit(copy.script, "export M4=m4", "export M4=m4 PYTHONHOME=$OECORE_NATIVE_SYSROOT/usr")
    assert not diagnose(request_for(copy.root)).errors


@pytest.mark.trap(12, 16)
@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "-fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wformat -Werror=format-security",
        "-march=armv7-a",
        "-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64",
    ],
    ids=["hardening", "march-and-mcpu", "64-bit-time"],
)
def test_words_in_cc_are_no_defect(
    words: str, copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    copy.edit(copy.script, "gcc  -mthumb", f"gcc  {words} -mthumb")
    diagnosis = diagnose(request_for(copy.root))
    assert not [one for one in diagnosis.findings if one.severity != "note"]
    assert ("time64" in names(diagnosis)) == ("TIME_BITS" in words)


# --- what crossbuild's own folders supply


@pytest.mark.trap(8, 13)
@pytest.mark.slow
@pytest.mark.parametrize(
    "lacking", [(), ("libgfortran.so", "libgfortran.a")], ids=["no-spec", "neither-spec-nor-name"]
)
def test_the_overlay_links_fortran(lacking: tuple[str, ...], copy: SdkCopy, tmp_path: Path) -> None:
    copy.hide("sysroots/x86*/usr/lib/**/libgfortran.spec")
    copy.hide(*(f"sysroots/cortex*/usr/lib/{name}" for name in lacking))
    found = read_sdk(copy.root)
    assert found.tools.fortran is not None
    source, made = tmp_path / "s.f90", tmp_path / "s.so"
    source.write_text("subroutine s(x)\nreal(8) :: x\nprint *, sqrt(x)\nend\n")
    argv: list[str | Path] = [
        *found.tools.fortran,
        "-shared",
        "-fPIC",
        "-Wl,-z,defs",
        source,
        "-o",
        made,
    ]
    assert "libgfortran.spec" in try_run(argv).output
    run([*argv, *gfortran.overlay(found, tmp_path / "overlay")])
    assert "libgfortran.so.5" in elf.read(made).needed


def test_nothing_is_overlaid_where_nothing_is_missing(bookworm: Sdk, tmp_path: Path) -> None:
    assert gfortran.overlay(bookworm, tmp_path / "overlay") == ()
    assert not (tmp_path / "overlay").exists()


def test_a_library_in_opt_is_reached(copy: SdkCopy, tmp_path: Path) -> None:
    folder = copy.sysroot / "opt/openblas/lib"
    copy.hide("sysroots/*/usr/lib/libopenblas*", "sysroots/*/usr/lib/pkgconfig/openblas.pc")
    copy.library(folder / "libopenblas.so", ROUTINES, BLAS.format(core="CORTEXA9"))
    before = read_sdk(copy.root)
    after = libraries.reach(before, ["openblas"])
    assert after.library_dirs[-1] == folder
    assert after.content_id != before.content_id
    assert libraries.reach(after, ["openblas"]) == after
    [pkgconfig] = libraries.pkg_config_dirs(after, ["openblas"], tmp_path / "pkgconfig")
    text = (pkgconfig / "openblas.pc").read_text()
    assert "libdir=/opt/openblas/lib\n" in text
    assert "Version: 0.3.21\n" in text


@pytest.mark.trap(15)
@pytest.mark.slow
def test_wrappers_reach_what_is_supplied(copy: SdkCopy, tmp_path: Path) -> None:
    """pkg-config puts the sysroot before every path, here once."""
    folder = copy.sysroot / "opt/openblas/lib"
    _without_spec_and_openblas(copy)
    copy.library(folder / "libopenblas.so", ROUTINES, BLAS.format(core="CORTEXA9"))
    found = libraries.reach(read_sdk(copy.root), ["openblas"])
    made = compilers.create(
        found,
        tmp_path / "bin",
        Border(allowed=(copy.root, tmp_path)),
        log=tmp_path / "compilers.log",
        suffix=".cpython-311-arm-linux-gnueabihf.so",
        headers=tmp_path,
        prefix_map={},
        pkg_config_dirs=libraries.pkg_config_dirs(found, ["openblas"], tmp_path / "pkgconfig"),
        fortran_flags=gfortran.overlay(found, tmp_path / "gfortran"),
    )
    shown = run([made.path("pkg-config"), "--libs", "openblas"]).output.split()
    assert shown == [f"-L{folder}", "-lopenblas"]
    source = tmp_path / "s.f90"
    source.write_text("subroutine s(x)\nreal(8) :: x(2)\nprint *, x\ncall dgesv(x)\nend\n")
    module = tmp_path / "s.so"
    words = ["-shared", "-fPIC", "-Wl,-z,defs", str(source), *shown, "-o", str(module)]
    run([made.path("gfortran"), *words])
    assert {"libopenblas.so.0", "libgfortran.so.5"} <= set(elf.read(module).needed)


def _without_spec_and_openblas(copy: SdkCopy) -> None:
    copy.hide("sysroots/x86*/usr/lib/**/libgfortran.spec")
    copy.hide("sysroots/cortex*/usr/lib/libgfortran.so", "sysroots/cortex*/usr/lib/libgfortran.a")
    copy.hide("sysroots/*/usr/lib/libopenblas*", "sysroots/*/usr/lib/pkgconfig/openblas.pc")


def test_a_library_on_the_path_needs_nothing(bookworm: Sdk, tmp_path: Path) -> None:
    assert libraries.reach(bookworm, ["openblas"]) is bookworm
    assert libraries.pkg_config_dirs(bookworm, ["openblas"], tmp_path) == ()


@pytest.mark.trap(15)
def test_a_pc_file_with_the_build_machines_path_is_not_believed(
    copy: SdkCopy, tmp_path: Path
) -> None:
    path = copy.sysroot / "usr/lib/pkgconfig/openblas.pc"
    copy.put(path, f"prefix={copy.sysroot}/usr\nlibdir=${{prefix}}/lib\nName: openblas\n")
    assert libraries.pkg_config_dirs(read_sdk(copy.root), ["openblas"], tmp_path) == (tmp_path,)


# --- releases and texts


@pytest.mark.parametrize(
    ("distro", "glibc", "name", "override", "doubt"),
    [
        ("2.4", "2.26", "rocko", "_", False),
        ("2.6.4", "2.28", "thud", "_", False),
        ("3.0.2", "2.30", "zeus", "_", False),
        ("3.1.33", "2.31", "dunfell", "_", False),
        ("3.4.4", "2.34", "honister", ":", False),
        ("4.0.10", "2.35", "kirkstone", ":", False),
        ("5.4-zeus", "2.30", "zeus", "_", False),
        ("4.14-sumo", "2.27", "sumo", "_", False),
        ("7.2", "2.31", "", "_", False),
        ("nodistro.0", "2.39", "", ":", False),
        ("5.10.72-2.2.1", "2.33", "", "_", False),
        ("5.0.0", "2.31", "", "_", True),
        ("4.1.15-2.1.0", "2.24", "", "_", True),
        ("2.6.2", "2.39", "", ":", True),
        ("3.1.33", "", "dunfell", "_", False),
        ("", "", "", ":", True),
    ],
)
def test_the_release_tells_the_syntax(
    distro: str, glibc: str, name: str, override: str, doubt: bool
) -> None:
    found = release.find([distro], glibc)
    assert (found.name, found.override, bool(found.doubt)) == (name, override, doubt)


def test_lines_for_local_conf_can_be_pasted() -> None:
    """Bitbake takes no indented assignment: «unparsed line»."""
    catalogue = Catalogue(release.find(["4.0"], "2.35"))
    everything = {
        name: "x" for entry in entries().values() for name in re.findall(r"\w+", str(entry))
    }
    openblas = {"script": "x", "target": "ARMV7", "fortran": "NOFORTRAN=1"}
    everything["get_openblas"] = catalogue.file("openblas-cure.txt.j2", openblas)
    cures = [
        catalogue.finding(name, fields=everything | {"versions": ["3.7"]}).cure
        for name, entry in entries().items()
        if "what" in entry
    ]
    lines = [
        line for cure in cures for line in cure.splitlines() if re.search(r"\w:append\b", line)
    ]
    assert len(lines) > 15
    assert all(re.match(r"[A-Z_]+(:[\w-]+)+ = \"[^\"]*\"$", line) for line in lines), lines


@pytest.mark.parametrize("name", [name for name, entry in entries().items() if "what" in entry])
def test_a_doubtful_cure_has_both_syntaxes(name: str) -> None:
    """Each line that the syntax changes stands there twice, under the words that say when."""
    fields = dict.fromkeys(re.findall(r"\w+", str(entries()[name])), "x") | {"versions": ["3.7"]}
    doubtful = Catalogue(release.find(["4.1.15-2.1.0"], "2.24")).finding(name, fields=fields).cure
    old = Catalogue(release.find(["2.6"], "2.28")).finding(name, fields=fields).cure
    new = Catalogue(release.find(["4.0"], "2.35")).finding(name, fields=fields).cure
    if old == new:
        assert doubtful == old
        return
    head, _, tail = doubtful.partition(
        "\nif the SDK's Yocto is honister (3.4) or newer, write instead:\n"
    )
    assert head == old
    assert set(tail.splitlines()) == set(new.splitlines()) - set(old.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("distro", "lines"),
    [
        (
            "2.4.1",
            (
                'FORTRAN_forcevariable = ",fortran"',
                'RUNTIMETARGET_append_pn-gcc-runtime = " libquadmath"',
                'TOOLCHAIN_TARGET_TASK_append = " libgfortran libgfortran-dev"',
            ),
        ),
        (
            "4.0.10",
            (
                'FORTRAN:forcevariable = ",fortran"',
                'RUNTIMETARGET:append:pn-gcc-runtime = " libquadmath"',
                'TOOLCHAIN_TARGET_TASK:append = " libgfortran libgfortran-dev"',
            ),
        ),
    ],
)
def test_cures_are_written_for_the_sdks_release(
    distro: str, lines: tuple[str, ...], copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    version = re.search(r'DISTRO_VERSION=".*"', copy.script.read_text())
    assert version
    copy.edit(copy.script, version[0], f'DISTRO_VERSION="{distro}"')
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    [error] = diagnose(request_for(copy.root)).errors
    # Bookworm's glibc is newer than rocko's: both syntaxes are told.
    assert ("write instead" in error.cure) == (distro == "2.4.1")
    for line in lines:
        assert f"\n{line}\n" in f"{error.cure}\n"


@pytest.mark.parametrize("name", entries())
def test_every_finding_has_texts_a_class_and_a_page(name: str) -> None:
    entry = entries()[name]
    assert "raised" in entry or "what" in entry
    assert (entry["severity"] == "error") == ("error" in entry)
    if entry["severity"] == "error":
        assert issubclass(error_class(name), CrossbuildError)
        assert "raised" in entry or "cure" in entry
    assert f"\n### {name}\n" in DOCS.read_text(), f"docs/doctor.md has no section {name}"


def test_the_page_has_no_section_of_a_finding_that_is_no_more() -> None:
    assert set(re.findall(r"^### (\S+)$", DOCS.read_text(), re.MULTILINE)) == set(entries())


def test_each_trap_is_shown_by_a_test() -> None:
    """The marks in the tests' text, and those of the defects."""
    told = set(re.findall(r"^\| (\d+) \|", TRAPS.read_text(), re.MULTILINE))
    text = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    marks = re.findall(r"^@pytest\.mark\.trap\(([\d, ]+)\)$", text, re.MULTILINE)
    shown = {number for mark in marks for number in mark.split(", ")}
    assert len(told) == 17
    assert shown | {str(defect.trap) for defect in DEFECTS if defect.trap} == told


# --- the build machine


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "name", "cure"),
    [
        ({"disk_mb": 10}, "disk-too-small", "--work-dir"),
        ({"memory_mb": 100}, "memory-too-small", "a swap file of 900 MB"),
        ({"programs": frozenset({"bash", "auditwheel"})}, "tool-missing", "make setup"),
        (
            {"programs": frozenset({"bash", "auditwheel", "patchelf"})},
            "pkg-config-missing",
            "apt-get install pkgconf",
        ),
    ],
)
def test_a_build_machine_that_lacks_something(
    changes: dict[str, object],
    name: str,
    cure: str,
    bookworm: Sdk,
    request_for: Callable[..., BuildRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = request_for(bookworm.root)
    lacking = replace(machine.measure(request.target.work, bookworm), **changes)  # type: ignore[arg-type]
    monkeypatch.setattr(machine, "measure", lambda *_: lacking)
    first = diagnose(request).errors[0]
    assert first.name == name
    assert cure in first.cure
    _stops_before_anything_compiles(request, first.what, name)


def test_figures_of_the_recipes_are_in_the_evidence(bookworm: Sdk) -> None:
    small = machine.Machine(disk_mb=100, memory_mb=1500, programs=frozenset())
    chosen = [recipe.load("scipy").for_python("3.11")]
    found = [
        *machine.room(small, Catalogue(release.UNKNOWN), chosen, Path("/work"), jobs=8),
    ]
    assert [one.name for one in found] == ["disk-too-small", "jobs-too-many"]
    assert f"scipy 1.11.4: {chosen[0].disk_mb} MB" in found[0].evidence
    assert found[1].cure.startswith("no more than 1 will run at once")


# --- asked-for packages and Pythons


@pytest.mark.slow
def test_what_was_not_asked_for_does_not_matter(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    assert not diagnose(request_for(copy.root, "numpy")).errors
    both = diagnose(request_for(copy.root))
    assert both.ready["3.11"] == {"numpy 1.26.4": (), "scipy 1.11.4": ("fortran-missing",)}
    assert not diagnose(request_for(copy.root, "markupsafe", "./somewhere")).errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "name"),
    [("numpy==1.0", "recipe-unfit"), ("num py", "package-unknown"), ("=", "package-unknown")],
)
def test_words_that_are_no_package(
    package: str, name: str, bookworm: Sdk, request_for: Callable[..., BuildRequest]
) -> None:
    diagnosis = doctor.diagnose(request_for(bookworm.root).target, [package], jobs=1)
    assert [one.name for one in diagnosis.errors] == [name]


@pytest.mark.slow
def test_without_a_build_python(
    bookworm: Sdk, request_for: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = changed(request_for(bookworm.root), build_python=tmp_path / "python3.11")
    [error] = diagnose(request).errors
    assert error.name == "build-python-missing"
    assert "pyenv install 3.11" in error.cure
    assert "\n    uv python install 3.11\n" in error.cure
    assert str(tmp_path) in error.evidence
    _stops_before_anything_compiles(request, error.what, error.name)


@pytest.mark.parametrize(
    ("place", "environment", "name", "cure"),
    [
        ("missing", None, "sdk-missing", "SDK=/opt/poky/3.0"),
        ("a folder", None, "sdk-path-spaces", "install the SDK elsewhere"),
        ("sdk", "aarch64-poky-linux", "environment-unknown", "--environment cortexa9"),
    ],
)
def test_words_that_name_no_sdk(
    place: str,
    environment: str | None,
    name: str,
    cure: str,
    request_for: Callable[..., BuildRequest],
    tmp_path: Path,
) -> None:
    for folder in ("a folder", "sdk"):
        (tmp_path / folder).mkdir()
    (tmp_path / "sdk/environment-setup-cortexa9").write_text("")
    request = changed(request_for(tmp_path / place), environment=environment)
    [error] = diagnose(request).errors
    assert error.name == name
    assert cure in error.cure
    _stops_before_anything_compiles(request, error.what, name)


def test_another_library_that_is_missing(bookworm: Sdk) -> None:
    with bench(bookworm) as tried:
        catalogue = Catalogue(release.find(["3.0"], "2.30"))
        [found] = blas.library(tried, catalogue, "fftw3", ("pyfftw 0.15.0",))
        assert not [*blas.library(tried, catalogue, "z", ("one 1.0",))]
    assert found.name == "library-missing"
    assert 'TOOLCHAIN_TARGET_TASK_append = " fftw3 fftw3-dev"' in found.cure
    assert "pyfftw 0.15.0" in found.what


def test_programs_that_are_only_useful() -> None:
    bare = machine.Machine(1000, 1000, frozenset({"bash", "auditwheel", "patchelf"}))
    found = [*machine.tools(bare, Catalogue(release.UNKNOWN), Need("3.11", ()))]
    assert [(one.name, one.severity) for one in found] == [
        ("qemu-missing", "note"),
        ("ccache-missing", "note"),
    ]


def test_the_json_form(bookworm: Sdk, request_for: Callable[..., BuildRequest]) -> None:
    form = json.loads(json.dumps(diagnose(request_for(bookworm.root)).as_json()))
    assert form["version"] == 1
    assert form["can_build"] is True
    assert form["ready"]["3.11"]["scipy 1.11.4"] == {"ready": True, "reasons": []}
    assert form["sdk"]["gcc"] == bookworm.gcc_version
    unreadable = diagnose(request_for(Path("/no/such/sdk"))).as_json()
    assert unreadable["sdk"] is None
    assert unreadable["can_build"] is False
    assert unreadable["findings"][0]["name"] == "sdk-missing"


def test_the_table_and_the_text(copy: SdkCopy, request_for: Callable[..., BuildRequest]) -> None:
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    diagnosis = diagnose(request_for(copy.root))
    console = Console()
    with console.rich.capture() as shown:
        console.table(diagnosis.table())
    assert "1.26.4 ready" in shown.get()
    assert "1.11.4" in shown.get()
    assert diagnosis.text().startswith("error: fortran-missing: the SDK has no gfortran\n")
    assert "scipy 1.11.4" in diagnosis.text()


# --- no traceback, whatever the input

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
    found = diagnose(request_for(copy.root))
    assert found.errors
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
    assert {one.name for one in found.errors} == {"openblas-damaged", "python-contradicts"}
    assert "1.1 GB" in next(one.evidence for one in found.errors if "openblas" in one.name)
    parts = gfortran.parts(read_sdk(copy.root))
    assert parts is not None
    assert parts.quadmath_lacking


@pytest.mark.slow
def test_a_file_that_may_not_be_read_is_named(
    copy: SdkCopy, request_for: Callable[..., BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = copy.put(copy.sysroot / "usr/lib/libsecret.so", b"", 0)
    opened = Path.open

    def refusing(path: Path, *words: Any, **more: Any) -> Any:
        if path == secret:  # root, whom the mode does not stop, runs these tests as well
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *words, **more)

    monkeypatch.setattr(Path, "open", refusing)
    [error] = diagnose(request_for(copy.root)).errors
    assert error.name == "file-unreadable"
    assert str(secret) in error.evidence
    assert "chmod -R a+rX" in error.cure


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


@settings(max_examples=100, deadline=None)
@given(text=st.one_of(_WORDS, st.binary(max_size=60)))
def test_no_recipe_ends_in_a_traceback(
    text: str | bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "one.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecipeError):
        recipe.load("one", folder=folder)


_VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), _WORDS.map(lambda text: text.replace("'", ""))),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(
        ["python", "version", "backend", "gcc", "build-requires", "target-requires", "memory-mb"]
    ),
    value=_VALUES,
)
def test_no_value_in_a_recipe_ends_in_a_traceback(
    key: str, value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import tomli_w

    folder = tmp_path_factory.mktemp("recipes")
    (folder / "try_it.py").write_text("")
    version = {"python": "3.7", "version": "1", "backend": "plain", "build-requires": []}
    document = {
        "name": "one",
        "summary": "s",
        "licence": "l",
        "home": "h",
        "smoke": "try_it.py",
        "version": [{**version, key: value}],
    }
    (folder / "one.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    with contextlib.suppress(RecipeError):
        assert recipe.load("one", folder=folder).for_python("3.7").package == "one"


@given(text=st.text(max_size=30), glibc=st.text(max_size=10))
def test_any_version_string_has_a_syntax(text: str, glibc: str) -> None:
    assert release.find([text], glibc).override in {"_", ":"}


def test_an_unforeseen_error_of_the_reader_is_named(
    bookworm: Sdk, request_for: Callable[..., BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Sdk:
        raise SdkError("something new", evidence="told nowhere")

    monkeypatch.setattr(TargetRequest, "read_sdk", fail)
    [error] = diagnose(request_for(bookworm.root)).errors
    assert error.name == "sdk-unreadable"
    assert "something new" in error.evidence
