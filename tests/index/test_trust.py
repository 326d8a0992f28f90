"""What an index is trusted with: no password leaves its settings, and no other file is taken."""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossbuild.core import command
from crossbuild.core.errors import ConfigurationError, CrossbuildError, LockError
from crossbuild.index import download, pip_settings, resolver
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from crossbuild.packages import application
from crossbuild.packages.application import Application
from tests.support.simple_index import SimpleIndex, served

SECRET = "s3cr3t"


@pytest.fixture
def store(tmp_path: Path) -> SimpleIndex:
    store = SimpleIndex(tmp_path / "index")
    store.wheel("one", "1.0", needs=("two",))
    store.wheel("two", "2.0")
    return store


@pytest.fixture
def url(store: SimpleIndex) -> Iterator[str]:
    with served(store.root, {"/bad/": "500"}) as url:
        yield url.replace("http://", f"http://user:{SECRET}@")


def _find(name: str, settings: PipSettings) -> object:
    return download.find_wheels([name], "3.11", settings=settings)


def _resolve(name: str, settings: PipSettings) -> object:
    return resolver.wheels([name], "3.11", settings)


@pytest.mark.parametrize("ask", [_find, _resolve])
@pytest.mark.parametrize("name", ["one", "none", "bad", "one>7"])
def test_no_answer_has_the_password(
    ask: Callable[[str, PipSettings], object],
    name: str,
    url: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    places = (
        PipSettings(index_urls=(url,)),
        PipSettings(index_urls=(), find_links=(url.replace("/simple", "/files/"),)),
    )
    for settings in places:
        try:
            told = str(ask(name, settings))
        except CrossbuildError as error:
            told = "".join(traceback.format_exception(error))
        assert SECRET not in told + repr(settings) + "".join(capfd.readouterr())


def test_uv_gets_the_password_and_other_users_do_not_see_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[str]()

    def spy(argv: list[str], **rest: Any) -> command.Completed:
        seen.extend(argv)
        return command.try_run(argv, **rest)

    monkeypatch.setattr(resolver, "try_run", spy)
    found = resolver.wheels(["one"], "3.11", PipSettings(index_urls=(url,)))
    assert [artifact.name for artifact in found] == ["one", "two"]
    assert seen
    assert SECRET not in " ".join(seen)


def test_a_lock_has_no_password_of_a_link(store: SimpleIndex) -> None:
    page = store.root / "simple/one/index.html"
    page.write_text(page.read_text().replace("../../", f"http://user:{SECRET}@127.0.0.1/"))
    (found,) = download.find_wheels(["one"], "3.11", settings=PipSettings((store.url,)))
    assert found.url.startswith("http://127.0.0.1/files/one-1.0")


@pytest.mark.parametrize(
    "location",
    ["http://u:PW@[::1/simple", "htp://u:PW@host/simple", "u:PW@host/simple", "http://u:PW@h:x/"],
)
@pytest.mark.parametrize("variable", ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"])
def test_an_index_without_an_address_is_told_without_its_password(
    location: str, variable: str
) -> None:
    environ = {"PIP_CONFIG_FILE": "/dev/null", variable: location.replace("PW", SECRET)}
    with pytest.raises(ConfigurationError, match="has no address") as caught:
        pip_settings.read(environ)
    assert SECRET not in str(caught.value)
    assert "***@h" in str(caught.value) or "***@[" in str(caught.value)


def test_a_requirement_by_its_address_is_told_without_its_password(
    url: str, tmp_path: Path
) -> None:
    asked = tmp_path / "requirements.txt"
    address = url.replace("/simple", "/files/two-2.0-py3-none-any.whl")
    asked.write_text(f"two @ {address}\n")
    with pytest.raises(ConfigurationError, match="by its address") as caught:
        application.resolve(Application(files=(asked,)), "3.11", {}, PipSettings(()))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("stranger_first", [True, False])
def test_a_locked_file_is_not_taken_of_a_stranger(
    stranger_first: bool, store: SimpleIndex, tmp_path: Path
) -> None:
    """Dependency confusion: another index has the same name, and claims the same hash."""
    (locked,) = download.find_wheels(["two"], "3.11", settings=PipSettings((store.url,)))
    stranger = _stranger(tmp_path, locked)
    urls = (stranger.url, store.url) if stranger_first else (store.url, stranger.url)
    if stranger_first:
        with pytest.raises(LockError, match="is not the file that was locked"):
            download.fetch(locked, tmp_path / "cache", settings=PipSettings(urls))
        assert not list((tmp_path / "cache").rglob("*.whl"))
    else:
        path = download.fetch(locked, tmp_path / "cache", settings=PipSettings(urls))
        assert path.read_bytes() == (store.root / "files" / locked.filename).read_bytes()


def test_a_newer_version_of_a_stranger_is_not_what_is_locked(
    store: SimpleIndex, tmp_path: Path
) -> None:
    (locked,) = download.find_wheels(["two"], "3.11", settings=PipSettings((store.url,)))
    stranger = SimpleIndex(tmp_path / "stranger")
    stranger.wheel("two", "99.0")
    honest = replace(locked, url="")
    path = download.fetch(honest, tmp_path / "c", settings=PipSettings((stranger.url, store.url)))
    assert path.name == "two-2.0-py3-none-any.whl"


def _stranger(folder: Path, locked: Artifact) -> SimpleIndex:
    """An index with other bytes under the name of a locked file, and its hash on the page."""
    stranger = SimpleIndex(folder / "stranger")
    stranger.wheel(locked.name, locked.version, needs=("evil",))
    page = stranger.root / "simple" / locked.name / "index.html"
    claimed, _, rest = page.read_text().partition("#sha256=")
    page.write_text(f"{claimed}#sha256={locked.sha256}{rest[64:]}")
    return stranger
