"""ccache's storage that machines share: its address, a real Redis, and one that is not there."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crossbuild.cli import inputs
from crossbuild.core.errors import ConfigurationError, ToolMissingError
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.project.configuration import Configuration
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress import trace
from crossbuild.progress.console import Console
from crossbuild.toolchain import ccache
from tests.support import projects
from tests.support.programs import answers, free_port, program
from tests.support.requests import changed
from tests.support.waiting import until


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("ccache version 4.4.2\n", "CCACHE_SECONDARY_STORAGE"),
        ("ccache version 4.6\n", "CCACHE_SECONDARY_STORAGE"),
        ("ccache version 4.7.5\nFeatures: redis-storage\n", "CCACHE_REMOTE_STORAGE"),
        ("ccache version 4.10\n", "CCACHE_REMOTE_STORAGE"),
        ("ccache version 5.0\n", "CCACHE_REMOTE_STORAGE"),
    ],
)
def test_the_name_that_this_ccache_has_for_it(version: str, name: str) -> None:
    assert ccache.variable(version) == name


@pytest.mark.parametrize("version", ["ccache version 4.3", "ccache version 3.7.12", "no ccache"])
def test_a_ccache_that_is_too_old(version: str) -> None:
    with pytest.raises(ToolMissingError) as caught:
        ccache.variable(f"{version}\nCopyright")
    assert caught.value.what == "this ccache is too old for a shared cache of objects"
    assert caught.value.evidence == version
    assert "install ccache 4.4 or newer" in caught.value.cure


def test_a_machine_without_ccache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError) as caught:
        ccache.variables("redis://cache")
    assert caught.value.what == "a shared cache of objects needs ccache, which is missing"
    assert str(tmp_path) in caught.value.evidence
    assert "apt-get install ccache" in caught.value.cure


@pytest.mark.parametrize(
    ("storage", "why"),
    [
        ("gopher://cache", "unknown remote storage URL: gopher://cache"),
        ("/mnt/cache", "URL scheme must not be empty: /mnt/cache"),
        ("redis://me:secret@cache:99999", "Port '99999' in 'redis://…@cache:99999' is invalid"),
    ],
)
def test_an_address_that_ccache_does_not_take(storage: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ccache.variables(storage)
    assert caught.value.what == "ccache does not take this for a storage"
    assert caught.value.evidence.endswith(why)
    assert "secret" not in str(caught.value)
    assert "redis://host:6379 or http://host/folder" in caught.value.cure


def test_where_the_storage_is_named() -> None:
    configured = Configuration.model_validate({"ccache-storage": "redis://one"})
    for wanted, found in (
        (None, "redis://one"),
        ("http://two/x|read-only", "http://two/x|read-only"),
    ):
        assert list(inputs.capacity(1, None, wanted, configured).ccache.values()) == [found]
    assert inputs.capacity(1, None, "", configured).ccache == {}, (
        "an empty word turns the project's off"
    )
    assert inputs.capacity(1, None, None, Configuration()).ccache == {}


@pytest.mark.parametrize("name", ["CCACHE_DIR", "XDG_CACHE_HOME"])
def test_the_cache_is_where_the_users_variables_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ("CCACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, str(tmp_path))
    found = ccache.own_cache(tmp_path / "other")["CCACHE_DIR"]
    assert found == str(tmp_path if name == "CCACHE_DIR" else tmp_path / "ccache")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator["Redis"]:
    server = Redis(program("redis-server", "redis-server"), tmp_path)
    try:
        yield server
    finally:
        server.stop()


class Redis:
    """A redis-server in memory alone; *url* is its address."""

    def __init__(self, server: str, folder: Path) -> None:
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}"
        words = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        self._log = (folder / "redis.log").open("w")
        self._process = subprocess.Popen([*words, "--dir", folder], stdout=self._log)
        until(lambda: answers(port), seconds=10)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


@pytest.mark.slow
def test_what_one_machine_compiled_another_has(
    request_in: Callable[..., BuildRequest],
    redis: Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = projects.write(tmp_path / "parts", projects.PARTS)

    def build(machine: str) -> tuple[bytes, str]:
        """The wheel of a checkout of its own, with an empty cache; and what was told."""
        folder = tmp_path / machine
        monkeypatch.setenv("HOME", str(folder))  # where ccache has its own cache
        own = request_in(shutil.copytree(project, folder / "parts"), within=folder)
        request = changed(own, ccache=ccache.variables(redis.url))
        console = Console()
        with trace.recorded(console, request.target.work, 1):
            (made,) = make_wheels(request, console)
        return made.wheel.read_bytes(), capsys.readouterr().err

    first, told = build("one")
    assert "5 calls of compilers, 0 of 4 cached (" in told
    second, told = build("two")
    assert "5 calls of compilers, 4 of 4 cached (4 by others) (" in told
    redis.stop()
    third, told = build("three")
    assert "0 of 4 cached (" in told
    assert told.count("ccache's storage did not answer 4 of 5 calls") == 1
    assert first == second == third


@pytest.mark.slow
def test_comments_count_in_what_is_compiled(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    """GCC reads "fallthrough" in them: what ccache preprocessed has none and would be refused."""
    switch = """
        int fall(int x) { switch (x) { case 1: x++; /* fallthrough */
            case 2: x++; } return x; }
        """
    content = {**projects.EXTENSION, "{name}.c": projects.EXTENSION["{name}.c"] + switch}
    request = request_in(projects.write(tmp_path / "strict", content))
    flags = BuildOptions(environment={"CFLAGS": "$CFLAGS -Werror=implicit-fallthrough"})
    (made,) = make_wheels(changed(request, options=flags), Console())
    assert made.wheel.exists()
