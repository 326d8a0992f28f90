"""What is to be built, and in which order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from packaging.requirements import Requirement

from crossbuild.core.errors import RecipeError
from crossbuild.packages import recipe
from crossbuild.packages.package import Package
from crossbuild.packages.wanted import Wanted, is_bare


@dataclass(frozen=True)
class Planned:
    """A package with its content keys.

    :ivar build_key: of what the back end makes
    :ivar key: of the wheel for the board
    """

    package: Package
    build_key: str
    key: str


def in_order(
    wanted: Sequence[Wanted], find: Callable[[Wanted, Mapping[str, Package]], Package]
) -> tuple[Package, ...]:
    """The wanted packages and all they link against, each after its dependencies.

    :param find: gives the package for what is wanted, to go with those that are chosen already
    :raises RecipeError: one is asked for in two versions
    """
    packages: dict[str, Package] = {}
    graph: dict[str, set[str]] = {}
    pending = [(mention, "the command line") for mention in sorted(wanted, key=_flexibility)]
    while pending:
        mention, by = pending.pop(0)
        package = find(mention, packages)
        if package.name in packages:
            _require_same(packages[package.name], package, mention, by)
            continue
        packages[package.name] = package
        graph[package.name] = set(package.recipe.dependencies)
        needed = (*package.recipe.target_requires, *package.recipe.companions)
        pending = [*((Requirement(text), package.title) for text in needed), *pending]
    return tuple(packages[name] for name in TopologicalSorter(graph).static_order())


def _flexibility(wanted: Wanted) -> int:
    """The less, the sooner its version is chosen, to which those of others then are fitted.

    A bare name is content with the version that another package is built against, what has no
    recipe is compiled against any version that satisfies it, and a recipe against some.
    """
    if not isinstance(wanted, Requirement):
        return 2
    known = recipe.exists(wanted.name)
    if is_bare(wanted):
        return 4 if known else 3
    if not known:
        return 2
    return 0 if recipe.load(wanted.name).hands_out else 1


def _require_same(chosen: Package, package: Package, wanted: Wanted, by: str) -> None:
    """Check that a package that is chosen does for another mention of it.

    A source folder of the user's own stands for any version.
    """
    if chosen.folder or is_bare(wanted) or chosen.title == package.title:
        return
    raise RecipeError(
        f"{chosen.title} and {package.title} cannot be built together",
        evidence=f"{by} asks for {wanted}, but {chosen.title} is asked for as well",
        cure="name versions that go together (a recipe pins what it is built against), or build "
        "in two runs, each into a wheelhouse of its own",
    )


def batches(planned: Sequence[Planned]) -> list[list[Planned]]:
    """The packages in batches, each of which may be built side by side after those before it.

    :param planned: all packages, in order
    """
    level: dict[str, int] = {}
    result: list[list[Planned]] = []
    for entry in planned:
        before = (level[name] for name in entry.package.recipe.dependencies)
        number = level[entry.package.name] = max(before, default=-1) + 1
        result[number:] = result[number:] or [[]]
        result[number].append(entry)
    return result
