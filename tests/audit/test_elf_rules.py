"""The audit: each kind of defect is refused for its own reason, and sound wheels pass."""

import importlib.util
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from crossbuild.audit import AuditReport, audit, gate, report_table, sysroot_profile
from crossbuild.audit.policy import rules
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import ConfigurationError
from crossbuild.sdk.model import Sdk
from tests.support.elf_files import MODULE, Compiler, bsd_static_library, header, static_library
from tests.support.sample_wheels import EXT_SUFFIX, PYTHON, Sample

MODULE_FILE = f"sample/sample{EXT_SUFFIX}"
A7 = ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4")

Make = Callable[[Compiler], Sample]


@pytest.fixture(scope="module")
def board(bookworm: Sdk) -> BoardProfile:
    return sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON)


def built(source: str, *flags: str) -> Make:
    """A wheel of one module."""
    return lambda compiler: Sample(files={MODULE_FILE: compiler.shared(source, *flags)})


def with_file(name: str, data: bytes) -> Make:
    """A wheel with a file beside a sound module."""
    return lambda compiler: Sample(files={MODULE_FILE: sound(compiler), name: data})


def sound(compiler: Compiler) -> bytes:
    return compiler.shared(MODULE)


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


def other_eabi(compiler: Compiler) -> Sample:
    module = bytearray(sound(compiler))
    module[39] = 4  # the highest byte of the header's flags
    return Sample(files={MODULE_FILE: bytes(module)})


def unreachable_library(compiler: Compiler) -> Sample:
    sample = linked("libfar.so.1")(compiler)
    library = compiler.library("libfar.so.1", "int far(void) { return 2; }")
    return Sample(files={**sample.files, "sample.libs/libfar.so.1": library.read_bytes()})


def native_module() -> bytes:
    """A real extension module of the build machine."""
    spec = importlib.util.find_spec("markupsafe._speedups")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_bytes()


def library_without_soname(compiler: Compiler) -> Sample:
    path = compiler.library("libfar.so.1", "int far(void) { return 1; }")
    library = compiler.link(path.parent / "l.c", path)
    source = MODULE + "extern int far(void); int near(void) { return far(); }"
    flags = (f"-L{path.parent}", "-l:libfar.so.1", "-Wl,-rpath,$ORIGIN/../sample.libs")
    module = compiler.shared(source, *flags)
    return Sample(files={MODULE_FILE: module, "sample.libs/libfar.so.1": library})


def without_sections(compiler: Compiler) -> Sample:
    module = bytearray(sound(compiler))
    module[32:36], module[48:52] = bytes(4), bytes(4)  # where the section table is, and its size
    return Sample(files={MODULE_FILE: bytes(module)})


def big_endian(compiler: Compiler) -> Sample:
    module = bytearray(header(0, wide=False))
    module[5], module[18:20], module[16:18], module[20:24] = 2, b"\0\x28", b"\0\3", b"\0\0\0\1"
    return Sample(files={MODULE_FILE: sound(compiler), "sample/b.so": bytes(module)})


FMA = MODULE + "float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }"
DIVIDE = MODULE + "int quotient(int a, int b) { return a / b; }"
FUTURE = MODULE + "extern void PyFuture_Call(void); void f(void) { PyFuture_Call(); }"
TEXT_WORD = MODULE + '__asm__(".text\\n.word outside");'

