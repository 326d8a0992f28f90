"""A wheel against the board, as a whole."""

from pathlib import Path

from crossbuild.audit import audit
from crossbuild.audit.profile import BoardProfile
from tests.support.elf_files import MODULE, Compiler
from tests.support.sample_wheels import Sample
from tests.support.wheel_defects import MODULE_FILE


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


#: Two words of Arm code amid Thumb code: stripped, nothing tells of them.
SMALL = """
__attribute__((target("arm"), noinline)) static int quotient(int a, int b) { return a / b; }
int use(int a) { return quotient(a, 3) + quotient(3, a); }
"""


def test_own_builds_are_judged_by_their_symbols(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    source = MODULE + SMALL
    flags = ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4")
    whole = Sample(files={MODULE_FILE: compiler.shared(source, *flags)})
    stripped = Sample(files={MODULE_FILE: compiler.shared(source, *flags, "-s")})
    other = Sample(files={MODULE_FILE: compiler.shared(MODULE)})
    built, unlike = whole.build(tmp_path / "built"), other.build(tmp_path / "other")
    wheel = stripped.build(tmp_path)
    assert audit([wheel], board).fits
    (refusal,) = audit([wheel], board, built=built).refusals
    assert "sdiv r0, r0, r1 in quotient" in refusal.fact
    assert audit([wheel], board, built=unlike).fits
