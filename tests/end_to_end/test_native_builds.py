"""Packages of users that are built by CMake, by a configure script, or with a vendor's library."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.command import run
from crossbuild.elf import file as elf
from crossbuild.pipeline.request import BuildRequest
from crossbuild.repair.options import Bundling
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.wheel import pack as archive
from tests.support import projects, requests, sdk_copy
from tests.support.sdk_copy import SdkCopy

pytestmark = pytest.mark.slow

Requests = Callable[..., BuildRequest]


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


CMAKE = {
    "pyproject.toml": """
        [build-system]
        requires = ["scikit-build-core>=0.10,<0.11"]
        build-backend = "scikit_build_core.build"
        [project]
        name = "hwlib"
        version = "1.0"
        """,
    "CMakeLists.txt": """
        cmake_minimum_required(VERSION 3.18)
        project(hwlib LANGUAGES C)
        find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
        find_package(ZLIB REQUIRED)
        find_package(PNG)
        if(PNG_FOUND)
          message(FATAL_ERROR "only the build machine has ${PNG_LIBRARIES}")
        endif()
        if(NOT CMAKE_CROSSCOMPILING OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "armv7l")
          message(FATAL_ERROR "for ${CMAKE_SYSTEM_PROCESSOR}")
        endif()
        Python_add_library(hwlib MODULE WITH_SOABI hwlib.c)
        target_link_libraries(hwlib PRIVATE ZLIB::ZLIB)
        install(TARGETS hwlib DESTINATION .)
        """,
    "hwlib.c": projects.flush(projects.EXTENSION["{name}.c"]).replace("{name}", "hwlib"),
}


def test_cmake_configures_for_the_target(request_in: Requests, tmp_path: Path) -> None:
    (made,) = requests.run(request_in(projects.of(tmp_path / "hwlib", CMAKE)))
    assert "hwlib.cpython-311-arm-linux-gnueabihf.so" in names_in(made.wheel)


#: Back ends and libraries of bindings that call CMake, each in its own way.
FIND_PYTHON = "find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)"
#: Libraries of bindings, and what a project says before; pybind11 finds Python by itself, too.
BINDINGS = (("pybind11", FIND_PYTHON), ("pybind11", ""), ("nanobind", FIND_PYTHON))
SOURCES = {
    "pybind11": """
        #include <pybind11/pybind11.h>
        PYBIND11_MODULE(ours, m) { m.def("size", [] { return sizeof(long); }); }
        """,
    "nanobind": """
        #include <nanobind/nanobind.h>
        NB_MODULE(ours, m) { m.def("size", [] { return sizeof(long); }); }
        """,
}


@pytest.mark.parametrize(("library", "before"), BINDINGS)
def test_bindings_by_cmake(library: str, before: str, request_in: Requests, tmp_path: Path) -> None:
    files = {
        "pyproject.toml": f"""
            [build-system]
            requires = ["scikit-build-core>=0.10,<0.11", "{library}"]
            build-backend = "scikit_build_core.build"
            [project]
            name = "ours"
            version = "1.0"
            """,
        "CMakeLists.txt": f"""
            cmake_minimum_required(VERSION 3.18)
            project(ours LANGUAGES CXX)
            {before}
            find_package({library} CONFIG REQUIRED)
            {library}_add_module(ours ours.cpp)
            install(TARGETS ours DESTINATION .)
            """,
        "ours.cpp": SOURCES[library],
    }
    (made,) = requests.run(request_in(projects.of(tmp_path / "ours", files)))
    assert "ours.cpython-311-arm-linux-gnueabihf.so" in names_in(made.wheel)


#: What asks CMake or Meson for the target's Python in ways of its own.
SKBUILD = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools<75", "scikit-build", "cmake", "ninja"]
        build-backend = "setuptools.build_meta"
        """,
    "setup.py": """
        from skbuild import setup
        setup(name="ours", version="1.0", packages=["pack"], cmake_install_dir="pack")
        """,
    "pack/__init__.py": "",
    "CMakeLists.txt": """
        cmake_minimum_required(VERSION 3.18)
        project(ours C)
        find_package(PythonExtensions REQUIRED)
        add_library(ours MODULE ours.c)
        python_extension_module(ours)
        install(TARGETS ours LIBRARY DESTINATION .)
        """,
    "ours.c": CMAKE["hwlib.c"].replace("hwlib", "ours"),
}
CYTHON = {
    "pyproject.toml": """
        [build-system]
        requires = ["meson-python", "meson>=1.12", "cython"]
        build-backend = "mesonpy"
        [project]
        name = "ours"
        version = "1.0"
        """,
    "meson.build": """
        project('ours', 'c', 'cython')
        python = import('python').find_installation(pure: false)
        python.extension_module('ours', 'ours.pyx', install: true)
        """,
    "ours.pyx": "def twice(int x):\n    return 2 * x\n",
}