#: Name of the defect, the wheel, the rule that must refuse it, the file, and words of the fact.
DEFECTS: list[tuple[str, Make, str, str, str]] = [
    (
        "soft-float",
        built(MODULE, "-mfloat-abi=softfp", "-nostdlib"),
        "float-abi",
        MODULE_FILE,
        "core registers",
    ),
    ("eabi", other_eabi, "eabi", MODULE_FILE, "its EABI version is 4"),
    ("aarch64", with_file(f"b{EXT_SUFFIX}", header(183)), "machine", f"b{EXT_SUFFIX}", "AArch64"),
    ("x86", with_file("sample/c.so", native_module()), "machine", "sample/c.so", "it is for"),
    ("vfma", built(FMA, *A7), "instruction", MODULE_FILE, "vfma.f32 s2, s0, s1 in fused"),
    ("vfma stripped", built(FMA, *A7, "-s"), "instruction", MODULE_FILE, "vfma.f32"),
    ("sdiv", built(DIVIDE, *A7), "instruction", MODULE_FILE, "sdiv r0, r0, r1 in quotient"),
    (
        "glibc",
        too_new("libc.so.6", "GLIBC_2.99"),
        "symbol-version",
        MODULE_FILE,
        "it needs GLIBC_2.99 of libc.so.6, the newest there is GLIBC_2.36",
    ),
    (
        "libstdc++",
        too_new("libstdc++.so.6", "GLIBCXX_3.4.99"),
        "symbol-version",
        MODULE_FILE,
        "GLIBCXX_3.4.99 of libstdc++.so.6, the newest there is GLIBCXX_3.4.30",
    ),
    (
        "missing library",
        linked("libopenblas.so.0"),
        "needed",
        MODULE_FILE,
        "libopenblas.so.0, which is neither on imx6q nor in the wheels",
    ),
    (
        "unreachable library",
        unreachable_library,
        "needed",
        MODULE_FILE,
        "is at sample.libs/libfar.so.1, where its search path does not lead",
    ),
    (
        "absolute rpath",
        built(MODULE, "-Wl,-rpath,/opt/sdk/lib"),
        "rpath-absolute",
        MODULE_FILE,
        "'/opt/sdk/lib'",
    ),
    (
        "escaping rpath",
        built(MODULE, "-Wl,-rpath,$ORIGIN/../../../lib"),
        "rpath-escape",
        MODULE_FILE,
        "site-packages/../../lib",
    ),
    ("stack", built(MODULE, "-Wl,-z,execstack"), "executable-stack", MODULE_FILE, "PT_GNU_STACK"),
    ("text", built(TEXT_WORD, "-Wl,-z,notext"), "text-relocation", MODULE_FILE, "DT_TEXTREL"),
    (
        "suffix",
        lambda c: Sample(files={"sample/sample.cpython-37m-x86_64-linux-gnu.so": sound(c)}),
        "ext-suffix",
        "sample/sample.cpython-37m-x86_64-linux-gnu.so",
        f"the board's Python imports {EXT_SUFFIX}",
    ),
    (
        "tag",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, tag="cp311-cp311-linux_armv6l"),
        "tag",
        "sample-1.0-cp311-cp311-linux_armv6l.whl",
        "takes cp311-cp311-linux_armv7l",
    ),
    (
        "WHEEL's tag",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, wheel_tag="cp311-cp311-linux_x86_64"),
        "metadata",
        "sample-1.0.dist-info",
        "WHEEL's tags are cp311-cp311-linux_x86_64, the file name's cp311-cp311-linux_armv7l",
    ),
    (
        "METADATA's name",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, metadata_name="other"),
        "metadata",
        "sample-1.0.dist-info",
        "METADATA's name is other",
    ),
    (
        "build path",
        with_file("sample/__config__.py", b"x = '/builder/workdir/numpy'\n"),
        "build-path",
        "sample/__config__.py",
        "/builder/workdir",
    ),
    (
        "x86 objects",
        with_file("sample/libs.a", static_library({"x.o": header(62, kind=1)})),
        "static-library",
        "sample/libs.a",
        "sample/libs.a(x.o) is x86-64",
    ),
    (
        "python symbol",
        built(FUTURE),
        "python-symbol",
        MODULE_FILE,
        "Python 3.11.2 lacks PyFuture_Call",
    ),
    (
        "requirement",
        lambda c: Sample(
            files={MODULE_FILE: sound(c)},
            requires=("absent>=2", "never; python_version<'3'", "extra; extra=='x'"),
        ),
        "requires-dist",
        "METADATA",
        "absent>=2 is required; the wheelhouse has no wheel",
    ),
    ("libpython", linked_with_libpython, "needs-libpython", MODULE_FILE, "libpython3.11.so.1.0"),
    (
        "musl",
        linked("libc.musl-armv7.so.1"),
        "libc",
        MODULE_FILE,
        "it needs libc.musl-armv7.so.1, the board has glibc 2.36",
    ),
    (
        "address",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, requires=("a @ file:///build/a.whl",)),
        "requires-dist",
        "METADATA",
        "a @ file:///build/a.whl names an address",
    ),
    (
        "no PyInit",
        built(
            MODULE.replace("void *PyInit_sample", "static void *PyInit_sample")
            + "void *other(void) { return PyInit_sample(); }"
        ),
        "module-init",
        MODULE_FILE,
        "it exports no PyInit, not PyInit_sample",
    ),
    (
        "PyInit of another name",
        built(MODULE.replace("PyInit_sample", "PyInit_other")),
        "module-init",
        MODULE_FILE,
        "it exports PyInit_other, not PyInit_sample",
    ),
    (
        "no soname",
        library_without_soname,
        "soname",
        "sample.libs/libfar.so.1",
        f"it has no DT_SONAME, and {MODULE_FILE} needs it",
    ),
    (
        "script",
        with_file("sample-1.0.data/scripts/run", b"#!/builder/venv/bin/python -E\nimport x\n"),
        "script",
        "sample-1.0.data/scripts/run",
        "it runs with /builder/venv/bin/python, which pip does not replace",
    ),
    (
        "thin archive",
        with_file("sample/libs.a", b"!<thin>\n/0 "),
        "static-library",
        "sample/libs.a",
        "its objects stayed on the build machine",
    ),
    (
        "x86 objects, as BSD's ar keeps them",
        with_file("sample/libs.a", bsd_static_library("long_name_x.o", header(62, kind=1))),
        "static-library",
        "sample/libs.a",
        "sample/libs.a(long_name_x.o) is x86-64",
    ),
    ("no section table", without_sections, "elf", MODULE_FILE, "it has no section table"),
    ("big-endian", big_endian, "machine", "sample/b.so", "it is for big-endian Arm"),
    (
        "libgcc",
        too_new("libgcc_s.so.1", "GCC_99.0"),
        "symbol-version",
        MODULE_FILE,
        "GCC_99.0 of libgcc_s.so.1, the newest there is GCC_",
    ),
    ("damaged", with_file("sample/d.so", b"\x7fELF" + b"\1" * 90), "elf", "sample/d.so", ""),
    ("a script", with_file("sample/e.so", b"INPUT(x)"), "elf", "sample/e.so", "no ELF file"),
]


