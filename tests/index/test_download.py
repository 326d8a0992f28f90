"""Downloads: from where pip is configured, whole or not at all, and offline from the cache."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import files
from crossbuild.core.errors import ConfigurationError, IndexUnreachableError, LockError
from crossbuild.index import download, pip_settings
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings
from tests.support.simple_index import SimpleIndex, served


@pytest.fixture
def store(tmp_path: Path) -> SimpleIndex:
    return SimpleIndex(tmp_path / "index")


def settings(*urls: str, links: tuple[str, ...] = ()) -> PipSettings:
    return PipSettings(index_urls=urls, find_links=links, timeout=5)


def artifact(path: Path, sha256: str = "") -> Artifact:
    name, version = path.name.removesuffix(".tar.gz").split("-")[:2]
    return Artifact(name, version, path.name, sha256 or files.sha256(path), "https://example.org")


def downloads(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def test_a_fetched_file_is_cached_and_then_needs_no_network(
    store: SimpleIndex, tmp_path: Path
) -> None:
    wanted = artifact(store.sdist("thing", "1.0"))
    cache = tmp_path / "cache"
    with served(store.root) as url:
        got = download.fetch(wanted, cache, settings=settings(url))
    assert got == cache / "downloads" / wanted.sha256[:2] / wanted.sha256 / "thing-1.0.tar.gz"
    assert files.sha256(got) == wanted.sha256
    assert download.fetch(wanted, cache, settings=settings(url), offline=True) == got
    assert download.fetch(wanted, cache, settings=settings("http://127.0.0.1:9/simple")) == got


def test_a_damaged_file_in_the_cache_is_fetched_again(store: SimpleIndex, tmp_path: Path) -> None:
    wanted = artifact(store.sdist("thing", "1.0"))
    path = download.fetch(wanted, tmp_path, settings=settings(store.url))
    path.write_bytes(b"damaged")
    assert download.fetch(wanted, tmp_path, settings=settings(store.url)) == path
    assert files.sha256(path) == wanted.sha256


def test_offline_says_which_file_is_missing(store: SimpleIndex, tmp_path: Path) -> None:
    with pytest.raises(IndexUnreachableError) as caught:
        download.fetch(artifact(store.sdist("thing", "1.0")), tmp_path, offline=True)
    assert "not in the cache: thing-1.0.tar.gz" in str(caught.value)
    assert "without --offline" in caught.value.cure


def test_another_hash_leaves_nothing_in_the_cache(store: SimpleIndex, tmp_path: Path) -> None:
    path = store.sdist("thing", "1.0")
    wanted = artifact(path, "0" * 64)
    cache = tmp_path / "cache"
    with pytest.raises(LockError) as caught:
        download.fetch(wanted, cache, settings=settings(store.url))
    assert f"expected sha256 {'0' * 64}" in caught.value.evidence
    assert f"got      sha256 {files.sha256(path)}" in caught.value.evidence
    assert path.as_uri() in caught.value.evidence
    assert not downloads(cache)


def test_a_cut_download_is_an_error_and_leaves_nothing(store: SimpleIndex, tmp_path: Path) -> None:
    wanted = artifact(store.sdist("thing", "1.0"))
    cache = tmp_path / "cache"
    with (
        served(store.root, {".gz": "cut"}) as url,
        pytest.raises(IndexUnreachableError, match="cannot be downloaded") as caught,
    ):
        download.fetch(wanted, cache, settings=settings(url))
    assert "thing-1.0.tar.gz: " in caught.value.evidence
    assert not downloads(cache)


def test_an_unreachable_index_is_named_without_its_password(tmp_path: Path) -> None:
    wanted = Artifact("thing", "1.0", "thing-1.0.tar.gz", "0" * 64, "")
    with pytest.raises(IndexUnreachableError) as caught:
        download.fetch(wanted, tmp_path, settings=settings("http://me:secret@127.0.0.1:9/simple"))
    text = str(caught.value)
    assert "cannot be reached" in text
    assert "127.0.0.1:9/simple" in text
    assert "Connection refused" in text
    assert "secret" not in text
    assert "pip config list" in caught.value.cure
    assert "--offline" in caught.value.cure


def test_a_failing_index_tells_its_status(store: SimpleIndex, tmp_path: Path) -> None:
    wanted = artifact(store.sdist("thing", "1.0"))
    with served(store.root, {"/thing/": "500"}) as url, pytest.raises(IndexUnreachableError) as got:
        download.fetch(wanted, tmp_path, settings=settings(url))
    assert "HTTP 500" in got.value.evidence


@pytest.mark.parametrize("end", ["/thing/", ".gz"])
def test_an_index_that_is_too_slow_is_told(end: str, store: SimpleIndex, tmp_path: Path) -> None:
    wanted, cache = artifact(store.sdist("thing", "1.0")), tmp_path / "cache"
    with served(store.root, {end: "slow"}) as url:
        hasty = replace(settings(url), timeout=0.3)
        with pytest.raises(IndexUnreachableError) as caught:
            download.fetch(wanted, cache, settings=hasty)
        assert "timed out" in caught.value.evidence
        assert not downloads(cache)
        assert download.fetch(wanted, cache, settings=settings(url)).is_file()


def test_a_file_that_fails_once_is_asked_for_again(store: SimpleIndex, tmp_path: Path) -> None:
    wanted = artifact(store.sdist("thing", "1.0"))
    with served(store.root, {".gz": "once"}) as url:
        assert download.fetch(wanted, tmp_path, settings=settings(url)).is_file()


def test_a_redirect_away_from_https_is_refused(store: SimpleIndex, tmp_path: Path) -> None:
    """To where anyone on the way could name other files, and their hashes."""
    store.sdist("thing", "1.0")
    pem = tmp_path / "cert.pem"
    words = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=index"
    own = f"-addext subjectAltName=IP:127.0.0.1 -keyout {pem} -out {tmp_path}/own.pem"
    subprocess.run([*words.split(), *own.split()], check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "own.pem").read_text())
    with served(store.root) as plain:
        there = plain.removesuffix("/simple")
        for end, told in {"/thing/": "is not encrypted", "/none/": "asked: https"}.items():
            with served(store.root, {end: there}, pem) as url:
                chosen = replace(settings(url), cert=str(tmp_path / "own.pem"))
                with pytest.raises(IndexUnreachableError) as caught:
                    download.find_sdist(end.strip("/"), "", "3.11", settings=chosen)
                assert told in caught.value.evidence
        with served(store.root, {}, pem) as url:
            chosen = replace(settings(url), cert=str(tmp_path / "own.pem"))
            assert download.find_sdist("thing", "", "3.11", settings=chosen).version == "1.0"


def test_one_dead_index_does_not_matter_where_another_has_the_file(
    store: SimpleIndex, tmp_path: Path
) -> None:
    wanted = artifact(store.sdist("thing", "1.0"))
    urls = ("http://127.0.0.1:9/simple", (tmp_path / "none").as_uri(), store.url)
    assert download.fetch(wanted, tmp_path, settings=settings(*urls)).is_file()


def test_find_links_will_do(store: SimpleIndex, tmp_path: Path) -> None:
    wanted = artifact(store.wheel("thing", "1.0"))
    folder = str(store.root / "files")
    assert download.fetch(wanted, tmp_path, settings=settings(links=(folder,))).is_file()


def test_a_file_that_no_index_has(store: SimpleIndex, tmp_path: Path) -> None:
    store.sdist("thing", "1.0")
    wanted = Artifact("thing", "2.0", "thing-2.0.tar.gz", "0" * 64, "")
    for chosen in (settings(store.url), settings()):
        with pytest.raises(IndexUnreachableError, match=r"no index has thing-2\.0") as caught:
            download.fetch(wanted, tmp_path, settings=chosen)
        assert "extra-index-url" in caught.value.cure


def test_the_newest_sdist_that_admits_the_python(store: SimpleIndex) -> None:
    store.sdist("thing", "1.0", requires_python=">=3.5")
    store.sdist("thing", "1.2", requires_python=">=3.6")
    store.sdist("thing", "2.0", requires_python=">=3.9")
    store.sdist("thing", "2.1rc1", requires_python=">=3.9")
    store.wheel("thing", "3.0")
    chosen = settings(store.url)
    found = {
        python: download.find_sdist("Thing", "", python, settings=chosen)
        for python in ("3.5", "3.7", "3.10", "3.13")
    }
    assert [found[python].version for python in found] == ["1.0", "1.2", "2.0", "2.0"]
    assert found["3.5"].sha256 == files.sha256(store.root / "files/thing-1.0.tar.gz")
    assert download.find_sdist("thing", "<1.2", "3.7", settings=chosen).version == "1.0"
    with pytest.raises(IndexUnreachableError, match=r"source distribution of thing>=2 for Python"):
        download.find_sdist("thing", ">=2", "3.7", settings=chosen)


def test_the_wheel_for_the_build_python_and_the_oldest_glibc(store: SimpleIndex) -> None:
    for tag in (
        "cp37-cp37m-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp37-cp37m-manylinux1_x86_64",
        "cp37-cp37m-linux_armv7l",
        "cp38-cp38-manylinux1_x86_64",
        "cp311-abi3-manylinux_2_28_x86_64",
        "cp36-cp36m-manylinux_2_35_x86_64",
    ):
        store.wheel("thing", "1.0", tag=tag)
    chosen = settings(store.url)

    def name(python: str) -> str:
        return download.find_wheels(["thing==1.0"], python, settings=chosen)[0].filename

    assert name("3.7") == "thing-1.0-cp37-cp37m-manylinux1_x86_64.whl"
    assert name("3.8") == "thing-1.0-cp38-cp38-manylinux1_x86_64.whl"
    assert name("3.13") == "thing-1.0-cp311-abi3-manylinux_2_28_x86_64.whl"
    with pytest.raises(IndexUnreachableError, match=r"wheel of thing==1\.0 for Python 3\.6"):
        name("3.6")


def test_pip_variables_win_over_the_users_file_and_that_over_the_machines(tmp_path: Path) -> None:
    machine, home = tmp_path / "etc", tmp_path / "home"
    (machine / "pip").mkdir(parents=True)
    (home / ".config/pip").mkdir(parents=True)
    (machine / "pip/pip.conf").write_text(
        "[global]\nindex-url = https://a/simple\ntimeout = 7\nextra-index-url =\n  https://b\n  https://c\n"
    )
    (home / ".config/pip/pip.conf").write_text(
        "[global]\ncert = /ca.pem\n[install]\nindex_url = https://u/simple\n"
    )
    environ = {"XDG_CONFIG_DIRS": str(machine), "HOME": str(home)}
    got = pip_settings.read({**environ, "PIP_FIND_LINKS": f"{tmp_path} /no/such/folder"})
    assert got.index_urls == ("https://u/simple", "https://b", "https://c")
    assert got.find_links == (str(tmp_path),)
    assert (got.cert, got.timeout) == ("/ca.pem", 7)
    assert pip_settings.read({**environ, "PIP_INDEX_URL": "https://v"}).index_urls[0] == "https://v"
    assert pip_settings.read({**environ, "PIP_NO_INDEX": "1"}).index_urls == ()
    assert pip_settings.read({"PIP_CONFIG_FILE": "/dev/null"}) == PipSettings()


def test_a_broken_pip_configuration_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    path.write_text("index-url = https://x\n")
    with pytest.raises(ConfigurationError) as caught:
        pip_settings.read({"PIP_CONFIG_FILE": str(path)})
    assert str(path) in caught.value.evidence
    assert "pip config debug" in caught.value.cure
    with pytest.raises(ConfigurationError, match="time-out"):
        pip_settings.read({"PIP_CONFIG_FILE": "/dev/null", "PIP_TIMEOUT": "soon"})


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    chosen = PipSettings(cert=str(tmp_path / "none.pem"))
    with pytest.raises(ConfigurationError, match="cert") as caught:
        download.find_sdist("thing", "", "3.7", settings=chosen)
    assert "none.pem" in caught.value.evidence
