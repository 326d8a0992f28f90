"""Locks: the committed ones hold all that their recipes need; others are made and refused."""

import ast
import contextlib
import email
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.pylock import is_valid_pylock_path
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.core import files
from crossbuild.core.command import try_run
from crossbuild.core.errors import IndexUnreachableError, LockError
from crossbuild.index import download, pip_settings
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from crossbuild.index.session import build_python_tags
from crossbuild.packages import lock, recipe, relock
from crossbuild.packages.lock import Lock
from crossbuild.packages.recipe import RecipeVersion
from tests.support.simple_index import SimpleIndex

ROLES = ["source", "build", "runtime", "board", "cell"]
KEYS = ["name", "version", "url", "hashes", "roles", "sha256", "crossbuild", *ROLES]
UNREACHABLE = PipSettings(index_urls=("http://127.0.0.1:9/simple",), timeout=5)
PIP_URL = "https://files.pythonhosted.org/packages/py3/p/pip/pip-24.0-py3-none-any.whl"


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


@pytest.fixture
def store(tmp_path: Path) -> SimpleIndex:
    return SimpleIndex(tmp_path / "index")


def chosen(store: SimpleIndex) -> PipSettings:
    return PipSettings(index_urls=(store.url,), timeout=5)


def environment_of(store: SimpleIndex) -> None:
    for name, version in {"crossenv": "1.6.2", "pip": "24.0", "setuptools": "68.0.0"}.items():
        store.wheel(name, version)
    store.wheel("wheel", "0.42.0")
    store.wheel("wheel", "0.48.0")


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
    document = tomllib.loads(lock.path_of("numpy", "1.21.6", "3.7").read_text())
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


def test_a_package_without_a_recipe_is_resolved_with_all_it_needs(
    store: SimpleIndex, tmp_path: Path
) -> None:
    environment_of(store)
    store.wheel("backend", "1.0", needs=("helper<2", "windows; sys_platform == 'win32'"))
    store.wheel("helper", "1.5")
    store.wheel("helper", "2.0")
    made = relock.resolve_on_the_fly(["backend"], "3.7", settings=chosen(store))
    versions = {artifact.name: artifact.version for artifact in made.build}
    assert versions == {
        "backend": "1.0",
        "crossenv": "1.6.2",
        "helper": "1.5",
        "pip": "24.0",
        "setuptools": "68.0.0",
        "wheel": "0.42.0",
    }
    assert [artifact.name for artifact in made.board] == ["pip"]
    path = tmp_path / "pylock.mine.toml"
    lock.write(made, path)
    assert lock.read(path) == made
    fetched = download.fetch_all(made.build, tmp_path / "cache", settings=chosen(store))
    assert [files.sha256(path) for path in fetched] == [a.sha256 for a in made.build]


def test_requirements_that_contradict_each_other(store: SimpleIndex) -> None:
    environment_of(store)
    store.wheel("backend", "1.0", needs=("helper<2",))
    store.wheel("helper", "1.5")
    with pytest.raises(LockError, match=r"for Python 3\.7 cannot be satisfied") as caught:
        relock.resolve_on_the_fly(["backend", "helper>=2"], "3.7", settings=chosen(store))
    assert "helper>=2" in caught.value.evidence
    assert "pyproject.toml" in caught.value.cure


def test_an_unreachable_index_is_not_mistaken_for_a_contradiction() -> None:
    with pytest.raises(IndexUnreachableError) as caught:
        relock.resolve_on_the_fly(["backend"], "3.7", settings=UNREACHABLE)
    assert "127.0.0.1:9" in caught.value.evidence
    assert "pip config list" in caught.value.cure


