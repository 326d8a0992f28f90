"""What Cython made of a module, kept: found again elsewhere, and never taken for another's."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.build import codegen_cache
from crossbuild.core import defaults
from crossbuild.index import download
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.wanted import parse

MODULE = "cimport other\ncdef public int twice(int x):\n    return other.N * x\n"
LINE = ("-3", "-M", "--fast-fail", "-I", "../include", "../source/m.pyx", "-o", "m.c")

Translate = Callable[..., dict[str, bytes]]


@pytest.fixture(scope="module")
def scipy() -> Package:
    """A package whose lock has a Cython for the Python that runs the tests."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Finder(python, defaults.WORK, defaults.CACHE).find(parse("scipy"))


@pytest.fixture
def translate(
    scipy: Package, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Translate:
    """Translates m.pyx in a folder; gives what was made, and as ``ran`` whether Cython was run."""
    installed = tmp_path_factory.mktemp("cython")
    wheel = next(one for one in scipy.lock.build if one.name == "cython")
    with zipfile.ZipFile(download.fetch(wheel, defaults.CACHE)) as archive:
        archive.extractall(installed)
    runner = tmp_path / "runner.py"
    runner.write_text(
        "import os, runpy, sys\nopen(os.environ['RAN'], 'w').close()\n"
        f"sys.argv[0] = {str(codegen_cache.CYTHON_RUNNER)!r}\n"
        f"sys.path.insert(0, {str(codegen_cache.CYTHON_RUNNER.parent)!r})\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )

    def translate(
        root: Path,
        *line: str,
        package: Package = scipy,
        status: int = 0,
        server: Path | None = None,
        **variables: str,
    ) -> dict[str, bytes]:
        for folder in ("meson", "include", "source"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        (root / "include/other.pxd").write_text("cdef enum:\n    N = 2\n")
        if not (root / "source/m.pyx").exists():
            (root / "source/m.pyx").write_text(MODULE)
        before = {*(root / "meson").iterdir()}
        ran = tmp_path / "ran"
        ran.unlink(missing_ok=True)
        words = codegen_cache.cython_launcher(package, tmp_path / "cache", root)
        serving = [sys.executable, str(codegen_cache.CYTHON_SERVER), str(server)] if server else []
        done = subprocess.run(
            [*serving, *words, sys.executable, str(runner), *(line or LINE)],
            cwd=root / "meson",
            env={**os.environ, "PYTHONPATH": str(installed), "RAN": str(ran), **variables},
            capture_output=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        made = {path.name: path.read_bytes() for path in {*(root / "meson").iterdir()} - before}
        return {**made, "said": done.stderr, "ran": b"yes" if ran.exists() else b"no"}

    return translate


def test_another_folder_gets_the_same_code_without_cython(
    translate: Translate, tmp_path: Path
) -> None:
    roots = [tmp_path / "one", tmp_path / "and/another"]
    made = [translate(root) for root in roots]
    assert [one.pop("ran") for one in made] == [b"yes", b"no"]
    # Make is told of files in full, where they lie now.
    dependencies = [one.pop("m.c.dep").decode() for one in made]
    assert all(
        f"{root}/include/other.pxd" in text for root, text in zip(roots, dependencies, strict=True)
    )
    assert str(roots[0]) not in dependencies[1]
    assert made[0].keys() == {"m.c", "m.h", "said"}
    assert made[0] == made[1]


def test_another_python_gets_the_same_code(translate: Translate, tmp_path: Path) -> None:
    made = translate(tmp_path)
    (tmp_path / "meson/m.cpython-310.so.p").mkdir()
    again = translate(tmp_path, *LINE[:-1], "m.cpython-310.so.p/m.c")
    assert again["ran"] == b"no"
    assert (tmp_path / "meson/m.cpython-310.so.p/m.c").read_bytes() == made["m.c"]


def test_warnings_are_said_again(translate: Translate, tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        (tmp_path / name / "source").mkdir(parents=True)
        (tmp_path / name / "source/m.pyx").write_text(
            "cdef extern from *:\n    int f() except +nothing\n"
        )
        texts.append(
            translate(tmp_path / name, "-3", "-Wextra", "../source/m.pyx", "-o", "m.c", status=1)
        )
    # An error is kept by nobody.
    assert [text["ran"] for text in texts] == [b"yes", b"yes"]
    for name in ("three", "four"):
        (tmp_path / name / "source").mkdir(parents=True)
        (tmp_path / name / "source/m.pyx").write_text("def f():\n    x = 1\n")
        line = ("-3", "-Wextra", "../source/m.pyx", "-o", "m.c")
        texts.append(translate(tmp_path / name, *line))
    assert [text["ran"] for text in texts[2:]] == [b"yes", b"no"]
    assert b"Unused entry" in texts[2]["said"]
    assert texts[2]["said"] == texts[3]["said"]


@pytest.mark.parametrize("change", ["source", "words", "recipe", "options"])
def test_what_decides_the_code_makes_it_anew(
    change: str, translate: Translate, scipy: Package, tmp_path: Path
) -> None:
    translate(tmp_path / "one")
    two = tmp_path / "two"
    (two / "source").mkdir(parents=True)
    line: tuple[str, ...] = LINE
    package = scipy
    if change == "source":
        (two / "source/m.pyx").write_text(MODULE + "x = 1\n")
    elif change == "words":
        line = ("-X", "boundscheck=False", *LINE)
    elif change == "recipe":
        package = replace(scipy, recipe=scipy.recipe.model_copy(update={"version": "0"}))
    else:
        options = replace(scipy.options, environment={"A": "1"})
        package = replace(scipy, options=options)
    assert translate(two, *line, package=package)["ran"] == b"yes"


def test_what_is_not_understood_or_not_wanted_goes_to_cython(
    translate: Translate, tmp_path: Path
) -> None:
    translate(tmp_path / "one")
    assert translate(tmp_path / "two", CCACHE_DISABLE="1")["ran"] == b"yes"
    annotated = [translate(tmp_path / name, "-a", *LINE) for name in ("three", "four")]
    assert [made["ran"] for made in annotated] == [b"yes", b"yes"]
    assert "m.html" in annotated[1]
    # What is there may be a file that Cython did not write.
    (tmp_path / "five/meson").mkdir(parents=True)
    (tmp_path / "five/meson/m.h").write_text("")
    assert translate(tmp_path / "five")["ran"] == b"yes"


def test_code_that_names_its_folder_stays_there(translate: Translate, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "source").mkdir(parents=True)
        (tmp_path / name / "source/m.pyx").write_text('include "x.pxi"\n')
        (tmp_path / name / "source/x.pxi").write_text(
            f'cdef extern from "{tmp_path / name}/x.h":\n    pass\n'
        )
        assert translate(tmp_path / name)["ran"] == b"yes"


def test_a_folder_of_the_users_own_has_no_cache(scipy: Package, tmp_path: Path) -> None:
    own = replace(scipy, tree=source_tree.read(tmp_path))
    assert codegen_cache.cython_launcher(own, tmp_path / "cache", tmp_path) == ()


def test_a_server_translates_as_cython_does(translate: Translate, tmp_path: Path) -> None:
    plain = translate(tmp_path / "one")
    # Longer than the path of a socket may be.
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    (folder / "socket").touch()  # as a build leaves it that was killed
    for name, server in (("two", folder / "socket"), ("three", None)):  # which finds it kept
        (tmp_path / name / "source").mkdir(parents=True)
        (tmp_path / name / "source/m.pyx").write_text(MODULE + "def f():\n    x = 1\n")
        served = translate(tmp_path / name, "-Wextra", *LINE, server=server)
        assert served["ran"] == b"no"
        assert b"Unused entry" in served["said"]

    (tmp_path / "cache").rename(tmp_path / "other")
    again = translate(tmp_path / "four", server=folder / "socket")
    assert again.pop("ran") == b"no"
    assert plain.pop("ran") == b"yes"
    assert again.pop("m.c.dep") != plain.pop("m.c.dep")  # each names its own folder
    assert again == plain


def test_what_a_server_cannot_translate_is_told_by_cython(
    translate: Translate, tmp_path: Path
) -> None:
    said = []
    for name, server in (("one", None), ("two", tmp_path / "socket")):
        (tmp_path / name / "source").mkdir(parents=True)
        (tmp_path / name / "source/m.pyx").write_text("cdef int f(\n")
        made = translate(tmp_path / name, server=server, status=1)
        assert made["ran"] == b"yes"
        said.append(made["said"].replace(name.encode(), b""))
    assert said[0] == said[1]
    assert b"m.pyx:" in said[0]
