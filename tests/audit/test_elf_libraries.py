"""Rules on the libraries and symbols that modules need, and on where they are looked for."""

from pathlib import Path

from crossbuild.audit import audit
from crossbuild.audit.profile import BoardProfile
from tests.support.elf_files import MODULE, Compiler
from tests.support.sample_wheels import Sample
from tests.support.wheel_defects import MODULE_FILE, Defect, Make, assert_refused, built, each_of

FUTURE = MODULE + "extern void PyFuture_Call(void); void f(void) { PyFuture_Call(); }"


def linked(soname: str) -> Make:
    """A module that needs a library."""

    def make(compiler: Compiler) -> Sample:
        library = compiler.library(soname, "int far(void) { return 1; }")
        source = MODULE + "extern int far(void); int near(void) { return far(); }"
        return Sample(files={MODULE_FILE: compiler.shared(source, str(library))})

    return make


def too_new(soname: str, version: str) -> Make:
    def make(compiler: Compiler) -> Sample:
        library = compiler.versioned(soname, version, f"from_{version.replace('.', '_')}")
        name = f"from_{version.replace('.', '_')}"
        source = MODULE + f"extern int {name}(void); int near(void) {{ return {name}(); }}"
        return Sample(files={MODULE_FILE: compiler.shared(source, str(library))})

    return make


def linked_with_libpython(compiler: Compiler) -> Sample:
    module = compiler.shared(MODULE, "-Wl,--no-as-needed", "-lpython3.11")
    return Sample(files={MODULE_FILE: module})


def unreachable_library(compiler: Compiler) -> Sample:
    sample = linked("libfar.so.1")(compiler)
    library = compiler.library("libfar.so.1", "int far(void) { return 2; }")
    return Sample(files={**sample.files, "sample.libs/libfar.so.1": library.read_bytes()})


def library_without_soname(compiler: Compiler) -> Sample:
    path = compiler.library("libfar.so.1", "int far(void) { return 1; }")
    library = compiler.link(path.parent / "l.c", path)
    source = MODULE + "extern int far(void); int near(void) { return far(); }"
    flags = (f"-L{path.parent}", "-l:libfar.so.1", "-Wl,-rpath,$ORIGIN/../sample.libs")
    module = compiler.shared(source, *flags)
    return Sample(files={MODULE_FILE: module, "sample.libs/libfar.so.1": library})


DEFECTS = [
    Defect(
        "glibc",
        too_new("libc.so.6", "GLIBC_2.99"),
        "symbol-version",
        MODULE_FILE,
        "it needs GLIBC_2.99 of libc.so.6, the newest there is GLIBC_2.36",
    ),
    Defect(
        "libstdc++",
        too_new("libstdc++.so.6", "GLIBCXX_3.4.99"),
        "symbol-version",
        MODULE_FILE,
        "GLIBCXX_3.4.99 of libstdc++.so.6, the newest there is GLIBCXX_3.4.30",
    ),
    Defect(
        "missing library",
        linked("libopenblas.so.0"),
        "needed",
        MODULE_FILE,
        "libopenblas.so.0, which is neither on imx6q nor in the wheels",
    ),
    Defect(
        "unreachable library",
        unreachable_library,
        "needed",
        MODULE_FILE,
        "is at sample.libs/libfar.so.1, where its search path does not lead",
    ),
    Defect(
        "absolute rpath",
        built(MODULE, "-Wl,-rpath,/opt/sdk/lib"),
        "rpath-absolute",
        MODULE_FILE,
        "'/opt/sdk/lib'",
    ),
    Defect(
        "escaping rpath",
        built(MODULE, "-Wl,-rpath,$ORIGIN/../../../lib"),
        "rpath-escape",
        MODULE_FILE,
        "site-packages/../../lib",
    ),
    Defect(
        "python symbol",
        built(FUTURE),
        "python-symbol",
        MODULE_FILE,
        "Python 3.11.2 lacks PyFuture_Call",
    ),
    Defect(
        "libpython", linked_with_libpython, "needs-libpython", MODULE_FILE, "libpython3.11.so.1.0"
    ),
    Defect(
        "musl",
        linked("libc.musl-armv7.so.1"),
        "libc",
        MODULE_FILE,
        "it needs libc.musl-armv7.so.1, the board has glibc 2.36",
    ),
    Defect(
        "no soname",
        library_without_soname,
        "soname",
        "sample.libs/libfar.so.1",
        f"it has no DT_SONAME, and {MODULE_FILE} needs it",
    ),
    Defect(
        "libgcc",
        too_new("libgcc_s.so.1", "GCC_99.0"),
        "symbol-version",
        MODULE_FILE,
        "GCC_99.0 of libgcc_s.so.1, the newest there is GCC_",
    ),
]


@each_of(DEFECTS)
def test_a_defect_is_refused_for_its_reason(
    defect: Defect, compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    assert_refused(defect, compiler, board, tmp_path)


def test_a_library_of_a_required_wheel(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    library = compiler.library("libfar.so.1", "int far(void) { return 1; }")
    source = MODULE + "extern int far(void); int near(void) { return far(); }"
    module = compiler.shared(source, str(library), "-Wl,-rpath,$ORIGIN/../base.libs")
    Sample(name="base", files={"base.libs/libfar.so.1": library.read_bytes()}).build(tmp_path)
    needing = Sample(files={MODULE_FILE: module}, requires=("base",)).build(tmp_path)
    assert audit([needing], board, wheelhouse=tmp_path).fits
    alone = Sample(name="alone", files={MODULE_FILE: module}).build(tmp_path)
    (finding,) = audit([alone], board, wheelhouse=tmp_path).refusals
    assert finding.rule == "needed"


def test_libraries_inherit_the_search_path_of_what_needs_them(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    """DT_RPATH, which auditwheel writes into modules alone, serves their libraries' libraries."""
    far = compiler.library("libfar.so.1", "int far(void) { return 1; }")
    source = "extern int far(void); int mid(void) { return far(); }"
    middle = compiler.library("libmid.so.1", source, str(far))
    use = MODULE + "extern int mid(void); int near(void) { return mid(); }"
    path = ("-Wl,-rpath,$ORIGIN/../sample.libs", f"-Wl,-rpath-link,{far.parent}")
    libraries = {f"sample.libs/{lib.name}": lib.read_bytes() for lib in (far, middle)}
    for tags, fits in (("-Wl,--disable-new-dtags", True), ("-Wl,--enable-new-dtags", False)):
        module = compiler.shared(use, str(middle), *path, tags)
        report = audit([Sample(files={MODULE_FILE: module, **libraries}).build(tmp_path)], board)
        assert report.fits is fits
    assert [f.file for f in report.refusals] == ["sample.libs/libmid.so.1"]
