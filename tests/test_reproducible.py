"""Two builds in two folders at two times on two job counts give the same bytes."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild import settings, wheel
from crossbuild.additions import Additions
from crossbuild.cell import Request
from crossbuild.console import Console
from crossbuild.pipeline import make_wheels
from tests import projects

#: C, Fortran and Cython, each telling what a build may leave in it: its folder and its time.
MIXED = {
    "setup.py": "",
    "pyproject.toml": """
        [build-system]
        requires = ["meson-python<0.19", "meson==1.4.1", "cython<3.1"]
        build-backend = "mesonpy"
        [project]
        name = "{name}"
        version = "1.0"
        """,
    "meson.build": """
        project('{name}', 'c', 'cython', 'fortran')
        python = import('python').find_installation(pure: false)
        python.extension_module('{name}', '{name}.pyx', 'told.c', 'total.f90', install: true)
        """,
    "{name}.pyx": """
        cdef extern from *:
            '''
            extern const char *told(void);
            extern double total_(double *, int *);
            '''
            const char *told()
            double total_(double *, int *)
        def tell():
            return told()
        def total(double x):
            cdef int n = 1
            if x < 0:
                raise ValueError(x)
            return total_(&x, &n)
        """,
    "told.c": 'const char *told(void) { return __FILE__ " " __DATE__ " " __TIME__; }\n',
    "total.f90": """
        function total(x, n) result(s)
          integer, intent(in) :: n
          double precision, intent(in) :: x(n)
          double precision :: s
          if (n < 0) print *, 'negative'
          s = sum(x)
        end function
        """,
}


@pytest.mark.slow
def test_folder_time_and_jobs_leave_no_trace(
    reference_sdk_root: Callable[[str], Path], tmp_path: Path
) -> None:
    project = projects.write(tmp_path / "mixed", MIXED)
    made = []
    for folder, jobs in (("one", 1), ("another place", 4)):
        shutil.copytree(project, tmp_path / folder / "mixed")
        request = Request(
            sdk=reference_sdk_root("debian-bookworm"),
            packages=(str(tmp_path / folder / "mixed"),),
            wheelhouse=tmp_path / folder / "wheelhouse",
            work=tmp_path / folder.replace(" ", "/") / "work",
            cache=settings.CACHE,
            jobs=jobs,
            python="3.11",
            # Else the second build would be given the first one's object files.
            additions=Additions(environment={"CCACHE_DISABLE": "1"}),
        )
        (one,) = make_wheels(request, Console())
        made.append(one.wheel)
        time.sleep(1)
    with wheel.unpacked(made[0]) as tree:
        names = {
            path.relative_to(tree).as_posix().partition("-")[0] for path in tree.rglob("*.so*")
        }
        (module,) = tree.glob("*.so")
        assert b"told.c" in module.read_bytes()
    # It has Fortran's library in it, which the board lacks.
    assert "mixed.libs/libgfortran" in names
    assert made[0].read_bytes() == made[1].read_bytes()
