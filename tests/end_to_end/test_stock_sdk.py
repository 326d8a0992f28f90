"""A stock SDK, as most are: no Fortran, no OpenBLAS, no python3-dev; all the same all is built.

What takes a quarter of an hour (OpenBLAS, numpy, scipy) is tried in `make nightly`.
"""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard
from crossbuild.core.command import run
from crossbuild.core.errors import SdkError
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.request import BuildRequest
from crossbuild.python import build_python
from crossbuild.repair.options import Bundling
from crossbuild.sdk.model import Blas
from crossbuild.sdk.read import read_sdk
from tests.support import projects, requests, sdk_copy
from tests.support.diagnoses import diagnose
from tests.support.programs import CROSSBUILD
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_shapes import zeus_shaped

pytestmark = pytest.mark.slow

FORTRAN = (
    "sysroots/*/usr/bin/arm*/*-gfortran",
    "sysroots/x86*/**/f951",
    "sysroots/cortex*/usr/lib/libgfortran.so",
    "sysroots/cortex*/usr/lib/libgfortran.a",
)
STOCK = (
    *FORTRAN,
    "sysroots/cortex*/usr/lib/libgfortran.so.5*",
    "sysroots/cortex*/usr/lib/libopenblas*",
    "sysroots/cortex*/usr/lib/libblas*",
    "sysroots/cortex*/usr/lib/liblapack*",
    "sysroots/cortex*/usr/include/openblas_config.h",
    "sysroots/cortex*/usr/include/python3.*",
)

#: Two modules that each solve by LAPACK and write by Fortran's own input and output.
LAPACK = {
    "pyproject.toml": """
        [build-system]
        requires = ["meson-python<0.18", "meson<1.8", "ninja"]
        build-backend = "mesonpy"
        [project]
        name = "equations"
        version = "1.0"
        """,
    "meson.build": """
        project('equations', 'c', 'fortran', version: '1.0')
        py = import('python').find_installation(pure: false)
        parts = [py.dependency(), dependency('openblas')]
        foreach name : ['one', 'two']
          sources = [name + '.c', name + '.f90']
          py.extension_module(name, sources, dependencies: parts, install: true)
        endforeach
        """,
}
_SOLVE = """
    subroutine {name}_solve(n, a, b, text, length) bind(c)
      use iso_c_binding
      integer(c_int), value :: n, length
      real(c_double) :: a(n, n), b(n)
      character(kind=c_char) :: text(length)
      character(60) :: line
      integer :: pivots(n), info, i
      external dgesv
      call dgesv(n, 1, a, n, pivots, b, n, info)
      write (line, '(a,i2,3(1x,f8.4))') '{name}', info, b
      do i = 1, length
        text(i) = line(i:i)
      end do
      open (unit=17, status='scratch', asynchronous='yes')
      write (17, '(f8.4)', asynchronous='yes') sum(matmul(a, a))
      wait (17)
      close (17)
    end subroutine
    """
_MODULE = """
    #include <Python.h>
    void {name}_solve(int n, double *a, double *b, char *text, int length);
    static PyObject *solve(PyObject *self, PyObject *unused)
    {
        double a[] = {4, 1, 0, 1, 3, 1, 0, 1, 2}, b[] = {1, 2, 3};
        char text[33] = "";
        {name}_solve(3, a, b, text, 32);
        return PyUnicode_FromString(text);
    }
    static PyMethodDef methods[] = {{"solve", solve, METH_NOARGS, ""}, {0}};
    static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "{name}", "", -1, methods};
    PyMODINIT_FUNC PyInit_{name}(void) { return PyModule_Create(&module); }
    """
SOURCES = {
    f"{name}.{suffix}": text.replace("{name}", name)
    for name in ("one", "two")
    for suffix, text in (("f90", _SOLVE), ("c", _MODULE))
}
USE = "import one, two\nfor module in (one, two, one): print(module.solve())\n"
PRINTED = [f"{name} 0   0.2222   0.1111   1.4444" for name in ("one", "two", "one")]


def stock(copy: SdkCopy, request: BuildRequest, *hidden: str, **fields: object) -> BuildRequest:
    """The request for a copy of the reference SDK without what matches."""
    copy.hide(*hidden)
    return requests.changed(request, sdk=copy.root, **fields)


def test_modules_in_fortran_are_built_and_run(
    copy: SdkCopy, request_in: Callable[..., BuildRequest], board: EmulatedBoard, tmp_path: Path
) -> None:
    project = projects.of(tmp_path / "equations", {**LAPACK, **SOURCES})
    request = stock(copy, request_in(project), *FORTRAN)
    before = _digest(copy.root)
    (made,) = requests.run(request)
    assert _digest(copy.root) == before
    with zipfile.ZipFile(made.wheel) as archive:
        names = archive.namelist()
    assert any(name.startswith("equations.libs/libgfortran-crossbuild-") for name in names)
    assert "equations-1.0.dist-info/licenses/libgfortran-crossbuild.txt" in names
    board.push(made.wheel.parent, "/tmp/wheels")
    board.run([*board.pip, "install", "--no-index", "-f", "/tmp/wheels", "equations"])
    printed = board.run([*board.python, "-c", USE]).output.splitlines()
    assert [line.rstrip() for line in printed] == PRINTED
    shutil.rmtree(request.target.work / "wheels")
    (again,) = requests.run(requests.changed(request, offline=True))
    assert (again.reused, again.sha256) == (False, made.sha256)


