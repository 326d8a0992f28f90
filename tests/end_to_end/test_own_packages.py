"""What users bring: packages of their own, and of the index, that need no recipe."""

import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import files
from crossbuild.core.errors import AuditError, BuildError, LockError
from crossbuild.elf import file as elf
from crossbuild.isolation import hiding
from crossbuild.packages import lock
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from tests.support import projects
from tests.support.sdk_copy import SdkCopy

pytestmark = pytest.mark.slow

Requests = Callable[..., BuildRequest]


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
    sdist(projects.of(tmp_path / "oldscm-1.2.3", OLD), tmp_path / "house")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "house"))
    request = replace(request_in(), packages=parse_all(["oldscm==1.2.3"]))
    assert [wheel.name for wheel in made(request)] == ["oldscm-1.2.3-py3-none-any.whl"]


def test_a_wheel_of_another_version_than_was_locked_is_no_wheel(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**OLD, "setup.py": "from setuptools import setup\nsetup(name='oldscm')\n"}
    sdist(projects.of(tmp_path / "oldscm-1.2.3", files), tmp_path / "house")
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
    (wheel,) = made(request_in(projects.of(tmp_path / "drv", LIBRARY)))
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
    (wheel,) = made(request_in(projects.of(tmp_path / "conf", files)))
    assert {name for name in members(wheel) if name.endswith(".ini")} == {
        "conf-1.0.data/data/share/conf/a.ini",
        "conf-1.0.data/data/share/conf/c.ini",
        "etc/conf/b.ini",
    }


