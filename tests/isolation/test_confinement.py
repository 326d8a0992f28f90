"""What a confined command may do on this machine: no more than a build needs."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.command import Completed, try_run
from crossbuild.isolation import confinement, hiding
from crossbuild.isolation.namespaces import Owner

Confined = Callable[..., Completed]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a key, and with something of a build below a folder with a dot."""
    home = tmp_path / "home"
    for name in (".ssh/id_ed25519", ".cache/ours/thing", ".cache/others/thing", "notes", ".netrc"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a secret")
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def confined(home: Path, tmp_path: Path) -> Confined:
    """Runs a shell's command as builds run theirs."""
    if reason := confinement.obstacle():
        pytest.skip(reason)
    own, exchange = tmp_path / "own", tmp_path / "exchange"
    own.mkdir()
    exchange.mkdir()

    def run(command: str, *, network: bool = False, hidden: bool = False) -> Completed:
        needed = [home / ".cache/ours"]
        words = confinement.launcher(own, exchange, needed=needed, network=network)
        inner = hiding.launcher(tmp_path / "sysroot", own, Owner.USER) if hidden else ()
        return try_run([*words, *inner, "sh", "-c", command], cwd=own)

    return run


def test_keys_and_other_secrets_of_the_home_are_not_seen(confined: Confined, home: Path) -> None:
    assert confined(f"cat {home}/.ssh/id_ed25519").status
    assert confined(f"cat {home}/.netrc").status
    assert confined(f"find {home} -type f -size +0").output.split() == [
        f"{home}/.cache/ours/thing",
        f"{home}/notes",
    ]


def test_it_writes_to_its_own_folders_alone(confined: Confined, home: Path, tmp_path: Path) -> None:
    assert confined("echo own > file && echo told > ../exchange/file").status == 0
    assert (tmp_path / "own/file").read_text() == "own\n"
    assert (tmp_path / "exchange/file").read_text() == "told\n"
    for place in (f"{home}/notes", f"{home}/new", f"{home}/.cache/ours/thing", "/usr/new", "/new"):
        assert "Read-only file system" in confined(f"echo foreign > {place}").output
    assert (home / "notes").read_text() == "a secret"


@pytest.mark.parametrize("place", ["/", "{home}"])
def test_who_may_mount_does_not_undo_it(place: str, confined: Confined, home: Path) -> None:
    """The layer that hides headers makes a root of its own, which is none of this machine's."""
    writable = f"mount -o remount,bind,rw {place.format(home=home)}"
    done = confined(f"{writable}; echo foreign > {home}/notes", hidden=True)
    assert done.status
    assert (home / "notes").read_text() == "a secret"


def test_it_has_no_network(confined: Confined) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        ask = f'python3 -c "import socket; socket.create_connection({address})"'
        threading.Thread(target=server.accept, daemon=True).start()
        assert confined(ask, network=True).status == 0
        assert "Connection refused" in confined(ask).output


def test_with_a_network_the_way_to_hosts_is_there(confined: Confined, home: Path) -> None:
    assert confined(f"cat {home}/.ssh/id_ed25519", network=True).output == "a secret"


def test_it_reaches_no_process_outside(confined: Confined) -> None:
    assert confined(f"kill -0 {os.getpid()}").status
    assert confined("ls -d /proc/[0-9]*").output.split()[-1] < "/proc/9"


def test_what_it_leaves_running_ends_with_it(confined: Confined, tmp_path: Path) -> None:
    done = confined("(sleep 1; touch late) >/dev/null 2>&1 & exit 7")
    assert done.status == 7
    threading.Event().wait(1.5)
    assert not (tmp_path / "own/late").exists()


def test_the_owner_of_the_pool_is_whoever_ends_with_it(confined: Confined) -> None:
    assert confined("kill -0 $CROSSBUILD_JOB_OWNER").status == 0


def test_without_bubblewrap_there_is_a_note(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    confinement.obstacle.cache_clear()
    try:
        assert "bwrap is missing" in confinement.obstacle()
        assert confinement.launcher(tmp_path, tmp_path) == ()
    finally:
        confinement.obstacle.cache_clear()
