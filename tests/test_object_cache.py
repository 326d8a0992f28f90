"""ccache before the compilers: another folder has what one compiled, wherever it lies."""

import os
import subprocess
from collections.abc import Callable
from functools import partial
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
    """Compiles a file in a folder and tells what ccache did."""
    ccache = which("ccache", clean_environment()) or ""

    def compile_in(
        name: str, code: str, *words: str, header: str = "#define N 1\n", source: str = "x.c"
    ) -> str:
        folder = tmp_path / name
        (folder / source).parent.mkdir(parents=True)
        (folder / source).with_name("x.h").write_text(header)
        (folder / source).write_text(code.replace("@here@", str(folder)))
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
        log.write_text("")
        own = {
            "CCACHE_DIR": str(tmp_path / "cache"),
            "CCACHE_BASEDIR": str(folder),
            "CCACHE_NOHASHDIR": "1",
            "CCACHE_STATSLOG": str(log),
        }
        named = [word.replace("@here@", str(folder)).replace("@name@", name[:3]) for word in words]
        line = ["-g0", "-MD", "-MF", "x.d", "-c", source, "-o", "x.o"]
        argv = [str(tools.path("gcc")), *named, *line]
        subprocess.run(argv, cwd=folder, env={**os.environ, **own}, check=True)
        said = log.read_text().split()
        return next((word for word in RESULTS if word in said), "not_asked")

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


@pytest.mark.parametrize("source", ["x.c", "src/x.c"])
@pytest.mark.parametrize("where", ["code", "header"])
def test_what_names_python_h_is_not_preprocessed(
    compile_in: Compile, where: str, source: str
) -> None:
    words = ("-I@here@/include/python@name@",)
    note = "// in the place of Python.h\n"
    code = '#include "x.h"\nint x = N;\n' + (note if where == "code" else "")
    header = "#define N 1\n" + (note if where == "header" else "")
    compiled = partial(compile_in, header=header, source=source)
    assert compiled("one", code, *words) == "cache_miss"
    assert compiled("one/two", code, *words) == "direct_cache_hit"
    assert compiled("two", code, *words) == "cache_miss"  # of another Python


def test_a_question_of_mesons_is_not_kept(compile_in: Compile) -> None:
    source = "meson-private/tmp123/testfile.c"
    assert compile_in("one", "int x;\n", source=source) == "not_asked"