def test_the_users_own_files_decide_nothing(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = projects.of(
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


#: Two modules that are compiled of one file; each is linked a second after both were compiled.
SHARED = {
    "setup.py": """
        import time
        from setuptools import Extension, setup
        from setuptools.command.build_ext import build_ext

        class Slow(build_ext):
            def get_libraries(self, ext):
                time.sleep(1)
                return super().get_libraries(ext)

        modules = [Extension(n, ["shared.c"], define_macros=[("NAME", n)]) for n in ("one", "two")]
        setup(name="shared", version="1.0", ext_modules=modules, cmdclass={"build_ext": Slow})
        """,
    "setup.cfg": "[build_ext]\nparallel = 2\n",
    "shared.c": """
        #include <Python.h>
        #define START(name) PyInit_##name
        #define OF(name) START(name)
        static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "shared", "", -1, NULL};
        PyMODINIT_FUNC OF(NAME)(void) { return PyModule_Create(&module); }
        """,
}


@pytest.mark.parametrize("python", ["3.6", "3.11"])
def test_extensions_that_are_built_at_once_and_share_a_source(
    python: str, request_in: Requests, tmp_path: Path
) -> None:
    request = request_in(projects.of(tmp_path / "shared", SHARED))
    target = replace(request.target, python=python, build_python=None)
    (wheel,) = made(replace(request, target=target))
    with zipfile.ZipFile(wheel) as archive:
        modules = {name[:3]: archive.read(name) for name in archive.namelist() if ".so" in name}
    started = {name: elf.read(data, name=name).defined for name, data in modules.items()}
    assert "PyInit_one" in started["one"]
    assert "PyInit_two" in started["two"]


#: It decides by what it reads and asks, and compiles a generator that runs here.
ASKING = {
    "setup.py": """
        import platform, struct, subprocess, sys
        from setuptools import Extension, setup
        with open("/usr/include/linux/input-event-codes.h") as header:
            macros = [(line.split()[1], None) for line in header if "OF_THIS_BOARD" in line]
        macros += [("WIDE", None)] if sys.maxsize > 2**32 and struct.calcsize("P") == 8 else []
        macros += [("WIDE", None)] if platform.architecture()[0] == "64bit" else []
        subprocess.check_call(["gcc", "gen.c", "-o", "gen"])
        with open("made.h", "w") as header:
            subprocess.check_call(["./gen"], stdout=header)
        setup(ext_modules=[Extension("{name}", ["{name}.c"], define_macros=macros)])
        """,
    "gen.c": """
        #include <stdio.h>
        int main(void) { return puts("#define MADE") == EOF; }
        """,
    "{name}.c": """
        #include "made.h"
        #include <Python.h>
        #if defined WIDE || !defined MADE || !defined KEY_OF_THIS_BOARD
        #error "not the target's answers"
        #endif
        static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "{name}", "", -1, NULL};
        PyMODINIT_FUNC PyInit_{name}(void) { return PyModule_Create(&module); }
        """,
}


@pytest.mark.skipif(hiding.owner() is None, reason="this kernel gives no mount namespace")
def test_what_a_setup_py_reads_and_asks_is_the_targets(
    request_in: Requests, copy: SdkCopy, tmp_path: Path
) -> None:
    header = copy.sysroot / "usr/include/linux/input-event-codes.h"
    copy.put(header, f"{header.read_text()}\n#define KEY_OF_THIS_BOARD 0x2f0\n")
    request = request_in(projects.write(tmp_path / "asking", ASKING))
    console = Console()
    make_wheels(replace(request, target=replace(request.target, sdk=copy.root)), console)
    (note,) = (note for step in console.steps for note in step.notes)
    assert note.startswith("sys.maxsize was asked by setup.py:5: it is the build machine's")


def test_a_folder_with_odd_characters(request_in: Requests, tmp_path: Path) -> None:
    place = tmp_path / "job_feature%2Fx@2,josé=c++"
    (wheel,) = made(request_in(projects.write(place / "plain"), within=place))
    assert wheel.name == "plain-1.0-cp311-cp311-linux_armv7l.whl"


#: It compiles by a name that is the build machine's compiler.
HOST_COMPILER = {
    **LIBRARY,
    "setup.py": LIBRARY["setup.py"].replace('os.environ["CC"]', '"gcc"'),
}


def test_a_file_for_another_machine(request_in: Requests, tmp_path: Path) -> None:
    request = request_in(projects.of(tmp_path / "drv", HOST_COMPILER))
    with pytest.raises(AuditError, match=r"drv-1\.0-.* does not fit") as caught:
        made(request)
    assert "machine: drv/libdrv.so: it is for x86-64, the board is Arm" in caught.value.evidence
    assert "check CC" in caught.value.cure
    assert "leave-out" in caught.value.cure
    (wheel,) = make_wheels(
        replace(request, options=BuildOptions(leave_out=("drv/lib*.so",))), Console()
    )
    assert [(one.path, one.kind) for one in wheel.left_out] == [("drv/libdrv.so", "leave-out")]
    assert "drv/__init__.py" in members(wheel.wheel)
    assert "drv/libdrv.so" not in members(wheel.wheel)
    with pytest.raises(AuditError):
        made(request)


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
    request = request_in(*pair)
    # The second run finds both wheels made.
    for _ in range(2):
        with pytest.raises(AuditError, match="cannot be installed from the wheelhouse") as caught:
            made(request)
        assert "zlibrary>=2 is required; the wheelhouse has 1.0" in caught.value.evidence


def test_a_requirement_that_has_gone_from_the_wheelhouse(
    request_in: Requests, tmp_path: Path
) -> None:
    app, library = needing(tmp_path / "app", "zlibrary"), projects.write(tmp_path / "zlibrary")
    request = request_in(app, library)
    assert len(made(request)) == len(made(request)) == 2
    next(request.wheelhouse.glob("zlibrary-*.whl")).unlink()
    with pytest.raises(AuditError, match=r"app-.* cannot be installed from the wheelhouse"):
        made(replace(request_in(app), offline=True))


def test_what_a_wheel_requires_is_taken_along(request_in: Requests, tmp_path: Path) -> None:
    request = request_in(needing(tmp_path / "app", "jinja2==3.1.6"))
    wheels = {wheel.title: wheel.origin for wheel in make_wheels(request, Console())}
    (safe,) = (title for title in wheels if title.startswith("markupsafe"))
    assert [bool(wheels[title]) for title in ("app 1.0", "jinja2 3.1.6", safe)] == [
        *(False, True, True)
    ]
    names = [path.name for path in request.wheelhouse.glob("markupsafe-*")]
    assert all("armv7l" in name for name in names)
    assert len(names) == 1
    made(replace(request, offline=True))


def test_what_no_index_has_is_told(request_in: Requests, tmp_path: Path) -> None:
    request = request_in(needing(tmp_path / "app", "no-such-package-of-anyone"))
    with pytest.raises(LockError, match="no index has") as caught:
        made(request)
    assert "no-such-package-of-anyone" in caught.value.evidence


#: A package that goes on without its module where that does not compile.
OPTIONAL = {
    "setup.py": """
        from setuptools import Extension, setup
        setup(ext_modules=[Extension("{name}._fast", ["{name}.c"], optional=True)])
        """,
    "{name}/__init__.py": "",
    "{name}.c": "#include <lacking.h>\n",
}

#: One that does not even try.
UNTRIED = {
    "setup.py": """
        import os
        from setuptools import Extension, setup
        setup(ext_modules=[Extension("{name}", ["{name}.c"])] if "FAST" in os.environ else [])
        """,
    "{name}/__init__.py": "",
}


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        (OPTIONAL, "the build began with lost._fast"),
        (UNTRIED, 'setup.py:3: setup(ext_modules=[Extension("lost"'),
    ],
)
def test_a_wheel_that_lost_its_module_is_refused(
    request_in: Requests, tmp_path: Path, changes: dict[str, str], evidence: str
) -> None:
    request = request_in(projects.write(tmp_path / "lost", changes))
    with pytest.raises(BuildError, match="lacks extension modules") as caught:
        made(request)
    assert evidence in caught.value.evidence
    assert changes is UNTRIED or "fatal error: lacking.h" in caught.value.evidence
    assert 'optional-modules = ["lost"]' in caught.value.cure
    assert not list(request.wheelhouse.glob("*.whl"))
    (wheel,) = made(replace(request, options=BuildOptions(optional_modules=("lost",))))
    assert wheel.name.startswith("lost-1.0-")