@pytest.mark.parametrize(
    ("make", "rule", "file", "fact"),
    [pytest.param(*rest, id=name) for name, *rest in DEFECTS],
)
def test_a_defect_is_refused_for_its_reason(
    compiler: Compiler,
    board: BoardProfile,
    tmp_path: Path,
    make: Make,
    rule: str,
    file: str,
    fact: str,
) -> None:
    path = make(compiler).build(tmp_path)
    report = audit([path], board, wheelhouse=tmp_path, build_paths=["/builder/workdir"])
    assert {finding.rule for finding in report.refusals} == {rule}
    (finding, *_) = report.refusals
    assert (finding.wheel, finding.file) == (path.name, file)
    assert fact in finding.fact
    assert finding.cure == rules()[rule].cure
    assert report.refused == {path.name}


def test_a_sound_wheel_fits(compiler: Compiler, board: BoardProfile, tmp_path: Path) -> None:
    library = compiler.library("libfar.so.1", "int far(void) { return 1; }")
    source = MODULE + "extern int far(void); int near(void) { return far(); }"
    module = compiler.shared(source, str(library), "-Wl,-rpath,$ORIGIN/../sample.libs")
    sample = Sample(
        files={
            MODULE_FILE: module,
            "sample.libs/libfar.so.1": library.read_bytes(),
            "sample/x.txt": b"/home/user is fine in a text",
        },
        requires=("other>=1", "colorama; sys_platform == 'win32'"),
    )
    other = Sample(name="other", version="1.5", tag="py3-none-any").build(tmp_path)
    report = audit([sample.build(tmp_path)], board, wheelhouse=tmp_path)
    assert report.findings == ()
    assert report.fits
    assert audit([other], board).fits


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


