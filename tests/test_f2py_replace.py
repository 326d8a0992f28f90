"""The functions that f2py gets from us answer as its own do."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from crossbuild import find_package, index, inside, settings

NAMES: dict[str, Any] = {}
exec((inside.FOLDER / "f2py_replace.py").read_text(), NAMES)


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


def test_f2py_makes_the_same_with_them(tmp_path: Path) -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    scipy = find_package.finder(python, settings.WORK, settings.CACHE)("scipy")
    wheel = next(one for one in scipy.lock.build if one.name == "numpy")
    with zipfile.ZipFile(index.fetch(wheel, settings.CACHE)) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "m.pyf").write_text(INTERFACE)

    def made(name: str) -> dict[str, bytes]:
        subprocess.run(
            [sys.executable, "-m", "numpy.f2py", "m.pyf", "--build-dir", name],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "SOURCE_DATE_EPOCH": "0"},
            capture_output=True,
            check=True,
        )
        return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}

    own = made("own")
    assert {"mmodule.c", "m-f2pywrappers.f"} <= own.keys()
    with (tmp_path / "numpy/f2py/auxfuncs.py").open("a") as module:
        module.write((inside.FOLDER / "f2py_replace.py").read_text())
    assert made("ours") == own
