"""Locks made from an index: for a recipe, or for a package without one."""

from pathlib import Path

import pytest

from crossbuild.core import files
from crossbuild.core.errors import IndexUnreachableError, LockError
from crossbuild.index import download
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from crossbuild.packages import lock, recipe, relock
from tests.support.simple_index import SimpleIndex

UNREACHABLE = PipSettings(index_urls=("http://127.0.0.1:9/simple",), timeout=5)
PIP_URL = "https://files.pythonhosted.org/packages/py3/p/pip/pip-24.0-py3-none-any.whl"


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