def test_requirements_of_requirements(board: BoardProfile, tmp_path: Path) -> None:
    def pure(name: str, *requires: str) -> Path:
        return Sample(name=name, tag="py3-none-any", requires=requires).build(tmp_path)

    first = pure("first", "second[fast]>=1; python_version>='3.0'")
    pure("second", "third", "fourth; extra=='fast'", "fifth; extra=='slow'")
    pure("third")
    (finding,) = audit([first], board, wheelhouse=tmp_path).refusals
    has = 'fourth; extra == "fast" is required by second; the wheelhouse has no wheel that the'
    assert has in finding.fact
    pure("fourth", "first")  # a circle is no fault
    assert audit([first], board, wheelhouse=tmp_path).fits


def test_a_requirement_for_another_python(board: BoardProfile, tmp_path: Path) -> None:
    first = Sample(name="first", tag="py3-none-any", requires=("second",)).build(tmp_path)
    second = Sample(name="second", tag="py3-none-any").build(tmp_path)
    info = "second-1.0.dist-info/METADATA"
    rewritten(second, info, b"Name: second\nVersion: 1.0\nRequires-Python: >=3.12\n")
    (finding,) = audit([first], board, wheelhouse=tmp_path).refusals
    assert "second is required; the wheelhouse has no wheel" in finding.fact


