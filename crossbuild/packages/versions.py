"""Which version of a recipe is meant: one of its own, which is locked, or one that it covers."""

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from crossbuild.core.errors import RecipeError
from crossbuild.index import download
from crossbuild.packages.recipe import Recipe, RecipeVersion


def own(
    known: Recipe, wanted: Requirement, python: str, others: Mapping[str, RecipeVersion]
) -> RecipeVersion | None:
    """The first of the recipe's own versions that satisfies, as it goes with others of the run.

    One that is made for just these comes before one that can be compiled against them; where
    none goes with them it is the first, which then tells what it wants.

    :param others: by canonical name
    """
    fitting = [
        version
        for version in known.for_python_all(python)
        if wanted.specifier.contains(version.version, prereleases=True)
    ]
    fitted = [version.against(others) for version in fitting]
    # The same object, where it needs nothing else than it says.
    as_it_is = [one for one, version in zip(fitted, fitting, strict=True) if one is version]
    return next((one for one in (*as_it_is, *fitted, *fitting) if one), None)


def covered(
    known: Recipe, wanted: Requirement, python: str, others: Mapping[str, RecipeVersion]
) -> RecipeVersion:
    """The newest version of an index that satisfies and that the recipe covers.

    :raises RecipeError: it covers none that satisfies
    :raises IndexUnreachableError: no index can be reached
    """
    version = exact(wanted.specifier)
    there = [version] if version else download.versions(known.name)
    for candidate in sorted(wanted.specifier.filter(there), key=Version, reverse=True):
        if found := known.at(candidate, python):
            return found.against(others) or found
    raise none(known, wanted, python)


def without_index(known: Recipe, wanted: Requirement, python: str) -> RecipeVersion | None:
    """How a requirement is built, as far as no index need be asked; None where it cannot be.

    Which of the versions that a recipe covers there are, an index alone knows.
    """
    version = exact(wanted.specifier)
    probes = [version] if version else list(_probes(wanted.specifier, known.ranges(python)))
    fitting = (known.at(probe, python) for probe in probes if wanted.specifier.contains(probe))
    own_version = known.version_for(wanted, python)
    return own_version or next((found for found in fitting if found), None)


def none(known: Recipe, wanted: Requirement, python: str) -> RecipeError:
    """The error that a recipe has no version that satisfies; it says which there are."""
    ranges = "; ".join(known.ranges(python))
    having = ", ".join(one.version for one in known.for_python_all(python))
    return RecipeError(
        f"the recipe of {wanted.name} has no version {wanted.specifier} for Python {python}",
        evidence=f"it has {having or 'none'}; it covers {ranges or 'no others'}",
        cure="choose one of these, or add a [[version]] to the recipe",
    )


def exact(specifier: SpecifierSet) -> str | None:
    """The one version that a specifier names, if it names one."""
    named = [one.version for one in specifier if one.operator == "==" and "*" not in one.version]
    return named[0] if len(named) == len(specifier) == 1 else None


def _probes(specifier: SpecifierSet, ranges: Iterable[str]) -> Iterator[str]:
    """Versions of which one is inside of two intervals that overlap: a bound, or just above."""
    for one in (*specifier, *(bound for text in ranges for bound in SpecifierSet(text))):
        bound = one.version.removesuffix(".*")
        yield from (bound, f"{Version(bound).base_version}.1")
