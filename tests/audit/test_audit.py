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
