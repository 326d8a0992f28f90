"""Gfortran's objects and modules, kept: equal to what it makes, and made anew when they must be."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import compile_cache, compilers, gfortran
from crossbuild.toolchain.compilers import Border, CompilerSpec
from crossbuild.toolchain.log import CompilerLog

MODULE = "module m\n  integer, parameter :: n = 3\nend module\n"
USER = "subroutine s(x)\n  use m\n  integer :: x(n)\n  x = n\nend subroutine\n"

Compile = Callable[..., str]


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


@pytest.fixture
def compile_in(bookworm: Sdk, tmp_path: Path) -> Compile:
    """Compiles a file of a folder and tells what the cache did: hit, miss, or nothing."""
    words = [*gfortran.cached(bookworm, tmp_path / "cache"), *(bookworm.tools.fortran or ())]

    def compile_in(folder: Path, *line: str, status: int = 0) -> str:
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        environment = {**os.environ, "CCACHE_STATSLOG": str(log)}
        done = subprocess.run(
            [*words, f"-ffile-prefix-map={folder}=/x", *line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        (folder / "said").write_text(done.stderr)
        result = log.read_text().splitlines()[1] if log.exists() else ""
        return {"fortran_cache_hit": "hit", "cache_miss": "miss"}.get(result, result)

    return compile_in


def test_a_kept_object_is_the_compilers_own(
    bookworm: Sdk, compile_in: Compile, there: Path
) -> None:
    (there / "a.f").write_text("      SUBROUTINE S(X)\n\tREAL X\n      X = 2*X\n      END\n")
    line = ("-O2", "-g0", "-Wall", "-c", "a.f", "-o", "a.o")
    subprocess.run([*(bookworm.tools.fortran or ()), *line], cwd=there, check=True)
    own = (there / "a.o").read_bytes()
    for result in ("miss", "hit"):
        (there / "a.o").unlink()
        assert compile_in(there, *line) == result
        assert (there / "a.o").read_bytes() == own
        assert "Nonconforming tab character" in (there / "said").read_text()
    assert compile_in(there, "-O1", *line[1:]) == "miss"


def test_another_checkout_hits(compile_in: Compile, tmp_path: Path) -> None:
    results = []
    for name in ("one", "two"):
        folder = tmp_path / name
        (folder / "source/include").mkdir(parents=True)
        (folder / "source/include/c.inc").write_text("      X = 1\n")
        (folder / "source/a.f").write_text(
            "      SUBROUTINE S(X)\n      INCLUDE 'c.inc'\n      END\n"
        )
        (folder / "mods").mkdir()
        words = (f"-I{folder}/source/include", "-J", f"{folder}/mods")
        results.append(compile_in(folder, *words, "-c", "source/a.f", "-o", "a.o"))
    assert results == ["miss", "hit"]


def test_an_included_file_that_changes(compile_in: Compile, there: Path) -> None:
    (there / "a.f").write_text("      SUBROUTINE S(X)\n      include 'b.inc'\n      END\n")
    (there / "b.inc").write_text('      INCLUDE "c.inc"\n')
    (there / "c.inc").write_text("      X = 1\n")
    assert compile_in(there, "-c", "a.f") == "miss"
    assert compile_in(there, "-c", "a.f") == "hit"
    (there / "c.inc").write_text("      X = 2\n")
    assert compile_in(there, "-c", "a.f") == "miss"


def test_a_module_is_restored_and_decides_its_users(compile_in: Compile, there: Path) -> None:
    (there / "mods").mkdir()
    (there / "m.f90").write_text(MODULE)
    (there / "s.f90").write_text(USER)
    assert compile_in(there, "-J", "mods", "-c", "m.f90") == "miss"
    first = (there / "mods/m.mod").read_bytes()
    assert compile_in(there, "-Jmods", "-c", "s.f90") == "miss"
    (there / "mods/m.mod").unlink()
    assert compile_in(there, "-J", "mods", "-c", "m.f90") == "hit"
    assert (there / "mods/m.mod").read_bytes() == first
    unchanged = (there / "mods/m.mod").stat().st_mtime_ns
    assert compile_in(there, "-J", "mods", "-c", "m.f90") == "hit"
    assert (there / "mods/m.mod").stat().st_mtime_ns == unchanged
    assert compile_in(there, "-Jmods", "-c", "s.f90") == "hit"
    (there / "m.f90").write_text(MODULE.replace("3", "4"))
    assert compile_in(there, "-J", "mods", "-c", "m.f90") == "miss"
    assert compile_in(there, "-Jmods", "-c", "s.f90") == "miss"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("s.f", "      subroutine s(x)\n      U S E  m\n      integer x(n)\n      end\n"),
        ("s.f90", "subroutine s(x); use, non_intrinsic :: m; integer x(n); end\n"),
        ("s.f90", "subroutine s(x)\n  use &\n    & m\n  integer x(n)\nend\n"),
        ("s.f", "      subroutine s(x)\n      use\n     +m\n      integer x(n)\n      end\n"),
        ("s.F90", "#define WHICH m\nsubroutine s(x)\nuse WHICH\ninteger x(n)\nend\n"),
    ],
)
def test_odd_ways_to_use_a_module(name: str, code: str, compile_in: Compile, there: Path) -> None:
    (there / "m.f90").write_text(MODULE)
    (there / name).write_text(code)
    compile_in(there, "-c", "m.f90")
    assert compile_in(there, "-c", name) == "miss"
    assert compile_in(there, "-c", name) == "hit"
    (there / "m.f90").write_text(MODULE.replace("3", "4"))
    compile_in(there, "-c", "m.f90")
    assert compile_in(there, "-c", name) == "miss"


def test_a_submodule(compile_in: Compile, there: Path) -> None:
    (there / "m.f90").write_text(
        "module m\n interface\n  module subroutine s(x)\n   real :: x\n"
        "  end subroutine\n end interface\nend module\n"
    )
    (there / "s.f90").write_text(
        "submodule (m) sub\ncontains\n module subroutine s(x)\n  real :: x\n  x = 1\n"
        " end subroutine\nend submodule\n"
    )
    assert [compile_in(there, "-c", name) for name in ("m.f90", "s.f90")] == ["miss", "miss"]
    for path in there.glob("*mod"):
        path.unlink()
    assert [compile_in(there, "-c", name) for name in ("m.f90", "s.f90")] == ["hit", "hit"]
    assert {path.name for path in there.glob("*mod")} == {"m.mod", "m.smod", "m@sub.smod"}


def test_what_the_preprocessor_reads(compile_in: Compile, there: Path) -> None:
    (there / "a.F").write_text(
        '#include "n.h"\n      SUBROUTINE S(X)\n#ifdef TWICE\n      X = 2*N\n#endif\n      END\n'
    )
    (there / "n.h").write_text("#define N 1\n")
    assert compile_in(there, "-c", "a.F") == "miss"
    assert compile_in(there, "-DOTHER", "-c", "a.F") == "miss"
    assert compile_in(there, "-DTWICE", "-c", "a.F") == "miss"
    assert compile_in(there, "-DTWICE", "-c", "a.F") == "hit"
    (there / "n.h").write_text("#define N 2\n")
    assert compile_in(there, "-DTWICE", "-c", "a.F") == "miss"
    (there / "a.F").write_text("      CHARACTER*11 D\n      D = __DATE__\n      END\n")
    assert compile_in(there, "-c", "a.F") == ""


def test_a_compile_that_fails_is_not_kept(compile_in: Compile, there: Path) -> None:
    (there / "a.f90").write_text("subroutine s\n  nonsense\nend\n")
    for _ in range(2):
        assert compile_in(there, "-c", "a.f90", status=1) == "miss"
        assert "Unclassifiable statement" in (there / "said").read_text()
        assert not (there / "a.o").exists()


@pytest.mark.parametrize(
    "words", [("-E", "-cpp", "a.f90"), ("-c", "a.f90", "-MD", "-cpp"), ("-c", "a.f90", "b.f90")]
)
def test_other_calls_go_to_the_compiler(
    words: tuple[str, ...], compile_in: Compile, there: Path
) -> None:
    for name in ("a.f90", "b.f90"):
        (there / name).write_text("subroutine s\nend\n")
    assert compile_in(there, *words) == ""


def test_a_header_that_is_not_there_is_the_compilers_business(
    compile_in: Compile, there: Path
) -> None:
    (there / "a.f90").write_text("subroutine s\n  include 'absent.inc'\nend\n")
    assert compile_in(there, "-c", "a.f90", status=1) == ""
    assert "absent.inc" in (there / "said").read_text()


def test_a_cache_that_cannot_be_written_is_done_without(
    compile_in: Compile, there: Path, tmp_path: Path
) -> None:
    (there / "a.f90").write_text("subroutine s\nend\n")
    (tmp_path / "cache/objects").write_text("a file in its place")
    assert compile_in(there, "-c", "a.f90") == ""
    assert (there / "a.o").exists()


def test_bytes_in_no_encoding(compile_in: Compile, there: Path) -> None:
    source = "! caf\xe9\nsubroutine s\n  include 'caf\xe9.inc'\nend\n"
    (there / "a.f90").write_bytes(source.encode("latin-1"))
    Path(there, os.fsdecode(b"caf\xe9.inc")).write_bytes(b"! nothing\n")
    assert compile_in(there, "-c", "a.f90") == ""
    (there / "a.f90").write_bytes(source.replace("  include", "! include").encode("latin-1"))
    assert [compile_in(there, "-c", "a.f90") for _ in range(2)] == ["miss", "hit"]


def test_it_stands_before_the_compiler(bookworm: Sdk, there: Path, tmp_path: Path) -> None:
    log = CompilerLog(there / "calls", there / "results", there / "sent")
    spec = CompilerSpec(
        bookworm,
        there,
        Border(allowed=(there,)),
        suffix=".cpython-311-arm-linux-gnueabihf.so",
        headers=there,
        prefix_map={there: "/crossbuild"},
        log=log.calls,
        fortran_launcher=gfortran.cached(bookworm, tmp_path / "cache"),
    )
    made = compilers.write(spec)
    (there / "a.f90").write_text("subroutine s\nend\n")
    for _ in range(2):
        subprocess.run(
            [made.path("gfortran"), "-c", "a.f90"],
            cwd=there,
            env={**os.environ, "CCACHE_STATSLOG": str(log.results)},
            check=True,
        )
    assert [span.facts["cache"] for span in log.read()] == ["miss", "hit"]


def test_many_at_once(bookworm: Sdk, there: Path, tmp_path: Path) -> None:
    words = [*gfortran.cached(bookworm, tmp_path / "cache"), *(bookworm.tools.fortran or ())]
    (there / "m.f90").write_text(MODULE)
    running = [
        subprocess.Popen([*words, "-c", "m.f90", "-o", f"{number}.o"], cwd=there)
        for number in range(6)
    ]
    assert [process.wait() for process in running] == [0] * 6
    assert len({(there / f"{number}.o").read_bytes() for number in range(6)}) == 1
    kept = [path.name for path in (tmp_path / "cache/objects").glob("*/*")]
    assert len(kept) == 1, kept
    assert not [*(tmp_path / "cache/objects").glob("stage-*")]


def test_the_cache_keeps_its_size(tmp_path: Path) -> None:
    for number, name in enumerate(("aa/old", "bb/middle", "cc/new", "stage-killed")):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "object").write_bytes(bytes(1000))
        os.utime(folder, (1000 + number, 1000 + number))
    compile_cache.trim(str(tmp_path), 2000)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("object")}
    assert left == {"bb/middle/object", "cc/new/object"}
