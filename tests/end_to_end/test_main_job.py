"""The main job on real input: SDKs in, numpy and scipy wheels out, installed on the board.

Every build here is a real one; nothing is taken from anywhere but the index and Debian.
"""

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crossbuild.core import defaults, files
from crossbuild.elf import file as elf
from crossbuild.python import build_python
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.wheel import pack as wheel
from tests.support import projects
from tests.support.schemas import held
from tests.support.sdk_copy import hard_linked
from tests.support.sdk_shapes import zeus_shaped

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]

#: The wheel's numbers that scipy is compiled against (Arm's long double is a double).
SIZES = """
#include <numpy/numpyconfig.h>
_Static_assert(NPY_SIZEOF_LONG == 4, "long");
_Static_assert(NPY_SIZEOF_PY_INTPTR_T == 4, "intptr");
_Static_assert(NPY_SIZEOF_LONGDOUBLE == 8, "long double");
"""


def make(*words: str, **settings_: str | Path) -> str:
    """Run ``make`` as a user does."""
    variables = [f"{name}={value}" for name, value in settings_.items()]
    done = subprocess.run(
        ["make", *words, *variables], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return done.stderr


def crossbuild(*words: str | Path) -> str:
    """Run the command line and return its standard output."""
    done = subprocess.run(
        [CHECKOUT / ".venv/bin/crossbuild", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return done.stdout


def modules(path: Path) -> Iterator[tuple[str, elf.Elf]]:
    """The loaded ELF files of a wheel."""
    with wheel.opened(path) as opened:
        for member in opened.members:
            if re.search(r"\.so(\.|$)", member):
                yield member, elf.read(opened.data(member), name=member)


def assert_fits(path: Path, abi: str, ext_suffix: str, undefined_allowed: str) -> None:
    """Machine, float ABI, tag, suffix, and no link with the interpreter's library."""
    with wheel.opened(path) as opened:
        assert {str(tag) for tag in opened.tags} == {f"{abi}-linux_armv7l"}
        assert opened.wheel_headers.get_all("Tag") == [f"{abi}-linux_armv7l"]
    found = dict(modules(path))
    assert found
    for name, module in found.items():
        assert (module.machine, module.eabi_version, module.float_abi) == ("Arm", 5, "hard"), name
        assert not [needed for needed in module.needed if re.match(undefined_allowed, needed)]
        if "cpython" in name:
            assert name.endswith(ext_suffix)


def assert_names_no_folder_of_this_machine(path: Path) -> None:
    folders = [str(CHECKOUT), str(defaults.CACHE), f"{Path.home()}/", "/tmp/pytest-"]
    with wheel.opened(path) as opened:
        for member in opened.members:
            data = opened.data(member)
            assert not [folder for folder in folders if folder.encode() in data], member


def assert_headers_are_the_targets(path: Path, found: Sdk, python: Path, folder: Path) -> None:
    with wheel.unpacked(path) as tree:
        source = folder / "sizes.c"
        source.write_text(f"#include <Python.h>\n{SIZES}")
        include = next(tree.glob("numpy/*core/include"))
        argv = [*found.tools.cc, "-c", str(source), "-o", os.devnull]
        argv += [f"-I{include}", f"-I{python}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheelhouse() -> Path:
    """The wheelhouse that the README's first command fills."""
    make("wheels")
    return CHECKOUT / "wheelhouse"


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


@pytest.mark.parametrize("name", ["numpy-1.26.4", "scipy-1.11.4"])
def test_wheels_for_the_board(wheelhouse: Path, name: str) -> None:
    path = only(wheelhouse, f"{name}-cp311-*.whl")
    assert_fits(path, "cp311-cp311", ".cpython-311-arm-linux-gnueabihf.so", "libpython")
    assert_names_no_folder_of_this_machine(path)


def test_sizes_in_the_headers_are_the_targets(
    wheelhouse: Path, bookworm: Sdk, tmp_path: Path
) -> None:
    python = bookworm.target_sysroot / "usr/include/python3.11"
    path = only(wheelhouse, "numpy-1.26.4-cp311-*.whl")
    assert_headers_are_the_targets(path, bookworm, python, tmp_path)


def test_a_second_run_builds_nothing(wheelhouse: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in wheelhouse.glob("*.whl")}
    made = json.loads(crossbuild("wheels", "--json", "numpy", "scipy"))["wheels"]
    assert [one["reused"] for one in made] == [True, True]
    assert {path: path.stat().st_mtime_ns for path in wheelhouse.glob("*.whl")} == before


#: A C extension, whose numbers are the target's when it is compiled.
ON_NUMPY = f"""
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>
{SIZES}
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "NAME", "", -1, NULL}};
PyMODINIT_FUNC PyInit_NAME(void) {{ import_array(); return PyModule_Create(&module); }}
"""


#: The same in Cython.
BY_CIMPORT = f"""
cimport numpy
cdef extern from *:
    '''{SIZES}'''
numpy.import_array()
"""


def on_numpy(folder: Path, requires: str, backend: str, files: dict[str, str]) -> Path:
    """A project that is compiled against numpy, whose metadata does not name it."""
    pyproject = f"""
        [build-system]
        requires = [{requires}]
        build-backend = "{backend}"
        [project]
        name = "{folder.name}"
        version = "1.0"
        """
    return projects.of(folder, {"pyproject.toml": pyproject, **files})


def in_c(name: str) -> dict[str, str]:
    return {f"{name}.c": ON_NUMPY.replace("NAME", name)}


def test_extensions_on_numpy_whatever_asks_it(wheelhouse: Path, tmp_path: Path) -> None:
    """By ``numpy.get_include()``, Cython's ``cimport``, Meson's ``run_command``, FindPython."""
    assert wheelhouse.exists()
    script = """
        import numpy
        from setuptools import Extension, setup
        module = Extension("by_setup", ["by_setup.c"], include_dirs=[numpy.get_include()])
        setup(ext_modules=[module])
        """
    cython = """
        import numpy
        from Cython.Build import cythonize
        from setuptools import Extension, setup
        module = Extension("by_cimport", ["by_cimport.pyx"], include_dirs=[numpy.get_include()])
        setup(ext_modules=cythonize([module]))
        """
    meson = """
        project('by_meson', 'c')
        py = import('python').find_installation(pure: false)
        ask = 'import numpy; print(numpy.get_include())'
        folder = run_command(py, ['-c', ask], check: true).stdout().strip()
        includes = include_directories(folder)
        py.extension_module('by_meson', 'by_meson.c', include_directories: includes, install: true)
        """
    cmake = """
        cmake_minimum_required(VERSION 3.18...3.30)
        project(by_cmake LANGUAGES C)
        find_package(Python REQUIRED COMPONENTS Interpreter Development.Module NumPy)
        Python_add_library(by_cmake MODULE by_cmake.c WITH_SOABI)
        target_link_libraries(by_cmake PRIVATE Python::NumPy)
        install(TARGETS by_cmake DESTINATION .)
        """
    setuptools = "setuptools.build_meta"
    extensions = [
        on_numpy(
            tmp_path / "by_setup",
            '"setuptools<75", "numpy"',
            setuptools,
            {"setup.py": script, **in_c("by_setup")},
        ),
        on_numpy(
            tmp_path / "by_cimport",
            '"setuptools<75", "Cython<3.1", "oldest-supported-numpy"',
            setuptools,
            {"setup.py": cython, "by_cimport.pyx": BY_CIMPORT},
        ),
        on_numpy(
            tmp_path / "by_meson",
            '"meson-python", "numpy"',
            "mesonpy",
            {"meson.build": meson, **in_c("by_meson")},
        ),
        on_numpy(
            tmp_path / "by_cmake",
            '"scikit-build-core", "numpy>=1.21"',
            "scikit_build_core.build",
            {"CMakeLists.txt": cmake, **in_c("by_cmake")},
        ),
    ]
    house = ("--wheelhouse", tmp_path / "house")
    told = json.loads(crossbuild("wheels", "--json", *house, "numpy", *extensions))["wheels"]
    assert {one["title"]: one["reused"] for one in told}["numpy 1.26.4"]
    for extension in extensions:
        path = only(tmp_path / "house", f"{extension.name}-1.0-cp311-*.whl")
        with wheel.opened(path) as opened:
            assert opened.metadata.get_all("Requires-Dist") == ["numpy<2,>=1.19"]
    told_verify = json.loads(crossbuild("verify", "--json", *house, *extensions))
    imported = {one["package"]: one["imported"] for one in told_verify["scripts"]}
    assert imported == {one.name.replace("_", "-"): [one.name] for one in extensions}


def test_a_moved_sdk_is_known_by_its_content(
    wheelhouse: Path, bookworm: Sdk, tmp_path: Path
) -> None:
    moved = hard_linked(bookworm.root, tmp_path / "elsewhere")
    text = crossbuild("wheels", "--json", "--sdk", moved, "--wheelhouse", tmp_path / "house")
    assert all(one["reused"] for one in json.loads(text)["wheels"])
    assert only(tmp_path / "house", "scipy-*.whl").read_bytes() == (
        only(wheelhouse, "scipy-1.11.4-cp311-*.whl").read_bytes()
    )


def test_numpy_has_the_same_bytes_from_other_folders(
    wheelhouse: Path, bookworm: Sdk, tmp_path: Path
) -> None:
    """The first side is the wheel of this checkout; the other is compiled anew, file by file."""
    moved = hard_linked(bookworm.root, tmp_path / "elsewhere")
    house = tmp_path / "house"
    told = make("reproducible", SDK=moved, PACKAGES="numpy", WHEELHOUSE=house)
    name = "numpy-1.26.4-cp311-cp311-linux_armv7l.whl"
    assert (house / name).read_bytes() == (wheelhouse / name).read_bytes()
    assert f"{name}: the same bytes" in told
    assert told.count("• [1/1] numpy 1.26.4") == 1
    assert "0 of 161 cached" in told


def test_installed_and_computing_on_the_board(wheelhouse: Path) -> None:
    assert wheelhouse.exists()
    told = make("verify", SUITE="fast", SLICES="numpy/fft")
    assert "smoke test of numpy on emulated - passed" in told
    assert "smoke test of scipy on emulated - passed" in told
    results = json.loads((CHECKOUT / "build/suite-numpy.json").read_text())
    assert results["slices"][0]["passed"] > 50
    assert results["new"] == results["vanished"] == []
    known = json.loads((wheelhouse / "report/record.json").read_text())
    for name in ("numpy-1.26.4", "scipy-1.11.4"):
        sha256 = files.sha256(only(wheelhouse, f"{name}-cp311-*.whl"))
        assert known["wheels"][sha256]["built"]["environment"]["gcc"] == "12.2.0"
        assert "passed" in [one["outcome"] for one in known["proofs"] if one["wheel"] == sha256]
    assert "numpy/fft" in [part["name"] for one in known["suites"] for part in one["slices"]]


def test_slim_ones_compute_on_the_board(wheelhouse: Path, tmp_path: Path) -> None:
    """Of the same builds.  numpy and scipy read docstrings when they are imported."""
    assert wheelhouse.exists()
    words = ("--wheelhouse", tmp_path / "house", "numpy", "scipy")
    for one in json.loads(crossbuild("wheels", "--slim", "--json", *words))["wheels"]:
        assert {"tests", "docstrings"} <= {file["kind"] for file in one["left_out"]}
    crossbuild("verify", *words)


def test_python_3_7_from_an_sdk_of_zeus_shape(
    reference_sdk_root: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """cp37m wheels from an SDK without Python 3.7's headers, by numpy.distutils."""
    folder = tmp_path_factory.mktemp("zeus")
    python = build_python.find("3.7")
    root = zeus_shaped(reference_sdk_root("debian-bullseye"), folder / "sdk", python)
    house = folder / "house"
    make("wheels", SDK=root, PYTHON="3.7", WHEELHOUSE=house)
    suffix = ".cpython-37m-arm-linux-gnueabihf.so"
    own = elf.read(python.executable)
    library = next(python.home.glob("lib/libpython3.7m.so.1.0"), None)
    symbols = own.defined | (elf.read(library).defined if library else frozenset())
    assert "numpy/distutils/site.cfg" not in zipfile.ZipFile(only(house, "numpy-*.whl")).namelist()
    for name in ("numpy-1.21.6", "scipy-1.7.3"):
        path = only(house, f"{name}-cp37-*.whl")
        assert_fits(path, "cp37-cp37m", suffix, "libpython")
        assert_names_no_folder_of_this_machine(path)
        for member, module in modules(path):
            strangers = {s for s in module.undefined if re.match("_?Py[A-Z_]", s)} - symbols
            assert not strangers, member
    told_python = crossbuild("sdk", "python", "--json", "--sdk", root, "--python", "3.7")
    described = held("python", told_python)
    assert described["origin"] == "synthesised"
    assert_headers_are_the_targets(
        only(house, "numpy-*.whl"), read_sdk(root), Path(described["include"]), folder
    )


def test_distutils_wheels_compute_on_bullseyes_board(
    reference_sdk_root: Callable[[str], Path], tmp_path: Path
) -> None:
    """The same way as for cp37, on a Python that this machine can run: bullseye's 3.9."""
    root = reference_sdk_root("debian-bullseye")
    house = tmp_path / "house"
    make("wheels", SDK=root, PACKAGES="numpy", WHEELHOUSE=house)
    told = make("verify", SDK=root, PACKAGES="numpy", WHEELHOUSE=house)
    assert "smoke test of numpy on emulated - passed" in told
