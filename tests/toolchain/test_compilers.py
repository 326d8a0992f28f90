"""The one-word compilers: right words, and no path of the build machine gets by."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from crossbuild.core.command import run
from crossbuild.elf import file as elf
from crossbuild.isolation import hiding
from crossbuild.sdk import libraries
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.toolchain import compilers, gfortran, jobserver
from crossbuild.toolchain.compilers import LEAK_STATUS, Border, Compilers, CompilerSpec
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_defects import BLAS, ROUTINES

SUFFIX = ".cpython-311-arm-linux-gnueabihf.so"


@pytest.fixture
def tools(bookworm: Sdk, tmp_path: Path) -> Compilers:
    site = tmp_path / "work/site-packages"
    (site / "foreign").mkdir(parents=True)
    border = Border(
        allowed=(bookworm.root, tmp_path / "work"),
        refused=(site / "foreign", bookworm.native_sysroot / "usr/include"),
        dropped=(Path("/usr/local/include"),),
        dropped_macros=("HERE",),
    )
    prefix_map = {tmp_path / "work": "/crossbuild"}
    log = tmp_path / "work/compilers.log"
    spec = CompilerSpec(
        bookworm, tmp_path, border, suffix=SUFFIX, headers=tmp_path, prefix_map=prefix_map, log=log
    )
    return compilers.write(spec)


def compile_with(
    tools: Compilers,
    tmp_path: Path,
    *words: str,
    tool: str = "gcc",
    code: str = "int x;",
    inside: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    source = tmp_path / "work" / ("x.f90" if tool == "gfortran" else "x.c")
    source.write_text(code)
    argv = [str(tools.path(tool)), "-c", str(source), "-o", str(tmp_path / "work/x.o"), *words]
    argv = [*inside, *argv]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path)


@pytest.mark.trap(7)
def test_objects_are_hard_float_arm(tools: Compilers, tmp_path: Path) -> None:
    done = compile_with(tools, tmp_path, code="double f(double x) { return x * 2; }")
    assert done.returncode == 0, done.stderr
    attributes = subprocess.run(
        [tools.path("readelf"), "-A", tmp_path / "work/x.o"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Tag_ABI_VFP_args: VFP registers" in attributes
    assert "Tag_FP_arch: VFPv3" in attributes


@pytest.mark.trap(7)
def test_fortran_has_the_words_of_c(tools: Compilers, tmp_path: Path) -> None:
    code = "subroutine s(x)\n  real(8) :: x\n  x = x * 2\nend subroutine\n"
    assert compile_with(tools, tmp_path, tool="gfortran", code=code).returncode == 0


@pytest.mark.trap(1)
@pytest.mark.parametrize(
    "words",
    [
        ("-I/usr/include",),
        ("-I", "/usr/include"),
        ("-isystem", "/usr/include/x86_64-linux-gnu"),
        ("-isystem/usr/include",),
        ("-L/usr/lib/x86_64-linux-gnu",),
        ("-I/usr/local/../include",),
        ("-I../../../../../../../../usr/include",),
        ("/usr/lib/libz.a",),
    ],
)
def test_a_path_of_the_build_machine_is_refused(
    tools: Compilers, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = compile_with(tools, tmp_path, *words)
    assert done.returncode == LEAK_STATUS
    assert "is a path of the build machine" in done.stderr
    assert words[-1] in done.stderr


def test_where_a_build_sees_the_sysroot_its_folders_go_by_the_system_s_names(
    bookworm: Sdk, tools: Compilers, tmp_path: Path
) -> None:
    """PyAudio's setup.py names both, on every machine."""
    words = ("-I/usr/local/include", "-I/usr/include", "-L/usr/lib")
    assert compile_with(tools, tmp_path, *words).returncode == LEAK_STATUS
    allowed = hiding.owner()
    if allowed is None:
        pytest.skip(hiding.NOTE)
    inside = hiding.launcher(bookworm.target_sysroot, tmp_path / "work", allowed)
    code = "#include <linux/input.h>\n#if __SIZEOF_POINTER__ != 4\n#error\n#endif\n"
    done = compile_with(tools, tmp_path, *words, "-v", code=code, inside=inside)
    assert done.returncode == 0, done.stderr
    assert " /usr/include\n" not in done.stderr


