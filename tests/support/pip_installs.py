"""What pip makes of a wheel, to compare with."""

import subprocess
import sys
from pathlib import Path

from tests.support.bitbake import files_below

#: Files that tell of the installation itself.
OWN = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


def installed(wheel: Path, folder: Path) -> dict[str, tuple[bytes, bool]]:
    """The files that pip installs for Python 3.11 of the board, by their path below ``/``."""
    words = ["-q", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"]
    words += ["--platform", "linux_armv7l", "--python-version", "3.11", "--only-binary=:all:"]
    words += ["--abi", "cp311", "--abi", "none", "--target", str(folder), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "install", *words], check=True)
    return {
        _path(path): (_of_the_board(content), executable)
        for path, (content, executable) in files_below(folder).items()
        if path.rpartition("/")[2] not in OWN
    }


def _path(path: str) -> str:
    path = path.replace("include/site/", "include/")  # a virtual environment's own place
    top = path.partition("/")[0]
    return f"usr/{path}" if top in ("bin", "share", "include") else f"{_PACKAGES}/{path}"


_PACKAGES = "usr/lib/python3.11/site-packages"


def _of_the_board(content: bytes) -> bytes:
    """A script with the board's interpreter for the one that runs this pip."""
    return content.replace(f"#!{sys.executable}".encode(), b"#!/usr/bin/python3", 1)