def test_a_library_for_ctypes_is_no_module(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    library = compiler.shared("int far(void) { return 1; }")
    wheel = Sample(files={f"sample/libfar{EXT_SUFFIX}": library}).build(tmp_path)
    assert audit([wheel], board).findings == ()


def test_dispatched_code_passes_with_a_note(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    source = MODULE + (
        "float FLOAT_sin_NEON_VFPV4(float a, float b, float c) { return __builtin_fmaf(a, b, c); }"
    )
    wheel = Sample(files={MODULE_FILE: compiler.shared(source, *A7)}).build(tmp_path)
    report = audit([wheel], board)
    assert report.fits
    assert [finding.rule for finding in report.findings] == ["dispatch"]
    plain = source.replace("_NEON_VFPV4", "")
    wheel = Sample(name="plain", files={MODULE_FILE: compiler.shared(plain, *A7)}).build(tmp_path)
    assert {finding.rule for finding in audit([wheel], board).refusals} == {"instruction"}


def test_attributes_alone_are_a_note(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    wheel = Sample(files={MODULE_FILE: compiler.shared(MODULE, *A7)}).build(tmp_path)
    report = audit([wheel], board)
    assert report.fits
    (finding,) = report.findings
    assert finding.rule == "attributes"
    assert "vfpv4" in finding.fact


def test_a_binary_that_names_a_home_folder(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    source = MODULE + 'const char *file(void) { return "/home/ann/src/x.c"; }'
    wheel = Sample(files={MODULE_FILE: compiler.shared(source)}).build(tmp_path)
    report = audit([wheel], board)
    assert report.fits
    assert [(f.rule, f.fact) for f in report.findings] == [("home-path", "it names /home/ann/")]


def test_static_libraries_for_the_board_are_fine(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    member = compiler.shared("float f(float x) { return x; }", "-r", "-nostdlib", "-no-pie")
    wheel = Sample(files={"x/lib/libx.a": static_library({"long_name_x.o": member})})
    assert audit([wheel.build(tmp_path)], board).findings == ()


def test_two_wheels_with_one_soname(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    first = compiler.library("libtwin.so.1", "int twin(void) { return 1; }").read_bytes()
    second = compiler.library("libtwin.so.1", "int twin(void) { return 2; }").read_bytes()
    one = Sample(name="one", files={"one.libs/libtwin.so.1": first}).build(tmp_path)
    two = Sample(name="two", files={"two.libs/libtwin.so.1": second}).build(tmp_path)
    report = audit([one, two], board)
    assert report.refused == {one.name, two.name}
    assert {finding.rule for finding in report.refusals} == {"soname-conflict"}
    assert f"libtwin.so.1 differs from one.libs/libtwin.so.1 in {one.name}" in {
        finding.fact for finding in report.refusals
    }
    # the second one is in the wheelhouse already
    assert audit([one], board, wheelhouse=tmp_path).refused == {one.name}
    same = Sample(name="same", files={"same.libs/libtwin.so.1": first}).build(tmp_path)
    assert audit([one, same], board).fits


def rewritten(path: Path, name: str, data: bytes) -> Path:
    """Replace or add a member without telling RECORD."""
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in {**entries, name: data}.items():
            archive.writestr(member, content)
    return path


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


def test_python_requirements(board: BoardProfile, tmp_path: Path) -> None:
    path = Sample(tag="py3-none-any").build(tmp_path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("sample-1.0.dist-info/METADATA").decode()
    changed = text.replace("Version: 1.0\n", "Version: 1.0\nRequires-Python: >=3.12\n")
    path = rewritten(path, "sample-1.0.dist-info/METADATA", changed.encode())
    facts = {f.rule: f.fact for f in audit([path], board).refusals}
    assert facts["requires-python"] == "Requires-Python is >=3.12, the board has 3.11.2"


def test_a_file_that_is_no_wheel(board: BoardProfile, tmp_path: Path) -> None:
    path = tmp_path / "x-1-py3-none-any.whl"
    path.write_text("<html>")
    report = audit([path], board)
    assert [(f.rule, f.file) for f in report.findings] == [("archive", path.name)]


def test_without_a_wheelhouse_requirements_are_a_note(board: BoardProfile, tmp_path: Path) -> None:
    wheel = Sample(tag="py3-none-any", requires=("absent",)).build(tmp_path)
    report = audit([wheel], board)
    assert report.fits
    assert [(f.rule, f.fact) for f in report.findings] == [("requires-unchecked", "absent")]


@pytest.fixture
def report(compiler: Compiler, board: BoardProfile, tmp_path: Path) -> AuditReport:
    bad = built(DIVIDE, *A7)(compiler).build(tmp_path)
    good = Sample(name="good", tag="py3-none-any").build(tmp_path)
    return audit([bad, good], board)


def test_json(report: AuditReport) -> None:
    document = json.loads(report.to_json())
    assert document["format"] == 1
    assert document["board"] == "imx6q"
    assert document["fits"] is False
    bad, good = document["wheels"]
    assert (bad["fits"], good["fits"]) == (False, True)
    (finding,) = bad["findings"]
    assert set(finding) == {"verdict", "rule", "file", "fact", "cure"}
    assert finding["rule"] == "instruction"
    assert good["findings"] == []


def test_table(report: AuditReport) -> None:
    console = Console(width=400, file=io.StringIO(), record=True)
    console.print(report_table(report))
    text = console.export_text()
    for words in ("refused", "fits", "instruction", "sdiv r0, r0, r1 in quotient", "imx6q"):
        assert words in text


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


def test_every_rule_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/audit.md").read_text(encoding="utf-8")
    for name, rule in rules().items():
        assert f"| `{name}` |" in text, name
        assert rule.title in text, name


def test_every_refusal_is_tried_here() -> None:
    tried = {rule for _, _, rule, _, _ in DEFECTS}
    tried |= {"archive", "record", "requires-python", "soname-conflict"}
    refusing = {name for name, rule in rules().items() if rule.verdict == "refuse"}
    assert tried == refusing