def test_python_3_5_gets_the_newest_that_all_agree_on(store: SimpleIndex) -> None:
    for text in lock.environment_requirements("3.5")["build"]:
        store.wheel(*text.split("=="))
    store.wheel("setuptools", "50.3.2", requires_python=">=3.5")
    store.wheel("backend", "2.0", requires_python=">=3.6")
    store.wheel("backend", "1.0", needs=("helper", "late; python_version >= '3.6'"))
    store.wheel("helper", "1.5", needs=("third==1.0",))
    store.wheel("helper", "2.0")
    store.wheel("third", "1.0")
    requires = ["backend", "helper<2", "setuptools>=40.8"]
    made = relock.resolve_on_the_fly(requires, "3.5", settings=chosen(store))
    assert [f"{artifact.name} {artifact.version}" for artifact in made.build] == [
        "backend 1.0",
        "crossenv 1.5.0",
        "helper 1.5",
        "pip 20.3.4",
        "setuptools 49.1.3",
        "third 1.0",
        "wheel 0.35.1",
    ]
    with pytest.raises(IndexUnreachableError, match=r"wheel of helper<2,>=2 for Python 3\.5"):
        relock.resolve_on_the_fly(["helper<2", "helper>=2"], "3.5", settings=chosen(store))


def test_renewing_a_cell_writes_the_lock_that_loads(store: SimpleIndex, tmp_path: Path) -> None:
    version = recipe.load("numpy").for_python("3.7")
    environment_of(store)
    store.sdist("numpy", "1.21.6")
    store.wheel("Cython", "0.29.37")
    store.wheel("setuptools", "59.2.0")
    store.wheel("wheel", "0.37.0")
    path = relock.renew(version, "3.7", folder=tmp_path, settings=chosen(store))
    found = lock.load(version, "3.7", folder=tmp_path)
    assert path.parent == tmp_path
    assert found.source[0].filename == "numpy-1.21.6.tar.gz"
    assert ("wheel", "0.37.0") in {(one.name, one.version) for one in found.build}
    assert found.board[0].url == PIP_URL


@pytest.mark.parametrize(
    ("url", "public"),
    [
        (f"https://mirror.example/pypi/packages/ab/cd/{'e' * 60}/pip-24.0-py3-none-any.whl",
         f"https://files.pythonhosted.org/packages/ab/cd/{'e' * 60}/pip-24.0-py3-none-any.whl"),
        ("file:///srv/wheels/pip-24.0-py3-none-any.whl", PIP_URL),
        ("https://mirror.example/numpy-1.21.6.zip",
         "https://files.pythonhosted.org/packages/source/n/numpy/numpy-1.21.6.zip"),
    ],
)  # fmt: skip
def test_a_lock_names_no_mirror(url: str, public: str) -> None:
    name = url.rpartition("/")[2]
    assert relock.public_url(Artifact("x", "1", name, "0" * 64, url)) == public


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


@pytest.mark.slow
def test_a_smoke_script_passes_on_a_good_numpy_and_fails_on_a_broken_one(tmp_path: Path) -> None:
    python = f"3.{sys.version_info.minor}"
    found = lock.load(recipe.load("scipy").for_python(python), python)
    wheel = next(artifact for artifact in found.build if artifact.name == "numpy")
    site = tmp_path / "site"
    with zipfile.ZipFile(download.fetch(wheel, tmp_path, settings=pip_settings.read())) as archive:
        archive.extractall(site)
    script = recipe.load("numpy").smoke_script
    call = "import runpy, sys; sys.path.insert(0, sys.argv[1]); import numpy; {}; "
    call += "runpy.run_path(sys.argv[2], run_name='__main__')"

    def smoke(damage: str) -> tuple[int, str]:
        argv: list[str | Path] = [sys.executable, "-c", call.format(damage), site, script]
        finished = try_run(argv)
        return finished.status, finished.output

    assert smoke("pass") == (0, f"numpy {wheel.version}: 18 checks passed\n")
    status, output = smoke("numpy.linalg.inv = lambda a: a")
    assert status == 1
    assert "FAILED solve: AssertionError" in output
    assert f"numpy {wheel.version}: 2 of 18 checks failed" in output
