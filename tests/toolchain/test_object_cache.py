"""ccache before the compilers: another folder has what one compiled, wherever it lies."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.command import clean_environment, which
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.toolchain import compilers
from crossbuild.toolchain.compilers import Border, CompilerSpec
from tests.support.sdk_copy import SdkCopy

Compile = Callable[..., str]

RESULTS = ("direct_cache_hit", "preprocessed_cache_hit", "cache_miss")


@pytest.fixture
def compile_in(bookworm: Sdk, tmp_path: Path) -> Compile:
    """Compiles a file in a folder and tells what ccache did."""
    ccache = which("ccache", clean_environment()) or ""

    def compile_in(
        name: str, code: str, *words: str, source: str = "x.c", sdk: Sdk = bookworm
    ) -> str:
        folder, python = tmp_path / name, name[:3]
        (folder / source).parent.mkdir(parents=True)
        (folder / source).with_name("x.h").write_text("#define N 1\n")
        (folder / source).write_text(code.replace("@here@", str(folder)))
        headers = folder / f"include/python{python}"
        headers.mkdir(parents=True)
        (headers / "patchlevel.h").write_text(f"#define P '{python[0]}'\n")
        (folder / f"m.{python}.so.p").mkdir()
        spec = CompilerSpec(
            sdk,
            folder,
            Border(allowed=(folder, sdk.root)),
            suffix=f".{python}.so",
            headers=headers,
            prefix_map={folder: "/x"},
            log=folder / "compilers.log",
            launcher=(ccache,),
        )
        tools = compilers.write(spec)
        log = tmp_path / "log"
        log.write_text("")
        own = {
            "CCACHE_DIR": str(tmp_path / "cache"),
            "CCACHE_BASEDIR": str(folder),
            "CCACHE_NOHASHDIR": "1",
            "CCACHE_COMPILERCHECK": "string:the same",
            "CCACHE_STATSLOG": str(log),
        }
        values = {"@here@": folder, "@python@": python}
        values["@sysroot@"] = sdk.target_sysroot / "usr/include"
        named = list(words)
        for name, value in values.items():
            named = [word.replace(name, str(value)) for word in named]
        line = ["-g0", "-MF", "x.d", "-c", source, "-o", "x.o"]
        line += [] if "-MMD" in words else ["-MD"]
        argv = [str(tools.path("g++" if source.endswith("cpp") else "gcc")), *named, *line]
        subprocess.run(argv, cwd=folder, env={**os.environ, **own}, check=True)
        said = log.read_text().split()
        return next((word for word in RESULTS if word in said), "not_asked")

    return compile_in


@pytest.mark.parametrize("header", ["x.h", "@here@/x.h"])
def test_another_folder_at_another_depth_hits(compile_in: Compile, header: str) -> None:
    """Also where the code names the folder."""
    code = f'#include "{header}"\nint x = N;\n'
    assert compile_in("one", code) == "cache_miss"
    assert compile_in("two/and/three", code) in RESULTS[:2]
    assert compile_in("four", code.replace("N", "2")) == "cache_miss"


def test_a_macro_that_names_the_folder_and_is_not_used(compile_in: Compile) -> None:
    # Both of one length: at another, GCC 12 may write another number of a line.
    code = '#include "x.h"\nint x = N;\n'
    assert compile_in("one", code, "-DHERE=@here@") == "cache_miss"
    assert compile_in("two", code, "-DHERE=@here@") == "preprocessed_cache_hit"


def test_what_is_in_no_way_another_is_not_preprocessed(compile_in: Compile) -> None:
    code = '#include "x.h"\nint x = N;\n'
    assert compile_in("one", code) == "cache_miss"
    assert compile_in("two", code) == "direct_cache_hit"
    # Preprocessed, it would be the same.
    assert compile_in("six", code + "/* x */\n") == "cache_miss"


def test_another_python_hits_where_it_is_not_seen(compile_in: Compile) -> None:
    words = ("-I@here@/include/python@python@", "-Im.@python@.so.p")
    code = '#include "x.h"\nint x = N;\n'
    assert compile_in("one", code, *words) == "cache_miss"
    assert compile_in("two/and/three", code, *words) == "direct_cache_hit"
    # A sysroot's pkg-config names two folders of its own in its place.
    named = ("-I@sysroot@/python@python@", "-I@sysroot@/arm/python@python@", words[1])
    assert compile_in("ten", code, *named) == "direct_cache_hit"

    code = "#include <patchlevel.h>\nint x = P;\n"
    assert compile_in("six", code, *words) == "cache_miss"
    assert compile_in("six/six", code, *words) == "direct_cache_hit"
    assert compile_in("odd", code, *words) == "cache_miss"


def test_a_question_of_mesons_is_not_kept(compile_in: Compile) -> None:
    source = "meson-private/tmp123/testfile.c"
    assert compile_in("one", "int x;\n", source=source) == "not_asked"


@pytest.mark.parametrize(("source", "header"), [("x.c", "stdio.h"), ("x.cpp", "vector")])
@pytest.mark.parametrize(
    ("words", "result"),
    [
        ((), "direct_cache_hit"),
        (("-isystem", "@sysroot@/openblas", "-I@sysroot@/arm-linux-gnueabihf"), "direct_cache_hit"),
        (("-MMD",), "direct_cache_hit"),  # the preprocessor is asked, not the compiler
        (("-DHERE=@sysroot@",), "preprocessed_cache_hit"),
    ],
)
def test_an_sdk_at_another_path_hits(
    compile_in: Compile,
    bookworm: Sdk,
    copy: SdkCopy,
    source: str,
    header: str,
    words: tuple[str, ...],
    result: str,
) -> None:
    """Headers of the C library, of the compiler and of C++ are found by the same names."""
    code = f"#include <{header}>\n#include <stdint.h>\n#include <arm_neon.h>\nint x;\n"
    moved = read_sdk(copy.root)
    assert moved.root != bookworm.root
    assert compile_in("one", code, *words, source=source) == "cache_miss"
    assert compile_in("two/and/three", code, *words, source=source, sdk=moved) == result
    header_text = (copy.sysroot / "usr/include/stdint.h").read_text()
    copy.put(copy.sysroot / "usr/include/stdint.h", f"{header_text}typedef int other_t;\n")
    assert compile_in("six", code, *words, source=source, sdk=moved) == "cache_miss"