@pytest.mark.parametrize("files", [SKBUILD, CYTHON], ids=["scikit-build", "meson-cython"])
def test_what_looks_for_python_in_its_own_way(
    files: dict[str, str], request_in: Requests, tmp_path: Path
) -> None:
    (made,) = requests.run(request_in(projects.of(tmp_path / "ours", files)))
    module = "pack/ours" if "pack/__init__.py" in files else "ours"
    assert f"{module}.cpython-311-arm-linux-gnueabihf.so" in names_in(made.wheel)


def test_a_configure_script_knows_that_it_compiles_for_another_machine(
    request_in: Requests, tmp_path: Path
) -> None:
    """The script is what autoconf writes, cut down to how it learns of the machine."""
    changes = {
        "setup.py": """
            import subprocess
            from setuptools import Extension, setup
            subprocess.check_call(["sh", "./configure"])
            setup(ext_modules=[Extension("{name}", ["{name}.c"])])
            """,
        "configure": """
            test -n "$CONFIG_SITE" && . "$CONFIG_SITE"
            test -n "$host_alias" && test "$host_alias" != "$build_alias" && exit 0
            echo 'cannot run C compiled programs'
            exit 1
            """,
    }
    (made,) = requests.run(request_in(projects.write(tmp_path / "evloop", changes)))
    assert made.wheel.exists()


def test_a_library_in_a_folder_that_the_sdks_script_names(
    request_in: Requests, bookworm: Sdk, tmp_path: Path
) -> None:
    with sdk_copy.spoilt(sdk_copy.make(bookworm, tmp_path)) as copy:
        vendor = copy.sysroot / "opt/vendor"
        (vendor / "lib/pkgconfig").mkdir(parents=True)
        library = vendor / "lib/libvendorgpu.so.1"
        (tmp_path / "v.c").write_text("int vendorgpu_cores(void) { return 4; }\n")
        words = ("-shared", "-fPIC", "-Wl,-soname,libvendorgpu.so.1", "-o", library)
        run([*read_sdk(copy.root).tools.cc, tmp_path / "v.c", *words])
        (vendor / "lib/libvendorgpu.so").symlink_to(library.name)
        copy.put(
            vendor / "lib/pkgconfig/vendorgpu.pc",
            "Name: vendorgpu\nDescription: GPU\nVersion: 1\nLibs: -L/opt/vendor/lib -lvendorgpu\n",
        )
        folder = "$SDKTARGETSYSROOT/opt/vendor/lib/pkgconfig"
        copy.put(
            copy.sysroot / "environment-setup.d/vendor.sh",
            f"export PKG_CONFIG_PATH=$PKG_CONFIG_PATH:{folder}\n",
        )
        changes = {
            "setup.py": """
                import os, subprocess
                from setuptools import Extension, setup
                asked = [os.environ["PKG_CONFIG"], "--libs", "vendorgpu"]
                words = subprocess.check_output(asked, text=True).split()
                setup(ext_modules=[Extension("{name}", ["{name}.c"], extra_link_args=words)])
                """,
            "{name}.c": projects.flush(projects.EXTENSION["{name}.c"])
            + "int vendorgpu_cores(void);\nint use(void) { return vendorgpu_cores(); }\n",
        }
        request = requests.changed(
            request_in(projects.write(tmp_path / "gpulib", changes)), sdk=copy.root
        )
        (made,) = requests.run(request)
    assert [name for name in names_in(made.wheel) if name.startswith("gpulib.libs/libvendorgpu-")]


#: Linked with a library that the image has where its loader does not look by itself.
VENDOR = {
    "setup.py": """
        import os
        from setuptools import Extension, setup
        folder = os.environ["SDKTARGETSYSROOT"] + "/opt/vendor/lib"
        setup(ext_modules=[Extension("{name}", ["{name}.c"], libraries=["vendornn"],
              library_dirs=[folder], runtime_library_dirs=["/opt/vendor/lib"])])
        """,
    "{name}.c": projects.flush(projects.EXTENSION["{name}.c"])
    + "void vendor(void);\nvoid use(void) { vendor(); }\n",
}


@pytest.mark.parametrize(
    ("bundling", "bundled"), [(Bundling.NONE, False), (Bundling.EACH, True)], ids=["none", "each"]
)
def test_a_library_that_the_image_has_in_a_folder_of_its_own(
    bundling: Bundling, bundled: bool, request_in: Requests, copy: SdkCopy, tmp_path: Path
) -> None:
    soname = "libvendornn.so.1"
    for name in (soname, "libvendornn.so"):
        copy.library(copy.sysroot / "opt/vendor/lib" / name, ["vendor"], "v", soname=soname)
    request = request_in(projects.write(tmp_path / "vnn", VENDOR))
    (made,) = requests.run(requests.changed(request, sdk=copy.root, bundling=bundling))
    with archive.unpacked(made.wheel) as tree:
        module = elf.read(next(tree.glob("vnn*.so")))
    assert bundled == any(name.startswith("vnn.libs/libvendornn") for name in names_in(made.wheel))
    assert module.search_path == (("$ORIGIN/vnn.libs",) if bundled else ("/opt/vendor/lib",))
