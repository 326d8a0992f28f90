"""Wheelhouses to be looked at."""

import shutil
from pathlib import Path

import pytest

from crossbuild.report import page
from tests.support import wheelhouses


@pytest.fixture(scope="session")
def strange_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheelhouse of which nothing is known; not to be changed."""
    return wheelhouses.fill(tmp_path_factory.mktemp("strange"))


@pytest.fixture(scope="session")
def told_house(strange_house: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all that may be known, and its page; not to be changed."""
    house = shutil.copytree(strange_house, tmp_path_factory.mktemp("told") / "wheelhouse")
    wheelhouses.tell(house)
    page.write(house)
    return house
