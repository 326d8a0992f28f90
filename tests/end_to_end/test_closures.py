"""What the recipes put on a board beside their own wheels asks for nothing that is not there."""

import email
import os
import zipfile
from collections import defaultdict
from collections.abc import Mapping

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild.core import defaults
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.packages import lock, recipe, versions
from crossbuild.packages.recipe import RecipeVersion

pytestmark = pytest.mark.slow

RECIPES = {name: recipe.load(name) for name in recipe.names()}


def closure(version: RecipeVersion, python: str) -> Mapping[str, RecipeVersion]:
    """The version and all with recipes that it needs on the board."""
    found: dict[str, RecipeVersion] = {}
    pending = [version]
    while pending:
        one = pending.pop()
        found[one.package] = one
        for text in (*one.target_requires, *one.companions):
            wanted = Requirement(text)
            known = RECIPES[canonicalize_name(wanted.name)]
            needed = versions.own(known, wanted, python, found)
            assert needed, (one.package, one.version, python, text)
            if needed.package not in found:
                pending.append(needed)
    return found


def asked_by(wheel: Artifact, python: str) -> list[Requirement]:
    """What a wheel requires on a board, by its metadata."""
    board = {"python_version": python, "python_full_version": f"{python}.9", "extra": ""}
    board |= {"platform_machine": "armv7l"}
    with zipfile.ZipFile(download.fetch(wheel, defaults.CACHE)) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        texts = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist") or []
    wanted = map(Requirement, texts)
    return [one for one in wanted if one.marker is None or one.marker.evaluate(board)]


@pytest.mark.skipif("CROSSBUILD_NIGHTLY" not in os.environ, reason="run by `make nightly`")
@pytest.mark.parametrize("python", recipe.PYTHONS)
def test_what_is_locked_for_a_board_has_all_it_asks_for(python: str) -> None:
    lacking = []
    for version in (one for known in RECIPES.values() for one in known.for_python_all(python)):
        together = closure(version, python)
        pure = {file for one in together.values() for file in lock.load(one, python).runtime}
        there: defaultdict[str, set[str]] = defaultdict(set)
        for one in together.values():
            there[canonicalize_name(one.package)].add(one.version)
        for file in pure:
            there[file.name].add(str(file.version))
        lacking += [
            f"{version.package} {version.version}: {file.filename} asks for {wanted}"
            for file in pure
            for wanted in asked_by(file, python)
            if not any(
                wanted.specifier.contains(one, prereleases=True)
                for one in there[canonicalize_name(wanted.name)]
            )
        ]
    assert not lacking
