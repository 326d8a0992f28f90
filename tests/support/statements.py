"""Statements of where wheels came from, of a package that nobody builds for them."""

from pathlib import Path

import pytest

from crossbuild.packages import lock, recipe
from crossbuild.packages.package import Package
from crossbuild.papers import provenance
from crossbuild.papers.provenance import Definition, Internal, Parameters
from crossbuild.sdk.model import Sdk

PARAMETERS = Parameters(
    package="numpy==1.26.4", origin="index", python="3.11", blas="auto", bundle="runtime"
)


@pytest.fixture(scope="session")
def numpy() -> Package:
    """numpy for Python 3.11, as its recipe and its lock have it."""
    version = recipe.load("numpy").for_python("3.11")
    return Package(version, lock.load(version, "3.11"))


def written(package: Package, sdk: Sdk, folder: Path) -> Path:
    """The statement of a wheel of that package, whose SHA-256 is all ones."""
    internal = Internal(key="key", recipe={"version": "1"}, lock=provenance.locked(package.lock))
    definition = Definition(
        external_parameters=PARAMETERS,
        internal_parameters=internal,
        resolved_dependencies=provenance.resources(package.lock, sdk),
    )
    wheel = folder / "numpy-1.26.4-cp311-cp311-linux_armv7l.whl"
    provenance.write(wheel, "1" * 64, definition)
    return provenance.path_of(wheel)