def test_openblas_of_the_sdk_alone_is_an_error_where_it_has_none(
    copy: SdkCopy, request_in: Callable[..., BuildRequest]
) -> None:
    wanted = parse_all(["numpy", "scipy"])
    request = stock(copy, request_in(), *STOCK, packages=wanted, blas=Blas.SDK)
    found = diagnose(request)
    assert [one.name for one in found.errors] == ["openblas-missing"]
    found = diagnose(requests.changed(request, blas=Blas.AUTO))
    assert not found.errors
    told = {one.name: one.what for one in found.findings}
    for name, offer in (("fortran-missing", "gfortran 12"), ("openblas-missing", "OpenBLAS of")):
        assert f"; crossbuild brings {offer}" in told[name]


def test_nothing_is_brought_for_an_image_that_is_to_have_all_libraries(
    copy: SdkCopy, request_in: Callable[..., BuildRequest]
) -> None:
    request = stock(copy, request_in(), *STOCK, packages=parse_all(["scipy"]))
    with pytest.raises(SdkError, match="has no gfortran") as caught:
        requests.run(requests.changed(request, bundling=Bundling.NONE))
    assert "local.conf" in caught.value.cure
    assert not [*request.target.work.rglob("build.log")]


def _digest(root: Path) -> str:
    """What is in a folder, and when it was last changed."""
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        total.update(f"{path} {status.st_size} {status.st_mtime_ns} {status.st_mode}\n".encode())
    return total.hexdigest()


nightly = pytest.mark.skipif("CROSSBUILD_NIGHTLY" not in os.environ, reason="run by `make nightly`")


def verify(request: BuildRequest, *words: str) -> None:
    """Prove the request's numpy and scipy on the emulated board."""
    target = request.target
    assert target.python
    question = [str(CROSSBUILD), "verify", "--sdk", str(target.root), "--python", target.python]
    house = ["--wheelhouse", str(request.wheelhouse), "--work-dir", str(target.work)]
    run([*question, *house, *words, "numpy", "scipy"])


@nightly
def test_scipy_is_built_with_all_that_it_lacks_and_computes_on_the_board(
    copy: SdkCopy, request_in: Callable[..., BuildRequest]
) -> None:
    request = stock(copy, request_in(), *STOCK, packages=parse_all(["scipy"]))
    before = _digest(copy.root)
    requests.run(request)
    assert _digest(copy.root) == before
    names = requests.wheels(request)
    assert [name.partition("-")[0] for name in names] == ["crossbuild_runtime", "numpy", "scipy"]
    with zipfile.ZipFile(request.wheelhouse / names[0]) as archive:
        carried = {Path(name).name.partition("-crossbuild")[0] for name in archive.namelist()}
    assert {"libopenblas", "libgfortran"} <= carried
    verify(request)


@nightly
def test_the_newest_openblas_is_built_and_computes(
    copy: SdkCopy, request_in: Callable[..., BuildRequest]
) -> None:
    request = requests.changed(
        request_in(), sdk=copy.root, packages=parse_all(["scipy"]), blas=Blas.NEWEST
    )
    requests.run(request)
    verify(request)
    with zipfile.ZipFile(request.wheelhouse / requests.wheels(request)[0]) as archive:
        [name] = [one for one in archive.namelist() if "libopenblas-crossbuild" in one]
        code = archive.read(name)
    assert b"OpenBLAS 0.3.21" not in code
    assert b"OpenBLAS 0.3." in code


#: The folders of scipy's tests that call BLAS, LAPACK and Fortran most.
SLICES = ("linalg", "special", "integrate", "interpolate", "optimize")


@nightly
@pytest.mark.parametrize(
    ("python", "name"), [("3.9", "debian-bullseye"), ("3.13", "debian-trixie")]
)
def test_other_pythons_pass_the_packages_own_tests(
    python: str,
    name: str,
    reference_sdk_root: Callable[[str], Path],
    request_in: Callable[..., BuildRequest],
    tmp_path: Path,
) -> None:
    """A failure that is not known of the whole SDK's wheels either ends with an error."""
    copy = sdk_copy.make(read_sdk(reference_sdk_root(name)), tmp_path)
    packages = parse_all(["scipy"])
    request = stock(copy, request_in(), *STOCK, packages=packages, python=python)
    requests.run(request)
    assert len(requests.wheels(request)) == 3
    verify(request, "--suite", "fast", *(f"--slice=scipy/{name}" for name in SLICES))


@nightly
def test_an_sdk_of_zeus_s_shape_does_for_python_3_7(
    reference_sdk_root: Callable[[str], Path],
    request_in: Callable[..., BuildRequest],
    tmp_path: Path,
) -> None:
    original = read_sdk(reference_sdk_root("debian-bullseye"))
    python = build_python.find("3.7", headers=True)
    root = zeus_shaped(original.root, tmp_path / "sdk", python)
    copy = SdkCopy(original, root, tmp_path / "stash")
    copy.stash.mkdir()
    packages = parse_all(["scipy"])
    request = stock(copy, request_in(), *STOCK, packages=packages, python="3.7")
    requests.run(request)  # audited: no symbol is newer than the sysroot's
    assert len(requests.wheels(request)) == 3
