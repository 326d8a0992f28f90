"""What users bring: packages of their own, and of the index, that need no recipe."""

import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core.errors import AuditError, BuildError
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from tests.support import projects

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
        made(request_in(app))
