"""What is to be built, in which order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import RecipeError
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.wanted import Wanted, parse, parse_all
from crossbuild.pipeline import plan
from tests.support import projects


@pytest.fixture
def find(tmp_path: Path) -> Callable[[Wanted], Package]:
    return Finder("3.11", tmp_path / "locks", tmp_path / "cache").find


@pytest.mark.parametrize(
    ("wanted", "planned"),
    [
        ("scipy", ["numpy 1.26.4", "scipy 1.11.4"]),
        ("scipy numpy", ["numpy 1.26.4", "scipy 1.11.4"]),
        ("numpy scipy==1.15.3", ["numpy 2.2.6", "scipy 1.15.3"]),
        ("scipy==1.10.1 numpy==1.24.2", ["numpy 1.24.2", "scipy 1.10.1"]),
    ],
)
def test_pins_decide_and_dependencies_come_first(
    wanted: str, planned: list[str], find: Callable[[Wanted], Package]
) -> None:
    assert [package.title for package in plan.in_order(parse_all(wanted.split()), find)] == planned


@pytest.mark.parametrize(
    ("wanted", "one", "other"),
    [
        ("numpy==1.24.2 scipy", "numpy 1.24.2", "numpy==1.26.4"),
        ("numpy==2.2.6 scipy==1.10.1", "numpy 2.2.6", "numpy==1.24.2"),
    ],
)
def test_two_versions_of_one_package_are_refused(
    wanted: str, one: str, other: str, find: Callable[[Wanted], Package]
) -> None:
    with pytest.raises(RecipeError, match="cannot be built together") as caught:
        plan.in_order(parse_all(wanted.split()), find)
    assert one in caught.value.evidence
    assert f"asks for {other}" in caught.value.evidence


def test_an_own_source_folder_stands_for_any_version(
    find: Callable[[Wanted], Package], tmp_path: Path
) -> None:
    own = Package(
        find(parse("numpy==2.2.6")).recipe,
        find(parse("numpy")).lock,
        projects.write(tmp_path / "own"),
    )
    found = plan.in_order(
        parse_all(["./own", "scipy"]),
        lambda wanted: own if str(wanted) == "./own" else find(wanted),
    )
    assert [package.folder is not None for package in found] == [True, False]
