"""What a package is compiled against, where another hands out headers and libraries.

A build imports such a package and asks it where its headers are.  The recipe of the other says
which of its folders are the target's, so whoever requires it to build gets them as a hybrid.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from crossbuild.core.errors import RecipeError
from crossbuild.packages import hooks, recipe
from crossbuild.packages.recipe import Recipe, RecipeVersion


def pinned(requires: Sequence[str], python: str, preferred: Mapping[str, str]) -> tuple[str, ...]:
    """Build requirements, in which each package that hands out headers has one version.

    :param python: the target's Python, e.g. ``"3.11"``
    :param preferred: versions by canonical name that others of the run are compiled against
    :raises RecipeError: a package that hands out headers has no version that satisfies them
    """
    wanted = [Requirement(text) for text in requires]
    here = [requirement for requirement in wanted if hooks.applies(requirement, python)]
    pins, replaced = [], set[Requirement]()
    for known in _handing_out():
        named = [r for r in here if canonicalize_name(r.name) in known.required_as]
        if named:
            version = _version(known, named, python, preferred.get(known.name))
            pins.append(f"{known.name}=={version.version}")
            replaced |= set(named)
    return (*(text for text in requires if Requirement(text) not in replaced), *pins)


def fields(requires: Iterable[str], python: str) -> dict[str, object]:
    """The fields of a package's recipe that let it be compiled against what it requires.

    :param requires: build requirements as :func:`pinned` gave them
    """
    given = {text: version for text, version in _pinned_versions(requires, python) if version}
    handed = {v.package: v.compiled_against for v in given.values() if v.compiled_against}
    return {
        "target-requires": tuple(given),
        "hybrid": {name: against.folders for name, against in handed.items()},
        "requires-dist": tuple(f"{name}{against.runs_with}" for name, against in handed.items()),
    }


def is_current(requires: Iterable[str], python: str) -> bool:
    """Whether the recipes still have the versions that build requirements were pinned to."""
    return all(version for _, version in _pinned_versions(requires, python))


def _pinned_versions(
    requires: Iterable[str], python: str
) -> Iterator[tuple[str, RecipeVersion | None]]:
    """The requirements of packages that hand out headers, each with the recipe's version."""
    handing_out = {known.name: known for known in _handing_out()}
    for text in requires:
        name, _, wanted = text.partition("==")
        if name in handing_out:
            yield text, handing_out[name].at(wanted, python)


def _handing_out() -> list[Recipe]:
    """The recipes of packages that hand out headers or libraries."""
    return [known for known in map(recipe.load, recipe.names()) if known.hands_out]


def _version(
    known: Recipe, named: Sequence[Requirement], python: str, preferred: str | None
) -> RecipeVersion:
    """The version to compile against: that of others, else the first that satisfies all.

    :raises RecipeError: there is none
    """
    specifier = SpecifierSet()
    for requirement in named:
        if canonicalize_name(requirement.name) == known.name:
            specifier &= requirement.specifier
    there = known.for_python_all(python)
    fitting = [one for one in there if specifier.contains(one.version, prereleases=True)]
    of_run = known.at(preferred, python) if preferred else None
    first = [of_run] if of_run and specifier.contains(of_run.version, prereleases=True) else []
    # A newer one does as well, whose extensions run with a version that is asked for.
    named_versions = [Version(one.version.replace("*", "0")) for one in specifier]
    asked = [one for one in named_versions if specifier.contains(one, prereleases=True)]
    newer = [one for one in there if any(one.serves(version) for version in asked)]
    for version in (*first, *fitting, *newer):
        return version
    having = ", ".join((*(one.version for one in there), *known.ranges(python)))
    raise RecipeError(
        f"there is no {known.name} to compile against for Python {python}",
        evidence=f"{', '.join(map(str, named))} is required to build; "
        f"the recipe of {known.name} has {having or 'none'}",
        cure="loosen that build requirement, or name the version to compile against beside it: "
        f"crossbuild wheels {known.name}==VERSION …",
    )
