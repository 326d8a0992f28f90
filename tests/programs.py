"""Programs that tests need and users do not."""

import os
import shutil
import subprocess

import pytest


def program(name: str, package: str) -> str:
    """The machine's program; as root, its Debian package is installed where it is missing."""
    place = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    if shutil.which(name, path=place) is None and os.geteuid() == 0:
        options = ["-y", "--no-install-recommends"]
        subprocess.run(["apt-get", "install", *options, package], check=True)
    found = shutil.which(name, path=place)
    if found is None:
        pytest.fail(f"no {name}: apt-get install {package}")
    return found
