"""Modules of packages that have no smoke script are imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from crossbuild.board.protocol import ON_BOARD
from crossbuild.python import build_python
from crossbuild.verify import imports
from tests.support.elf_files import Compiler, compiler
from tests.support.sample_wheels import EXT_SUFFIX, Sample

__all__ = ["compiler"]


TRY = "from ctypes import CDLL\ntry:"
EXCEPT = "except Exception: raise"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", ""),
        ("import another_package.x", "gave up: one: it needs another_package"),
        ("raise RuntimeError('no such board')", "gave up: one: no such board"),
        ("raise RuntimeError('module compiled against ABI version 0x1000009 but …')", None),
        ("import one.lacking", None),
        ("import sqlite3.lacking", None),
        ("raise OSError('libx.so: cannot open shared object file')", None),
        ("raise SystemExit(0)", "gave up: one: it ended the program: 0"),
        ("import sys; sys.argv[1]", "gave up: one: IndexError: list index out of range"),
        ("import os; os.environ['NO_SUCH']", "gave up: one: KeyError: 'NO_SUCH'"),
        ("'a'.index('b')", None),
        ("class No(Exception): pass\nraise No('no $DISPLAY')", "gave up: one: one.No: no $DISPLAY"),
        ("raise AttributeError('no display')", None),
        (f"{TRY} import another\n{EXCEPT} ImportError('get it')", "gave up: one: it needs another"),
        (f"{TRY} import another\n{EXCEPT} RuntimeError('get it')", "gave up: one: get it"),
        (f"{TRY} open('/dev/none')\n{EXCEPT} RuntimeError('no board')", "gave up: one: no board"),
        (f"{TRY} from one import _damaged\n{EXCEPT} RuntimeError('no board')", None),
        (f"{TRY} from one import _damaged\n{EXCEPT} SystemExit('no board')", None),
        (f"{TRY} import one.lacking\n{EXCEPT} RuntimeError('no board')", None),
        (f"{TRY} CDLL('libnone.so')\n{EXCEPT} RuntimeError('no board')", None),
        ("raise RuntimeError('NumPy was built with baseline optimizations: (VFPV4) but …')", None),
        ("raise SystemError('initialization of _x raised unreported exception')", None),
    ],
)
def test_a_module_that_gives_up_is_told_and_one_that_cannot_be_loaded_fails(
    code: str, told: str | None, tmp_path: Path
) -> None:
    done = _imported(Path(sys.executable), code, tmp_path)
    assert (done.returncode == 0) == (told is not None)
    assert ("cannot be imported: one" in done.stderr) == (told is None)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("gave up: ")] == ([told] if told else [])
    assert any(line.startswith("failed: one: ") for line in lines) == (told is None)


def _imported(python: Path, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "one").mkdir()
    (folder / "one/__init__.py").write_text(code)
    (folder / "one/_damaged.so").write_bytes(b"\x7fELF")
    argv = (python, ON_BOARD / "import_modules.py", "one")
    env = {"PYTHONPATH": str(folder)}
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", ["3.6", "3.9"])
def test_old_pythons_are_told_which_modules_are_their_own(version: str, tmp_path: Path) -> None:
    """A standard module that the image lacks is no optional package."""
    python = build_python.find(version).executable
    files = [tmp_path / name for name in ("optional", "lacking")]
    for folder in files:
        folder.mkdir()
    assert "gave up: one: it needs gi" in _imported(python, "import gi.repository", files[0]).stdout
    lacking = "raise ImportError(\"No module named 'sqlite3'\", name='sqlite3')"
    assert "failed: one: " in _imported(python, lacking, files[1]).stdout


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9"])
def test_the_list_of_standard_modules_is_whole(version: str) -> None:
    listed = (ON_BOARD / "standard_modules.txt").read_text().split()
    code = (
        "import pkgutil, sysconfig; place = sysconfig.get_path('stdlib')\n"
        "print(*{one[1] for one in pkgutil.iter_modules([place, place + '/lib-dynload'])})"
    )
    argv = (build_python.find(version).executable, "-c", code)
    having = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()
    public = {name for name in having if not name.startswith(("_", "xx"))}
    assert len(public) > 150
    assert public - {*listed} == set()


def test_modules_of_tests_need_what_only_developers_have(
    compiler: Compiler, tmp_path: Path
) -> None:
    names = ("_fast", "tests/_probe", "test")
    files = {
        f"{'' if name == 'test' else 'own/'}{name}{EXT_SUFFIX}": compiler.shared(
            f"void PyInit_{name.rpartition('/')[2]}(void) {{}}"
        )
        for name in names
    }
    files |= {"own/__init__.py": b"", "own/tests/__init__.py": b"", "tests/__init__.py": b""}
    wheel = Sample("own", files=files).build(tmp_path)
    assert imports.modules(wheel) == ("own", "own._fast", "test")
