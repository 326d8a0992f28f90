"""The audit on other people's modules: Debian's own numpy and scipy for armhf, stripped."""

from pathlib import Path

import pytest

from crossbuild.audit import audit, sysroot_profile
from crossbuild.audit.profile import BoardProfile, BoardPython
from crossbuild.core import defaults
from crossbuild.core.command import run
from crossbuild.sdk.debian import DEFAULT_MIRROR, Apt
from crossbuild.sdk.model import Sdk
from tests.support.sample_wheels import EXT_SUFFIX, TAG, Sample

pytestmark = pytest.mark.slow

#: What each wheel is made of: Debian's version is not PyPI's, and no matter here.
PACKAGES = {"numpy": (), "scipy": ("numpy",)}


@pytest.fixture(scope="module")
def board(bookworm: Sdk) -> BoardProfile:
    """A board that has Debian's libraries, as one with python3-scipy has."""
    sysroot = bookworm.target_sysroot
    python = BoardPython(
        version="3.11",
        full_version="3.11.2",
        abi_tag="cp311",
        ext_suffix=EXT_SUFFIX,
        pip=sysroot_profile.pip_version(sysroot, "3.11"),
        symbols=sysroot_profile.python_symbols(sysroot, "3.11"),
    )
    found = sysroot_profile.from_sysroot(sysroot, python, exclude=())
    more = {"liblbfgsb.so.0": frozenset[str]()}
    return found.model_copy(update={"libraries": found.libraries | more})


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("debian")
    apt = Apt(DEFAULT_MIRROR, "bookworm", "armhf", defaults.CACHE / "apt", folder / "log")
    names = [f"python3-{name}" for name in PACKAGES]
    for deb in apt.download(names, (), dependencies=False):
        run(["dpkg-deb", "-x", deb, folder / "root"])
    modules = folder / "root/usr/lib/python3/dist-packages"
    made = []
    for name, requires in PACKAGES.items():
        paths = [path for path in (modules / name).rglob("*") if path.is_file()]
        contents = {str(path.relative_to(modules)): path.read_bytes() for path in paths}
        sample = Sample(name=name, version="1.0", tag=TAG, files=contents, requires=requires)
        made.append(sample.build(folder))
    return made


def test_no_false_alarm(wheels: list[Path], board: BoardProfile) -> None:
    report = audit(wheels, board, wheelhouse=wheels[0].parent)
    assert report.refusals == ()
    dispatching = {f.file.partition(".")[0] for f in report.findings if f.rule == "dispatch"}
    assert dispatching == {"numpy/core/_multiarray_umath", "numpy/core/_simd"}
