"""What is to be built, in which order."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from crossbuild.core.errors import RecipeError
from crossbuild.packages import recipe
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.wanted import Wanted, parse, parse_all
from crossbuild.pipeline import plan
from tests.support import projects

Find = Callable[[Wanted, Mapping[str, Package]], Package]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    return Finder("3.11", tmp_path / "locks", tmp_path / "cache").find


@pytest.mark.parametrize(
    ("wanted", "planned"),
    [
        ("scipy", ["numpy 1.26.4", "scipy 1.11.4"]),
        ("scipy numpy", ["numpy 1.26.4", "scipy 1.11.4"]),
        ("numpy scipy==1.15.3", ["numpy 2.2.6", "scipy 1.15.3"]),
        ("scipy==1.10.1 numpy==1.24.2", ["numpy 1.24.2", "scipy 1.10.1"]),
        # The version is chosen that is made for the numpy of the run.
        ("numpy==1.24.2 scipy", ["numpy 1.24.2", "scipy 1.10.1"]),
        ("scipy numpy==2.2.6", ["numpy 2.2.6", "scipy 1.15.3"]),
        (
            "pywavelets scikit-learn numpy==2.4.6",
            ["numpy 2.4.6", "pywavelets 1.9.0", "scikit-learn 1.9.1", "scipy 1.17.1"],
        ),
        (
            "numpy==1.24.2 pandas scikit-learn",
            ["numpy 1.24.2", "pandas 1.5.3", "scikit-learn 1.2.1", "scipy 1.10.1"],
        ),
    ],
)
def test_pins_decide_and_dependencies_come_first(
    wanted: str, planned: list[str], find: Find
) -> None:
    assert [package.title for package in plan.in_order(parse_all(wanted.split()), find)] == planned


@pytest.mark.parametrize("python", recipe.PYTHONS)
def test_the_defaults_of_a_python_go_together(python: str, tmp_path: Path) -> None:
    """One command builds them for each: `crossbuild matrix`."""
    finder = Finder(python, tmp_path / "locks", tmp_path / "cache", offline=True)
    stack = ["numpy", "scipy", "pandas", "scikit-learn", "scikit-image"]
    planned = {package.name: package for package in plan.in_order(parse_all(stack), finder.find)}
    assert planned.keys() >= {*stack, "pillow"}
    for name in stack:
        assert planned[name].recipe == recipe.load(name).for_python(python)


@pytest.mark.parametrize(
    ("wanted", "planned"),
    [
        # Both one that the recipe covers and one of its own are compiled against it.
        ("scipy>=1.9,<1.10 numpy==1.23.5", ["numpy 1.23.5", "scipy 1.9.3"]),
        ("numpy==1.23.5 scipy", ["numpy 1.23.5", "scipy 1.11.4"]),
    ],
)
def test_versions_that_a_recipe_covers(wanted: str, planned: list[str], tmp_path: Path) -> None:
    """They are locked at first use, with the same build requirements; then no index is asked."""
    where = (tmp_path / "locks", tmp_path / "cache")
    finder = Finder("3.11", *where, ask=lambda package, origin: ())
    packages = plan.in_order(parse_all(wanted.split()), finder.find)
    assert [package.title for package in packages] == planned
    numpy, scipy = packages
    pin = f"numpy=={numpy.recipe.version}"
    assert scipy.recipe.target_requires == (pin,)
    assert pin in scipy.lock.requires["build"]
    assert numpy.recipe.version in {a.version for a in scipy.lock.build if a.name == "numpy"}
    # Its own metadata asks for an older one.
    assert scipy.recipe.requires_dist == ("numpy<2,>=1.23",)
    again = Finder("3.11", *where, offline=True)
    assert plan.in_order(parse_all(wanted.split()), again.find) == packages


@pytest.mark.parametrize(
    "wanted", ["numpy==1.17.5", "numpy>=3", "scipy>1.17.9", "numpy==1.24.*,>1.24.99"]
)
def test_a_version_outside_of_all_says_which_are_inside(wanted: str, tmp_path: Path) -> None:
    finder = Finder("3.11", tmp_path / "locks", tmp_path / "cache")
    with pytest.raises(RecipeError, match="has no version") as caught:
        plan.in_order([parse(wanted)], finder.find)
    assert "1.26.4, 2.2.6, 2.4.6, 1.24.2" in caught.value.evidence or "scipy" in wanted
    assert "it covers <1.27,>=1.26; " in caught.value.evidence or "scipy" in wanted


@pytest.mark.parametrize(
    ("wanted", "one", "other"),
    [
        ("numpy==2.2.6 scipy==1.11.4", "numpy 2.2.6", "numpy==1.26.4"),
        ("numpy==2.2.6 scipy==1.10.1", "numpy 2.2.6", "numpy==1.24.2"),
    ],
)
def test_two_versions_of_one_package_are_refused(
    wanted: str, one: str, other: str, find: Find
) -> None:
    with pytest.raises(RecipeError, match="cannot be built together") as caught:
        plan.in_order(parse_all(wanted.split()), find)
    assert one in caught.value.evidence
    assert f"asks for {other}" in caught.value.evidence


def test_an_own_source_folder_stands_for_any_version(find: Find, tmp_path: Path) -> None:
    own = Package(
        find(parse("numpy==2.2.6"), {}).recipe,
        find(parse("numpy"), {}).lock,
        source_tree.read(projects.write(tmp_path / "own")),
    )
    found = plan.in_order(
        parse_all(["./own", "scipy"]),
        lambda wanted, chosen: own if str(wanted) == "./own" else find(wanted, chosen),
    )
    assert [package.folder is not None for package in found] == [True, False]


@pytest.mark.parametrize(
    ("requires", "wanted", "against"),
    [
        ("numpy", "./own numpy", "numpy==1.26.4"),
        ("numpy>=2", "numpy ./own", "numpy==2.2.6"),
        ("numpy", "numpy==2.2.6 ./own", "numpy==2.2.6"),
        ("numpy", "./own scipy==1.15.3", "numpy==2.2.6"),
        ("oldest-supported-numpy", "./own", "numpy==1.26.4"),
    ],
)
def test_who_requires_numpy_to_build_is_compiled_against_that_of_the_run(
    requires: str, wanted: str, against: str, find: Find, tmp_path: Path
) -> None:
    own = projects.write(tmp_path / "own")
    text = (own / "pyproject.toml").read_text()
    (own / "pyproject.toml").write_text(
        text.replace('"setuptools', f'"{requires}", "setuptools', 1)
    )
    mentions = parse_all(wanted.replace("./own", str(own)).split())
    packages = {package.name: package for package in plan.in_order(mentions, find)}
    assert packages["own"].recipe.target_requires == (against,)
    assert packages["numpy"].title == against.replace("==", " ")
    locked = {artifact.name: artifact.version for artifact in packages["own"].lock.build}
    assert f"numpy=={locked['numpy']}" == against
