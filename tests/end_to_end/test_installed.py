"""crossbuild's own wheel: whole, and of use where there is no checkout."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossbuild import __version__
from crossbuild.core import defaults
from crossbuild.core.errors import BuildPythonError
from crossbuild.python import build_python
from tests.support import projects

CHECKOUT = Path(__file__).parents[2]
NAME = f"crossbuild-{__version__}"
#: The oldest Python that crossbuild itself runs with.
OLDEST = "3.10"


def run(*argv: str | Path, cwd: Path) -> str:
    """What a program prints that must not fail; it sees no Python of ours."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return done.stdout


def tracked() -> set[str]:
    """The project's files: what git has, or would have with `git add --all`."""
    listing = ("ls-files", "--cached", "--others", "--exclude-standard")
    # In a CI container the checkout belongs to another user.
    return {*run("git", "-c", "safe.directory=*", *listing, cwd=CHECKOUT).splitlines()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    build = ("-m", "build", "--sdist", "--wheel", "--outdir", folder)
    run(sys.executable, *build, CHECKOUT, cwd=folder)
    return folder


@dataclass(frozen=True)
class Installed:
    """crossbuild in an environment of its own, used from a folder that is no checkout."""

    environment: Path
    folder: Path

    def run(self, program: str, *words: str | Path) -> str:
        return run(self.environment / "bin" / program, *words, cwd=self.folder)


@pytest.fixture(scope="module", params=["the tests' own", OLDEST])
def installed(
    dist: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Installed:
    """With the Python that runs the tests, and with the oldest that will do."""
    found = Installed(tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("project"))
    python = Path(sys.executable)
    if request.param == OLDEST:
        try:
            python = build_python.find(OLDEST).executable
        except BuildPythonError:
            pytest.skip(f"no Python {OLDEST} on this machine")
    run(python, "-m", "venv", found.environment, cwd=found.folder)
    found.run("pip", "install", dist / f"{NAME}-py3-none-any.whl")
    return found


def test_the_wheel_has_every_file_of_the_package(dist: Path) -> None:
    definitions = {name for name in tracked() if Path(name).match("sysroots/*.toml")}
    package = {name for name in tracked() if name.startswith("crossbuild/")}
    assert definitions
    with zipfile.ZipFile(dist / f"{NAME}-py3-none-any.whl") as wheel:
        names = {name for name in wheel.namelist() if not name.startswith(f"{NAME}.dist-info/")}
    shared = f"{NAME}.data/data/share"
    papers = {f"{shared}/man/man1/crossbuild.1"} | {
        f"{shared}/crossbuild/schemas/{Path(name).name}"
        for name in tracked()
        if name.startswith("docs/schemas/")
    }
    assert names == package | {f"crossbuild/{name}" for name in definitions} | papers


def test_the_sdist_has_the_projects_files_and_nothing_that_was_made(dist: Path) -> None:
    with tarfile.open(dist / f"{NAME}.tar.gz") as sdist:
        names = {name.removeprefix(f"{NAME}/") for name in sdist.getnames()}
    assert names == tracked() | {"PKG-INFO"}


@pytest.mark.slow
def test_the_command_and_the_module_are_the_installed_ones(installed: Installed) -> None:
    assert installed.run("crossbuild", "--version") == f"crossbuild {__version__}\n"
    assert installed.run("python", "-m", "crossbuild", "--version") == f"crossbuild {__version__}\n"
    place = installed.run("python", "-c", "import crossbuild; print(crossbuild.__file__)")
    assert Path(place).is_relative_to(installed.environment)
    assert (installed.environment / "share/man/man1/crossbuild.1").is_file()
    assert (installed.environment / "share/crossbuild/schemas/audit.json").is_file()


@pytest.mark.slow
def test_reference_sdks_are_known_and_kept_out_of_the_package(installed: Installed) -> None:
    known = json.loads(installed.run("crossbuild", "sdk", "list", "--json"))["sdks"]
    assert [one["name"] for one in known] == [
        *("debian-bookworm", "debian-bookworm-arm", "debian-bullseye"),
        *("debian-forky", "debian-trixie"),
    ]
    code = "from crossbuild.sdk import reference; print(reference.default_destination('x'))"
    assert installed.run("python", "-c", code) == f"{defaults.CACHE / 'sysroots/x'}\n"


@pytest.mark.slow
def test_recipes_and_the_doctors_words_are_there(
    installed: Installed, reference_sdk_root: Callable[[str], Path]
) -> None:
    sdk = reference_sdk_root("debian-bookworm")
    told = json.loads(installed.run("crossbuild", "doctor", "--json", "--sdk", sdk))
    assert told["can_build"]
    assert told["ready"]["3.11"]["scipy 1.11.4"] == {"ready": True, "reasons": []}


@pytest.mark.slow
def test_a_wheel_is_made_from_an_sdk_and_fits(
    installed: Installed, reference_sdk_root: Callable[[str], Path]
) -> None:
    sdk = ("--sdk", reference_sdk_root("debian-bookworm"))
    projects.write(installed.folder / "tiny")
    installed.run("crossbuild", "wheels", "./tiny", *sdk)
    wheel = installed.folder / "wheelhouse/tiny-1.0-cp311-cp311-linux_armv7l.whl"
    assert wheel.is_file()
    told = json.loads(installed.run("crossbuild", "audit", "--json", wheel, *sdk))
    assert [(one["wheel"], one["fits"]) for one in told["wheels"]] == [(wheel.name, True)]
