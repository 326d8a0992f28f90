"""What users bring: packages of their own, and of the index, that need no recipe."""

import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core.command import run
from crossbuild.core.errors import AuditError, BuildError
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from tests.support import projects, sdk_copy
from tests.support.requests import changed

pytestmark = pytest.mark.slow

Requests = Callable[..., BuildRequest]


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """A project of these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(projects.flush(text))
    return folder


def sdist(folder: Path, house: Path) -> Path:
    """The project in *folder*, named NAME-VERSION, as a source distribution."""
    house.mkdir(exist_ok=True)
    path = house / f"{folder.name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    return path


def made(request: BuildRequest) -> list[Path]:
    return [wheel.wheel for wheel in make_wheels(request, Console())]


def members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


#: A project of the time before pyproject.toml, which states a build requirement in a call.
OLD = {
    "setup.py": """
        from setuptools import setup
        setup(
            name="oldscm", use_scm_version=True, setup_requires=["setuptools_scm"],
            packages=["oldscm"],
        )
        """,
    "oldscm/__init__.py": "",
    "PKG-INFO": """
        Metadata-Version: 1.0
        Name: oldscm
        Version: 1.2.3
        """,
}


def test_what_a_setup_py_requires_is_asked_for(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist(project(tmp_path / "oldscm-1.2.3", OLD), tmp_path / "house")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "house"))
    request = replace(request_in(), packages=parse_all(["oldscm==1.2.3"]))
    assert [wheel.name for wheel in made(request)] == ["oldscm-1.2.3-py3-none-any.whl"]


def test_a_wheel_of_another_version_than_was_locked_is_no_wheel(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**OLD, "setup.py": "from setuptools import setup\nsetup(name='oldscm')\n"}
    sdist(project(tmp_path / "oldscm-1.2.3", files), tmp_path / "house")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "house"))
    request = replace(request_in(), packages=parse_all(["oldscm==1.2.3"]))
    with pytest.raises(BuildError, match=r"oldscm 1\.2\.3 was built as oldscm 0\.0\.0") as caught:
        made(request)
    assert "oldscm-0.0.0-py3-none-any.whl" in caught.value.evidence
    assert "setuptools-scm" in caught.value.cure
    assert not list(request.wheelhouse.glob("*.whl"))


LIBRARY = {
    "setup.py": """
        import os, subprocess
        from setuptools import setup
        from setuptools.command.build_py import build_py
        class Build(build_py):
            def run(self):
                super().run()
                output = os.path.join(self.build_lib, "drv", "libdrv.so")
                subprocess.check_call([os.environ["CC"], "-shared", "-fPIC", "drv.c", "-o", output])
        setup(name="drv", version="1.0", packages=["drv"], cmdclass={"build_py": Build})
        """,
    "drv/__init__.py": "",
    "drv.c": "int answer(void) { return 42; }\n",
}


def test_a_library_for_ctypes_has_the_boards_platform(request_in: Requests, tmp_path: Path) -> None:
    (wheel,) = made(request_in(project(tmp_path / "drv", LIBRARY)))
    assert wheel.name == "drv-1.0-py3-none-linux_armv7l.whl"
    about = members(wheel)["drv-1.0.dist-info/WHEEL"].decode()
    assert "Root-Is-Purelib: false" in about
    assert "Tag: py3-none-linux_armv7l" in about


def test_data_below_the_prefix_goes_to_the_boards_prefix(
    request_in: Requests, tmp_path: Path
) -> None:
    files = {
        "setup.py": """
            import os, sys
            from setuptools import setup
            setup(
                name="conf", version="1.0", packages=["conf"],
                data_files=[
                    (os.path.join(sys.prefix, "share", "conf"), ["a.ini"]),
                    ("/etc/conf", ["b.ini"]),
                    ("share/conf", ["c.ini"]),
                ],
            )
            """,
        "conf/__init__.py": "",
        **dict.fromkeys(("a.ini", "b.ini", "c.ini"), "[x]\n"),
    }
    (wheel,) = made(request_in(project(tmp_path / "conf", files)))
    assert {name for name in members(wheel) if name.endswith(".ini")} == {
        "conf-1.0.data/data/share/conf/a.ini",
        "conf-1.0.data/data/share/conf/c.ini",
        "etc/conf/b.ini",
    }


def test_the_users_own_files_decide_nothing(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = project(
        tmp_path / "home",
        {
            ".pydistutils.cfg": """
                [build_ext]
                define = MINE
                [bdist_wheel]
                plat_name = linux_x86_64
                """
        },
    )
    guard = f"{projects.flush(projects.EXTENSION['{name}.c'])}#ifdef MINE\n#error mine\n#endif\n"
    plain = projects.write(tmp_path / "plain", {"{name}.c": guard})
    monkeypatch.setenv("HOME", str(home))
    (wheel,) = made(request_in(plain))
    assert wheel.name == "plain-1.0-cp311-cp311-linux_armv7l.whl"


def test_a_home_that_cannot_be_written(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/proc")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    request = request_in(projects.write(tmp_path / "plain"))
    own_cache = replace(request.target, cache=tmp_path / "cache")
    (wheel,) = made(replace(request, target=own_cache))
    assert wheel.exists()
    assert (tmp_path / "cache/ccache").is_dir()


def needing(folder: Path, other: str) -> Path:
    """A package that requires another on the board."""
    changes = {
        "pyproject.toml": projects.flush(projects.EXTENSION["pyproject.toml"])
        + f'dependencies = ["{other}"]\n'
    }
    return projects.write(folder, changes)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_packages_that_need_one_another(
    order: tuple[int, int], request_in: Requests, tmp_path: Path
) -> None:
    pair = [needing(tmp_path / "app", "zlibrary>=1"), needing(tmp_path / "zlibrary", "app")]
    wheels = made(request_in(*(pair[number] for number in order)))
    assert sorted(wheel.name.partition("-")[0] for wheel in wheels) == ["app", "zlibrary"]


def test_a_requirement_that_the_run_does_not_meet_after_all(
    request_in: Requests, tmp_path: Path
) -> None:
    pair = [needing(tmp_path / "app", "zlibrary>=2"), projects.write(tmp_path / "zlibrary")]
    with pytest.raises(AuditError, match="cannot be installed from the wheelhouse") as caught:
        made(request_in(*pair))
    assert "zlibrary>=2 is required; the wheelhouse has 1.0" in caught.value.evidence


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
    (wheel,) = made(request_in(project(tmp_path / "hwlib", CMAKE)))
    assert "hwlib.cpython-311-arm-linux-gnueabihf.so" in members(wheel)


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
    (wheel,) = made(request_in(project(tmp_path / "ours", files)))
    assert "ours.cpython-311-arm-linux-gnueabihf.so" in members(wheel)


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
    (wheel,) = made(request_in(projects.write(tmp_path / "evloop", changes)))
    assert wheel.exists()


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
        request = changed(request_in(projects.write(tmp_path / "gpulib", changes)), sdk=copy.root)
        (wheel,) = made(request)
    assert [name for name in members(wheel) if name.startswith("gpulib.libs/libvendorgpu-")]