GENERATOR = {
    "setup.py": """
        from setuptools import Extension, setup
        setup(
            name="mygen", version="0.3", packages=["mygen"],
            ext_modules=[Extension("mygen._fast", ["fast.c"])],
        )
        """,
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools<75", "wheel"]
        """,
    "mygen/__init__.py": "from mygen._fast import ANSWER\n",
    "fast.c": """
        #include <Python.h>
        _Static_assert(sizeof(long) == 8, "not the build machine's");
        static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", "", -1, NULL};
        PyMODINIT_FUNC PyInit__fast(void)
        {
            PyObject *made = PyModule_Create(&module);
            PyModule_AddIntConstant(made, "ANSWER", 42);
            return made;
        }
        """,
    "PKG-INFO": """
        Metadata-Version: 1.0
        Name: mygen
        Version: 0.3
        """,
}

USER = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools<75", "wheel", "mygen"]
        """,
    "setup.py": """
        import mygen
        from setuptools import setup
        setup(name="user", version="1.0", description=str(mygen.ANSWER), py_modules=[])
        """,
}


def test_a_build_requirement_without_a_wheel_is_built_for_this_machine(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = sdist(projects.of(tmp_path / "mygen-0.3", GENERATOR), tmp_path / "house")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "house"))
    request = request_in(projects.of(tmp_path / "user", USER))
    (wheel,) = made(request)
    assert b"Summary: 42" in members(wheel)["user-1.0.dist-info/METADATA"]
    (lock_file,) = (tmp_path / "work/locks").glob("pylock.*.toml")
    named = {one.filename: one.sha256 for one in lock.read(lock_file).build}
    assert named[archive.name] == files.sha256(archive)


def test_a_build_requirement_that_cannot_be_built_has_a_cure(
    request_in: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {**GENERATOR, "fast.c": "#include <lacking.h>\n"}
    sdist(projects.of(tmp_path / "mygen-0.3", broken), tmp_path / "house")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "house"))
    with pytest.raises(
        BuildError, match=r"mygen 0\.3 is required to build, has no wheel"
    ) as caught:
        made(request_in(projects.of(tmp_path / "user", USER)))
    assert "pip wheel --no-deps -w wheels mygen==0.3" in caught.value.cure
    assert "lacking.h" in caught.value.evidence