def test_compiled_build_requirements_are_refused(tools: Compilers, tmp_path: Path) -> None:
    inside = tmp_path / "work/site-packages"
    assert compile_with(tools, tmp_path, f"-I{inside}/foreign/include").returncode == LEAK_STATUS
    assert compile_with(tools, tmp_path, f"-I{inside}/headers-only").returncode == 0


def test_the_link_to_the_sdk_is_no_way_past_the_border(
    bookworm: Sdk, tools: Compilers, tmp_path: Path
) -> None:
    for root in (bookworm.root, tmp_path / "sdk"):
        native, target = (
            root / sysroot.relative_to(bookworm.root) / "usr/include"
            for sysroot in (bookworm.native_sysroot, bookworm.target_sysroot)
        )
        assert compile_with(tools, tmp_path, f"-I{native}/c++").returncode == LEAK_STATUS
        assert compile_with(tools, tmp_path, "-isystem", f"{target}/sys").returncode == 0


def test_a_dropped_path_is_not_seen(tools: Compilers, tmp_path: Path) -> None:
    assert compile_with(tools, tmp_path, "-I/usr/local/include").returncode == 0
    assert compile_with(tools, tmp_path, "-isystem", "/usr/local/include").returncode == 0


@pytest.mark.parametrize("words", [("-I/usr/include/no such",), ("-L", "/usr/lib/nosuch")])
def test_a_folder_that_does_not_exist_leaks_nothing(
    tools: Compilers, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = compile_with(tools, tmp_path, *words, "-v")
    assert done.returncode == 0, done.stderr
    assert words[-1].removeprefix("-I") not in done.stderr


def test_an_empty_folder_leaks_nothing(tools: Compilers, tmp_path: Path) -> None:
    """As ``/usr/local/include`` is on most machines, which old setup.py files name."""
    folder = tmp_path / "local"
    folder.mkdir()
    assert compile_with(tools, tmp_path, f"-I{folder}").returncode == 0
    (folder / "own.h").touch()
    assert compile_with(tools, tmp_path, f"-I{folder}").returncode == LEAK_STATUS


def test_a_dropped_macro_is_not_seen(tools: Compilers, tmp_path: Path) -> None:
    code = "#ifdef HERE\n#error HERE\n#endif\nint x = HEREAFTER;\n"
    done = compile_with(tools, tmp_path, f"-DHERE={tmp_path}", "-DHEREAFTER=1", code=code)
    assert done.returncode == 0, done.stderr


def test_variables_of_the_session_add_no_path(
    tools: Compilers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = tmp_path / "elsewhere/foreign.h"
    header.parent.mkdir()
    header.write_text("")
    monkeypatch.setenv("CPATH", str(header.parent))
    done = compile_with(tools, tmp_path, code="#include <foreign.h>\n")
    assert done.returncode != 0
    assert "foreign.h" in done.stderr


def test_words_with_spaces_and_quotes_pass_unchanged(tools: Compilers, tmp_path: Path) -> None:
    code = 'const char *s = TEXT; _Static_assert(sizeof TEXT == 5, "");'
    done = compile_with(tools, tmp_path, '-DTEXT="a \'b"', code=code)
    assert done.returncode == 0, done.stderr


def test_objects_do_not_name_the_work_folder(tools: Compilers, tmp_path: Path) -> None:
    done = compile_with(tools, tmp_path, code="const char *f(void) { return __FILE__; }")
    assert done.returncode == 0
    content = (tmp_path / "work/x.o").read_bytes()
    assert str(tmp_path).encode() not in content
    assert b"/crossbuild/x.c" in content


def test_each_call_is_logged_and_its_status_passed_on(tools: Compilers, tmp_path: Path) -> None:
    assert compile_with(tools, tmp_path).returncode == 0
    assert compile_with(tools, tmp_path, code="no C").returncode == 1
    calls = [line.split() for line in (tmp_path / "work/compilers.log").read_text().splitlines()]
    source = str(tmp_path / "work/x.c")
    assert [call[2:] for call in calls] == [["0", "gcc", source], ["1", "gcc", source]]
    assert all(float(began) <= float(ended) for began, ended, *_ in calls)


def start(tools: Compilers, tmp_path: Path, pool: Path) -> subprocess.Popen[str]:
    source = tmp_path / "work/x.c"
    source.write_text("int x;")
    argv = [str(tools.path("gcc")), "-c", str(source), "-o", str(tmp_path / "work/x.o")]
    return subprocess.Popen(argv, env={**os.environ, jobserver.VARIABLE: str(pool)}, text=True)


def tokens(handle: int) -> int:
    """How many are in the pool; they are taken out and put back."""
    try:
        there = os.read(handle, 100)
    except BlockingIOError:
        return 0
    os.write(handle, there)
    return len(there)


def test_a_call_waits_for_a_token_and_gives_it_back(tools: Compilers, tmp_path: Path) -> None:
    with jobserver.opened(tmp_path, 1) as pool:
        handle = os.open(pool, os.O_RDWR | os.O_NONBLOCK)
        taken = os.read(handle, 1)
        waiting = [start(tools, tmp_path, pool) for _ in range(2)]
        with pytest.raises(subprocess.TimeoutExpired):
            waiting[0].wait(timeout=1)
        assert waiting[1].poll() is None
        os.write(handle, taken)
        assert [process.wait(timeout=30) for process in waiting] == [0, 0]
        assert tokens(handle) == 1
        calls = (tmp_path / "work/compilers.log").read_text().splitlines()
        first, second = sorted(tuple(map(float, line.split()[:2])) for line in calls)
        assert first[1] <= second[0]
        os.close(handle)
    assert not pool.exists()


def test_a_call_that_is_ended_gives_its_token_back(tools: Compilers, tmp_path: Path) -> None:
    with jobserver.opened(tmp_path, 2) as pool:
        handle = os.open(pool, os.O_RDWR | os.O_NONBLOCK)
        argv = [str(tools.path("gcc")), "-xc", "-c", "-", "-o", str(tmp_path / "work/x.o")]
        environment = {**os.environ, jobserver.VARIABLE: str(pool)}
        reading = subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE)
        end = time.monotonic() + 30
        while tokens(handle) != 1:
            assert time.monotonic() < end
            time.sleep(0.05)
        reading.terminate()
        assert reading.stdin
        reading.stdin.close()
        assert reading.wait(timeout=30) == 143
        assert tokens(handle) == 2
        os.close(handle)


def test_the_pool_of_a_run_that_is_gone_holds_nothing_up(tools: Compilers, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    pool = tmp_path / f"jobs-{gone.pid}"
    os.mkfifo(pool)
    assert start(tools, tmp_path, pool).wait(timeout=30) == 0
    assert start(tools, tmp_path, tmp_path / "absent-1").wait(timeout=30) == 0
    assert not (tmp_path / "absent-1").exists()


@pytest.mark.trap(15)
def test_pkg_config_answers_for_the_sysroot(bookworm: Sdk, tools: Compilers) -> None:
    argv = [str(tools.path("pkg-config")), "--cflags", "--libs", "openblas"]
    flags = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert f"-L{bookworm.target_sysroot}" in flags


@pytest.mark.trap(15)
@pytest.mark.slow
def test_compilers_reach_what_is_supplied(copy: SdkCopy, tmp_path: Path) -> None:
    """pkg-config puts the sysroot before every path, here once."""
    folder = copy.sysroot / "opt/openblas/lib"
    _without_spec_and_openblas(copy)
    copy.library(folder / "libopenblas.so", ROUTINES, BLAS.format(core="CORTEXA9"))
    found = libraries.reach(read_sdk(copy.root), ["openblas"])
    spec = CompilerSpec(
        found,
        tmp_path,
        Border(allowed=(copy.root, tmp_path)),
        log=tmp_path / "compilers.log",
        suffix=SUFFIX,
        headers=tmp_path,
        prefix_map={},
        pkg_config_dirs=libraries.pkg_config_dirs(found, ["openblas"], tmp_path / "pkgconfig"),
        fortran_flags=gfortran.overlay(found, tmp_path / "gfortran"),
    )
    made = compilers.write(spec)
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
