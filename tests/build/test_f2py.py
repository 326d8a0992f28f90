"""The functions that f2py gets from us answer as its own do, and what it makes is kept."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossbuild.build import codegen_cache
from crossbuild.core import defaults
from crossbuild.index import download
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.wanted import parse

NAMES: dict[str, Any] = {}
exec(codegen_cache.F2PY_REPLACEMENT.read_text(), NAMES)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("int #name#(#args#);", {"name": "f", "args": ["a", ["b", ["c"]]]}, "int f(abc);"),
        ("#args#", {"args": ["a", "b"], "separatorsfor": {"args": ", "}}, "a, b"),
        # A value's own names are replaced as well, in the second round.
        ("#outer#", {"inner": "x", "outer": "<#inner#>"}, "<x>"),
        ("#separatorsfor# #other#", {"separatorsfor": {}, "name": "f"}, "#separatorsfor# #other#"),
        (["#a#", ["#a##b#"]], {"a": "1", "b": []}, ["1", ["1"]]),
        ("#a#", [{"a": "1"}, {"a": "2"}], ["1", "2"]),
    ],
)
def test_replaced_names(template: object, values: object, text: object) -> None:
    assert NAMES["replace"](template, values) == text


def test_a_list_of_lists_is_one_list() -> None:
    assert NAMES["flatlist"]([["a"], [], "b", [["c"]]]) == ["a", "b", "c"]
    assert NAMES["flatlist"]("a") == ["a"]


INTERFACE = """python module m
  interface
    subroutine twice(n, x, y, flag)
      integer, optional, check(shape(x, 0) == n), depend(x) :: n = shape(x, 0)
      real*8, dimension(n), intent(in, copy) :: x
      complex*16, dimension(2, n), depend(n), intent(out) :: y
      character*8, optional, intent(in) :: flag = 'N'
      callstatement (*f2py_func)(&n, x, y, flag)
      callprotoargument int*, double*, complex_double*, char*
    end subroutine twice
    function total(f, n) result(sum)
      external f
      integer, intent(in) :: n
      real*8 :: sum
    end function total
  end interface
end python module m
"""


#: Runs f2py with code of ours at the end of its module, as a cross environment's f2py has it.
RUNNER = """import sys
from numpy.f2py import f2py2e
exec(open(sys.argv.pop(1)).read(), vars(f2py2e))
f2py2e.main()
"""

Made = dict[str, bytes]


@pytest.fixture(scope="module")
def scipy() -> Package:
    """A package whose lock has a numpy for the Python that runs the tests."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Finder(python, defaults.WORK, defaults.CACHE).find(parse("scipy"))


@pytest.fixture(scope="module")
def numpy(scipy: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of scipy's numpy."""
    folder = tmp_path_factory.mktemp("numpy")
    wheel = next(one for one in scipy.lock.build if one.name == "numpy")
    with zipfile.ZipFile(download.fetch(wheel, defaults.CACHE)) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def f2py(numpy: Path, scipy: Package, tmp_path: Path) -> Callable[..., Made]:
    """Runs f2py with its keeper in a folder; gives what was made, and what was said as ``said``."""

    def run(root: Path, *flags: str, package: Package = scipy, **variables: str) -> Made:
        root.mkdir(parents=True, exist_ok=True)
        if not (root / "m.pyf").exists():
            (root / "m.pyf").write_text(INTERFACE)
        code, runner = tmp_path / "code.py", tmp_path / "runner.py"
        code.write_text(codegen_cache.f2py_keeper(package, tmp_path / "cache", root))
        runner.write_text(RUNNER)
        environment = {**os.environ, "PYTHONPATH": str(numpy), "SOURCE_DATE_EPOCH": "0"}
        done = subprocess.run(
            [sys.executable, runner, code, "m.pyf", "--build-dir", root / "made", *flags],
            cwd=root,
            env={**environment, **variables},
            capture_output=True,
            check=False,
        )
        assert not list((tmp_path / "cache").rglob("stage-*"))
        there = (root / "made").iterdir() if done.returncode == 0 else ()
        return {"said": done.stdout, **{path.name: path.read_bytes() for path in there}}

    return run


def test_f2py_makes_the_same_with_our_functions(
    numpy: Path, f2py: Callable[..., Made], tmp_path: Path
) -> None:
    own = f2py(tmp_path / "own", CCACHE_DISABLE="1")
    assert {"mmodule.c", "m-f2pywrappers.f"} <= own.keys()
    auxfuncs = numpy / "numpy/f2py/auxfuncs.py"
    theirs = auxfuncs.read_text()
    try:
        auxfuncs.write_text(theirs + codegen_cache.F2PY_REPLACEMENT.read_text())
        ours = f2py(tmp_path / "ours", CCACHE_DISABLE="1")
    finally:
        auxfuncs.write_text(theirs)
    assert own.pop("said").replace(b"/own/", b"/ours/") == ours.pop("said")
    assert own == ours


def test_another_folder_gets_the_same_code_without_f2py(
    f2py: Callable[..., Made], tmp_path: Path
) -> None:
    plain = f2py(tmp_path / "plain", CCACHE_DISABLE="1")
    first = f2py(tmp_path / "one")
    second = f2py(tmp_path / "and/another")
    assert plain.pop("said")
    assert first.pop("said")
    assert second.pop("said") == b""
    assert plain == first == second


@pytest.mark.parametrize("change", ["source", "words", "types", "recipe", "disabled"])
def test_what_decides_the_code_has_it_made_anew(
    change: str, f2py: Callable[..., Made], scipy: Package, tmp_path: Path
) -> None:
    assert f2py(tmp_path / "one")["said"]
    two = tmp_path / "two"
    two.mkdir()
    flags: tuple[str, ...] = ()
    package, variables = scipy, {}
    if change == "source":
        (two / "m.pyf").write_text(INTERFACE.replace("twice", "thrice"))
    elif change == "words":
        flags = ("--no-lower",)
    elif change == "types":
        (two / ".f2py_f2cmap").write_text("{'real': {'wp': 'double'}}")
    elif change == "recipe":
        package = replace(scipy, recipe=scipy.recipe.model_copy(update={"version": "0"}))
    else:
        variables = {"CCACHE_DISABLE": "1"}
    assert f2py(two, *flags, package=package, **variables)["said"]


def test_code_that_names_its_folder_stays_there(f2py: Callable[..., Made], tmp_path: Path) -> None:
    for name in ("one", "two"):
        root = tmp_path / name
        root.mkdir()
        named = f"usercode '''/* {root} */'''\n  interface"
        (root / "m.pyf").write_text(INTERFACE.replace("interface", named, 1))
        made = f2py(root)
        assert made["said"]
        assert str(root).encode() in made["mmodule.c"]


def test_what_fails_is_not_kept(f2py: Callable[..., Made], tmp_path: Path) -> None:
    for name in ("one", "two"):
        root = tmp_path / name
        root.mkdir()
        (root / "m.pyf").write_text("subroutine f(\nend\n")
        assert f2py(root).keys() == {"said"}
    assert f2py(tmp_path / "three")["mmodule.c"]


def test_a_folder_of_the_users_own_keeps_nothing(scipy: Package, tmp_path: Path) -> None:
    own = replace(scipy, tree=source_tree.read(tmp_path))
    assert codegen_cache.f2py_keeper(own, tmp_path / "cache", tmp_path) == ""
