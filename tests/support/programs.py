"""Programs that tests start, and where their servers listen."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

#: The command line of this environment.
CROSSBUILD = Path(sys.executable).with_name("crossbuild")


def program(name: str, package: str) -> str:
    """A program that users do not need; as root, its Debian package is installed if missing."""
    place = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    if shutil.which(name, path=place) is None and os.geteuid() == 0:
        options = ["-y", "--no-install-recommends"]
        subprocess.run(["apt-get", "install", *options, package], check=True)
    found = shutil.which(name, path=place)
    if found is None:
        pytest.fail(f"no {name}: apt-get install {package}")
    return found


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
