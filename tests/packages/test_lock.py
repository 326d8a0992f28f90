"""Lock files: written, read back, and refused where they are malformed or another recipe's."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from crossbuild.core import documents
from crossbuild.core.errors import LockError
from crossbuild.index.artifact import Artifact
from crossbuild.packages import lock, recipe
from crossbuild.packages.lock import Lock

ROLES = ["source", "build", "runtime", "board", "cell"]
KEYS = ["name", "version", "url", "hashes", "roles", "sha256", "crossbuild", *ROLES]

artifacts = st.builds(
    lambda name, sha, wheel: Artifact(
        name,
        "1.0",
        f"{name}-1.0-py3-none-any.whl" if wheel else f"{name}-1.0.tar.gz",
        f"{sha:064x}",
        f"https://example.org/{name}",
    ),
    st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True),
    st.integers(0, 9),
    st.booleans(),
)
several = st.lists(artifacts, max_size=4, unique=True).map(lambda found: tuple(sorted(found)))


@settings(max_examples=30, deadline=None)  # a busy machine is no failure
@given(source=several, build=several, runtime=several, board=several)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    source: tuple[Artifact, ...],
    build: tuple[Artifact, ...],
    runtime: tuple[Artifact, ...],
    board: tuple[Artifact, ...],
) -> None:
    path = tmp_path_factory.mktemp("lock") / "pylock.x.toml"
    made = Lock("3.7", "thing==1.0", {"build": ("a", "b>=1")}, source, build, runtime, board)
    lock.write(made, path)
    first = path.read_bytes()
    assert lock.read(path) == made
    lock.write(lock.read(path), path)
    assert path.read_bytes() == first


def test_a_missing_lock_says_how_to_make_it(tmp_path: Path) -> None:
    version = recipe.load("numpy").for_python("3.7")
    with pytest.raises(LockError) as caught:
        lock.load(version, "3.7", folder=tmp_path)
    assert "pylock.cp37-numpy-1_21_6.toml does not exist" in caught.value.evidence
    assert "crossbuild lock" in caught.value.cure


@pytest.mark.parametrize(
    ("old", "new", "evidence"),
    [
        ('lock-version = "1.0"', "lock-version = 1.0", "'lock-version'"),
        ('lock-version = "1.0"', 'lock-version = "9.0"', "9.0 is not supported"),
        ('name = "crossenv"', 'name = "other"', "'packages[0].wheels[0]'"),
        ('sha256 = "', 'md5 = "', "no sha256 or no url in 'packages[0]'"),
        ('    "build",', '    "bild",', "roles ['bild'] in 'packages[0].tool.crossbuild'"),
        ("[tool.crossbuild]", "[tool.other]", "not one of crossbuild's locks"),
        ("[[packages]]", "[[packages", "Expected ']]'"),
    ],
)
def test_a_malformed_lock_names_file_and_key(
    tmp_path: Path, old: str, new: str, evidence: str
) -> None:
    version = recipe.load("numpy").for_python("3.7")
    good = lock.path_of("numpy", version.version, "3.7").read_text()
    path = lock.path_of("numpy", version.version, "3.7", folder=tmp_path)
    path.write_text(good.replace(old, new, 1))
    with pytest.raises(LockError, match="malformed") as caught:
        lock.load(version, "3.7", folder=tmp_path)
    assert str(path) in caught.value.evidence
    assert evidence in caught.value.evidence


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_file_in_a_locks_place_ends_in_a_traceback(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "pylock.any.toml"
    path.write_bytes(content)
    with pytest.raises(LockError, match="malformed"):
        lock.read(path)


@pytest.mark.parametrize("content", ["a = " + "[" * 20_000, "a = " + "9" * 5_000])
def test_toml_that_python_chokes_on_is_malformed(content: str, tmp_path: Path) -> None:
    path = tmp_path / "pylock.deep.toml"
    path.write_text(content)
    with pytest.raises(LockError, match="malformed"):
        lock.read(path)


#: What a key of a lock file may say instead of what it should.
WRONG = st.recursive(
    st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.sampled_from(ROLES)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=4,
)


def places(document: object, *before: str) -> Iterator[tuple[str, ...]]:
    """The paths of all values in a document; list items by their number, of each list two."""
    inner: Mapping[str, object] = {}
    if isinstance(document, dict):
        inner = document
    elif isinstance(document, list):
        inner = {str(number): item for number, item in enumerate(document[:2])}
    for key, value in inner.items():
        yield (*before, key)
        yield from places(value, *before, key)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), value=WRONG)
def test_no_value_in_a_lock_ends_in_a_traceback(
    data: st.DataObject, value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One value of a good lock, at any depth, is another."""
    document = documents.read_toml(lock.path_of("numpy", "1.21.6", "3.7"))
    path_to = data.draw(st.sampled_from(sorted(places(document))))
    place: Any = document
    for key in path_to[:-1]:
        place = place[key if isinstance(place, dict) else int(key)]
    place[path_to[-1] if isinstance(place, dict) else int(path_to[-1])] = value
    path = tmp_path_factory.getbasetemp() / "pylock.wrong.toml"
    path.write_text(tomli_w.dumps(document))
    with contextlib.suppress(LockError):
        found = lock.read(path)
        assert found.artifacts == tuple(sorted(found.artifacts))
        lock.write(found, path)


def test_a_lock_of_another_recipe_is_refused() -> None:
    version = recipe.load("numpy").for_python("3.7")
    changed = version.model_copy(update={"build_requires": ("Cython>=0.29.30,<3.0",)})
    with pytest.raises(LockError, match="does not belong to its recipe") as caught:
        lock.load(changed, "3.7")
    assert "build: Cython>=0.29.30,<3.0" in caught.value.evidence
    assert "build: setuptools==59.2.0" in caught.value.evidence
    assert "crossbuild lock" in caught.value.cure


def test_a_lock_has_the_recipes_versions() -> None:
    found = lock.load(recipe.load("scipy").for_python("3.7"), "3.7")
    versions = {artifact.name: artifact.version for artifact in found.build}
    assert (versions["numpy"], versions["setuptools"]) == ("1.21.6", "57.5.0")


def test_what_an_environment_holds_is_known_for_each_python() -> None:
    for python in recipe.PYTHONS:
        names = [Requirement(text).name for text in lock.environment_requirements(python)["build"]]
        assert names == ["crossenv", "pip", "setuptools", "wheel"]
    with pytest.raises(LockError, match=r"Python 3\.4"):
        lock.environment_requirements("3.4")
