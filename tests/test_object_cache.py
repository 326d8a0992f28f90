"""ccache before the compilers: another folder has what one compiled, wherever it lies."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild import wrappers
from crossbuild.run import clean_environment, which
from crossbuild.sdk import Sdk
from crossbuild.wrappers import Border

Compile = Callable[..., str]

RESULTS = ("direct_cache_hit", "preprocessed_cache_hit", "cache_miss")


@pytest.fixture
def compile_in(bookworm: Sdk, tmp_path: Path) -> Compile:
    """Compiles x.c in a folder and tells what ccache did."""
    ccache = which("ccache", clean_environment()) or ""

    def compile_in(name: str, code: str, *words: str) -> str:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "x.h").write_text("#define N 1\n")
        (folder / "x.c").write_text(code.replace("@here@", str(folder)))
        tools = wrappers.create(
            bookworm,
            folder / "bin",
            Border(allowed=(folder, bookworm.root)),
            python=name[:3],
            prefix_map={folder: "/x"},
            log=folder / "compilers.log",
            launcher=(ccache,),
        )
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        own = {
            "CCACHE_DIR": str(tmp_path / "cache"),
            "CCACHE_BASEDIR": str(folder),
            "CCACHE_NOHASHDIR": "1",
            "CCACHE_STATSLOG": str(log),
        }
        named = [word.replace("@here@", str(folder)).replace("@name@", name[:3]) for word in words]
        line = ["-g0", "-MD", "-MF", "x.d", "-c", "x.c", "-o", "x.o"]
        argv = [str(tools.path("gcc")), *named, *line]
        subprocess.run(argv, cwd=folder, env={**os.environ, **own}, check=True)
        said = log.read_text().split()
        return next(word for word in RESULTS if word in said)

    return compile_in


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('#include "x.h"\nint x = N;\n', ()),
        ('#include "@here@/x.h"\nint x = N;\n', ()),
        ('#include "x.h"\nint x = N;\n', ("-I@here@/include/python@name@",)),
    ],
    ids=["plain", "source", "python"],
)
def test_another_folder_at_another_depth_hits(
    compile_in: Compile, code: str, words: tuple[str, ...]
) -> None:
    """Also where code or words name the folder, or a Python of which the code sees nothing."""
    assert compile_in("one", code, *words) == "cache_miss"
    assert compile_in("two/and/three", code, *words) in RESULTS[:2]
    assert compile_in("four", code.replace("N", "2"), *words) == "cache_miss"


def test_a_macro_that_names_the_folder_and_is_not_used(compile_in: Compile) -> None:
    # Both of one length: at another, GCC 12 may write another number of a line.
    code = '#include "x.h"\nint x = N;\n'
    assert compile_in("one", code, "-DHERE=@here@") == "cache_miss"
    assert compile_in("two", code, "-DHERE=@here@") == "preprocessed_cache_hit"


def test_what_is_the_same_for_all_pythons_is_not_preprocessed(compile_in: Compile) -> None:
    code = '#include "x.h"\nint x = N;\n'
    assert compile_in("one", code) == "cache_miss"
    assert compile_in("two", code) == "direct_cache_hit"
    # Preprocessed, it would be the same.
    assert compile_in("six", code + "/* x */\n") == "cache_miss"


def test_what_names_python_h_is_not_preprocessed(compile_in: Compile) -> None:
    words = ("-I@here@/include/python@name@",)
    code = '#include "x.h"  // in the place of Python.h\nint x = N;\n'
    assert compile_in("one", code, *words) == "cache_miss"
    assert compile_in("one/two", code, *words) == "direct_cache_hit"
    assert compile_in("two", code, *words) == "cache_miss"  # of another Python
