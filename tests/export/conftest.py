"""What the tests of exports share: a small wheelhouse, and the board that it is for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.python_version import PythonVersion
from crossbuild.export import proven
from crossbuild.export.distribution import Distribution
from crossbuild.export.target import Target, Tune
from crossbuild.sdk import release
from crossbuild.sdk.model import Sdk
from tests.support import exported_wheels
from tests.support.elf_files import Compiler
from tests.support.sample_wheels import PYTHON


@pytest.fixture(scope="session")
def profile(bookworm: Sdk) -> BoardProfile:
    symbols = sysroot_profile.python_symbols(bookworm.target_sysroot, "3.11")
    python = PYTHON.model_copy(update={"symbols": symbols})
    return sysroot_profile.from_sysroot(bookworm.target_sysroot, python)


@pytest.fixture(scope="session")
def samples(bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheelhouse")
    compiler = Compiler(bookworm, tmp_path_factory.mktemp("compiled"))
    return exported_wheels.fill(folder, compiler)


@pytest.fixture(scope="session")
def distributions(samples: Path, profile: BoardProfile) -> tuple[Distribution, ...]:
    return read([samples], profile)


def read(
    paths: Sequence[Path], profile: BoardProfile, licences: Mapping[str, str] | None = None
) -> tuple[Distribution, ...]:
    return proven.distributions(paths, profile, licences=licences or {}, build_paths=())


def target_of(name: str) -> Target:
    """What a layer is for, of a Yocto release."""
    found = release.named(name)
    assert found is not None
    tune = Tune("cortexa9t2hf-neon", ("callconvention-hard", "neon"))
    return Target(found, tune, PythonVersion("3.11"))
