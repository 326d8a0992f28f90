"""The committed locks hold all that their recipes need."""

import ast
import email
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.pylock import is_valid_pylock_path
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.core import files
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from crossbuild.index.session import build_python_tags
from crossbuild.packages import lock, recipe
from crossbuild.packages.recipe import RecipeVersion

UNREACHABLE = PipSettings(index_urls=("http://127.0.0.1:9/simple",), timeout=5)


def cells() -> Iterator[tuple[RecipeVersion, str]]:
    for name in recipe.names():
        for python in recipe.PYTHONS:
            for version in recipe.load(name).for_python_all(python):
                yield version, python


def satisfied(text: str, artifacts: tuple[Artifact, ...]) -> bool:
    wanted = Requirement(text)
    return any(
        artifact.name == canonicalize_name(wanted.name)
        and wanted.specifier.contains(artifact.version, prereleases=True)
        for artifact in artifacts
    )


def test_every_cell_has_a_lock_with_all_that_it_requires() -> None:
    count = 0
    for version, python in cells():
        found = lock.load(version, python)
        for role, texts in lock.requirements(version, python).items():
            for text in texts:
                assert satisfied(text, getattr(found, role)), (version.package, python, text)
        count += 1
    assert count >= 2 * len(recipe.PYTHONS)


def test_every_locked_build_requirement_is_a_wheel_for_the_build_python() -> None:
    for version, python in cells():
        found = lock.load(version, python)
        accepted = set(build_python_tags(python).supported_tags())
        for artifact in (*found.build, *found.board):
            assert artifact.is_wheel
            assert parse_wheel_filename(artifact.filename)[3] & accepted, artifact.filename
        assert [artifact.is_wheel for artifact in found.source] == [False]
        names = [artifact.name for artifact in found.build]
        assert len(names) == len(set(names)), "one copy of each package only"


def test_committed_locks_name_public_addresses_and_belong_to_a_cell() -> None:
    expected = {lock.path_of(v.package, v.version, python) for v, python in cells()}
    suites = {found.requires for name in recipe.names() if (found := recipe.load(name).suite)}
    expected |= {lock.path_of_tests(r, python) for r in suites for python in recipe.PYTHONS}
    assert set(lock.LOCKS.glob("pylock.*")) == expected
    for path in expected:
        assert is_valid_pylock_path(path)
        for artifact in lock.read(path).artifacts:
            assert artifact.url.startswith("https://files.pythonhosted.org/packages/")


@pytest.mark.slow
def test_a_cell_is_fetched_once_and_then_offline(tmp_path: Path) -> None:
    found = lock.load(recipe.load("numpy").for_python("3.7"), "3.7")
    first = download.fetch_all(found.artifacts, tmp_path)
    assert [files.sha256(path) for path in first] == [a.sha256 for a in found.artifacts]
    again = download.fetch_all(found.artifacts, tmp_path, settings=UNREACHABLE, offline=True)
    assert again == first


@pytest.mark.slow
def test_the_explicit_locks_of_python_3_5_lack_nothing_and_are_readable(tmp_path: Path) -> None:
    found = lock.load(recipe.load("scipy").for_python("3.5"), "3.5")
    environment = {"python_version": "3.5", "python_full_version": "3.5.6", "extra": ""}
    for path in download.fetch_all(found.build, tmp_path):
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            metadata = email.message_from_bytes(archive.read(name))
            for code in (member for member in archive.namelist() if member.endswith(".py")):
                ast.parse(archive.read(code), feature_version=(3, 5))
        assert SpecifierSet(metadata.get("Requires-Python", "")).contains("3.5.6"), path.name
        for text in metadata.get_all("Requires-Dist", []):
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate(environment):
                assert satisfied(text, found.build), (path.name, text)
