"""Packages of users that are built by CMake, by a configure script, or with a vendor's library."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.command import run
from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from tests.support import projects, requests, sdk_copy

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
BINDINGS = ("pybind11", "nanobind")
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


@pytest.mark.parametrize("library", BINDINGS)
def test_bindings_by_cmake(library: str, request_in: Requests, tmp_path: Path) -> None:
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
            find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
            find_package({library} CONFIG REQUIRED)
            {library}_add_module(ours ours.cpp)
            install(TARGETS ours DESTINATION .)
            """,
        "ours.cpp": SOURCES[library],
    }
    (made,) = requests.run(request_in(projects.of(tmp_path / "ours", files)))
    assert "ours.cpython-311-arm-linux-gnueabihf.so" in names_in(made.wheel)


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
