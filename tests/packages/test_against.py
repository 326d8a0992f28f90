"""What a package is compiled against whose build requirements hand out headers."""

import pytest
from packaging.requirements import Requirement

from crossbuild.core.errors import RecipeError
from crossbuild.packages import against, recipe, versions


@pytest.mark.parametrize(
    ("requires", "python", "pinned"),
    [
        (["setuptools", "numpy"], "3.11", ["setuptools", "numpy==1.26.4"]),
        (["numpy>=1.21,<2"], "3.9", ["numpy==1.21.6"]),
        (["NumPy>=2.0"], "3.11", ["numpy==2.2.6"]),
        (["oldest-supported-numpy", "numpy<1.25"], "3.11", ["numpy==1.24.2"]),
        # A newer version does whose extensions run with one that is asked for.
        (["numpy==1.23.2"], "3.11", ["numpy==1.26.4"]),
        (["numpy==1.23.*"], "3.11", ["numpy==1.26.4"]),
        (["numpy~=1.22.0"], "3.11", ["numpy==1.26.4"]),
        (["numpy>=1.21,<1.24"], "3.11", ["numpy==1.26.4"]),
        (["numpy==2.0.0"], "3.12", ["numpy==2.2.6"]),
        (["numpy==1.17.3; python_version < '3.9'"], "3.11", None),
        (["pybind11", "cffi"], "3.11", None),
    ],
)
def test_one_version_that_can_be_built(
    requires: list[str], python: str, pinned: list[str] | None
) -> None:
    assert against.pinned(requires, python, {}) == tuple(pinned or requires)


def test_that_of_others_is_taken_where_it_satisfies() -> None:
    assert against.pinned(["numpy"], "3.11", {"numpy": "2.2.6"}) == ("numpy==2.2.6",)
    assert against.pinned(["numpy<2"], "3.11", {"numpy": "2.2.6"}) == ("numpy==1.26.4",)
    assert against.pinned(["numpy"], "3.11", {"numpy": "1.23.5"}) == ("numpy==1.23.5",)


@pytest.mark.parametrize("required", ["numpy>=3", "numpy>=2.5", "numpy<1.20"])
def test_no_version_is_told_with_those_that_there_are(required: str) -> None:
    with pytest.raises(RecipeError, match="no numpy to compile against") as caught:
        against.pinned([required], "3.11", {})
    assert f"{required} is required to build" in caught.value.evidence
    assert "1.26.4, 2.2.6, 2.4.6, 1.24.2, <1.27,>=1.26" in caught.value.evidence


def test_the_recipe_of_who_is_compiled_against_numpy() -> None:
    assert against.fields(["setuptools", "numpy==2.2.6"], "3.11") == {
        "target-requires": ("numpy==2.2.6",),
        "hybrid": {"numpy": ("numpy/_core/include", "numpy/_core/lib", "numpy/random/lib")},
        "requires-dist": ("numpy<3,>=1.19",),
    }


def test_a_pin_is_stale_when_the_recipe_has_moved_on() -> None:
    assert against.is_current(["setuptools", "numpy==1.26.4"], "3.11")
    assert against.is_current(["numpy==1.26.3"], "3.11")
    assert not against.is_current(["numpy==1.17.3"], "3.11")
    assert not against.is_current(["numpy==1.26.4"], "3.13")


@pytest.mark.parametrize("name", ["pandas", "pywavelets", "scikit-learn", "scikit-image"])
@pytest.mark.parametrize(
    ("python", "numpy"),
    [
        ("3.7", "1.20.3"),
        ("3.9", "1.22.4"),
        ("3.11", "1.24.2"),
        ("3.11", "2.2.6"),
        ("3.13", "2.1.3"),
        ("3.13", "2.4.6"),
    ],
)
def test_what_is_built_beside_another_numpy_is_compiled_against_it(
    name: str, python: str, numpy: str
) -> None:
    run = {"numpy": recipe.load("numpy").at(numpy, python)}
    others = {package: version for package, version in run.items() if version}
    chosen = versions.own(recipe.load(name), Requirement(name), python, others)
    assert chosen
    assert f"numpy=={numpy}" in chosen.target_requires
    for text in chosen.companions:  # scipy's version is pinned, and goes with it as well
        wanted = Requirement(text)
        companion = versions.own(recipe.load(wanted.name), wanted, python, others)
        assert companion
        assert {f"numpy=={numpy}"} >= set(companion.target_requires)
