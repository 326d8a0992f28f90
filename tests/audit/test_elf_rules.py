"""Rules on modules and libraries: each defect is refused for its own reason."""

import importlib.util
from pathlib import Path

from crossbuild.audit import audit
from crossbuild.audit.profile import BoardProfile
from tests.support.elf_files import MODULE, Compiler, bsd_static_library, header, static_library
from tests.support.sample_wheels import EXT_SUFFIX, Sample
from tests.support.wheel_defects import (
    MODULE_FILE,
    Defect,
    assert_refused,
    built,
    each_of,
    sound,
    with_file,
)

A7 = ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4")


def other_eabi(compiler: Compiler) -> Sample:
    module = bytearray(sound(compiler))
    module[39] = 4  # the highest byte of the header's flags
    return Sample(files={MODULE_FILE: bytes(module)})


def native_module() -> bytes:
    """A real extension module of the build machine."""
    spec = importlib.util.find_spec("markupsafe._speedups")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_bytes()


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
NOWHERE = MODULE + "extern int nowhere(void); int call(void) { return nowhere(); }"
TEXT_WORD = MODULE + 'int outside; __asm__(".text\\n.word outside");'

DEFECTS = [
    Defect(
        "soft-float",
        built(MODULE, "-mfloat-abi=softfp", "-nostdlib"),
        "float-abi",
        MODULE_FILE,
        "core registers",
    ),
    Defect("eabi", other_eabi, "eabi", MODULE_FILE, "its EABI version is 4"),
    Defect(
        "aarch64", with_file(f"b{EXT_SUFFIX}", header(183)), "machine", f"b{EXT_SUFFIX}", "AArch64"
    ),
    Defect("x86", with_file("sample/c.so", native_module()), "machine", "sample/c.so", "it is for"),
    Defect("vfma", built(FMA, *A7), "instruction", MODULE_FILE, "vfma.f32 s2, s0, s1 in fused"),
    Defect("vfma stripped", built(FMA, *A7, "-s"), "instruction", MODULE_FILE, "vfma.f32"),
    Defect("sdiv", built(DIVIDE, *A7), "instruction", MODULE_FILE, "sdiv r0, r0, r1 in quotient"),
    Defect(
        "stack", built(MODULE, "-Wl,-z,execstack"), "executable-stack", MODULE_FILE, "PT_GNU_STACK"
    ),
    Defect(
        "alignment",
        built(MODULE, "-Wl,-z,max-page-size=0x800,-z,common-page-size=0x800"),
        "alignment",
        MODULE_FILE,
        "aligned to 2048 bytes, the board's pages may have 4096",
    ),
    Defect("undefined", built(NOWHERE), "undefined-symbol", MODULE_FILE, "it needs nowhere"),
    Defect("text", built(TEXT_WORD, "-Wl,-z,notext"), "text-relocation", MODULE_FILE, "DT_TEXTREL"),
    Defect(
        "build path",
        with_file("sample/__config__.py", b"x = '/builder/workdir/numpy'\n"),
        "build-path",
        "sample/__config__.py",
        "/builder/workdir",
    ),
    Defect(
        "x86 objects",
        with_file("sample/libs.a", static_library({"x.o": header(62, kind=1)})),
        "static-library",
        "sample/libs.a",
        "sample/libs.a(x.o) is x86-64",
    ),
    Defect(
        "script",
        with_file("sample-1.0.data/scripts/run", b"#!/builder/venv/bin/python -E\nimport x\n"),
        "script",
        "sample-1.0.data/scripts/run",
        "it runs with /builder/venv/bin/python, which pip does not replace",
    ),
    Defect(
        "thin archive",
        with_file("sample/libs.a", b"!<thin>\n/0 "),
        "static-library",
        "sample/libs.a",
        "its objects stayed on the build machine",
    ),
    Defect(
        "x86 objects, as BSD's ar keeps them",
        with_file("sample/libs.a", bsd_static_library("long_name_x.o", header(62, kind=1))),
        "static-library",
        "sample/libs.a",
        "sample/libs.a(long_name_x.o) is x86-64",
    ),
    Defect("no section table", without_sections, "elf", MODULE_FILE, "it has no section table"),
    Defect("big-endian", big_endian, "machine", "sample/b.so", "it is for big-endian Arm"),
    Defect("damaged", with_file("sample/d.so", b"\x7fELF" + b"\1" * 90), "elf", "sample/d.so", ""),
    Defect("a script", with_file("sample/e.so", b"INPUT(x)"), "elf", "sample/e.so", "no ELF file"),
]


@each_of(DEFECTS)
def test_a_defect_is_refused_for_its_reason(
    defect: Defect, compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    assert_refused(defect, compiler, board, tmp_path)


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
