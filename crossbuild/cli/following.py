"""What the user may type next, in the words in which this command was called."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from crossbuild.core import defaults

#: The Makefile's names of options.
_MAKE = {"--sdk": "SDK", "--python": "PYTHON", "--wheelhouse": "WHEELHOUSE"}


def command(
    name: str,
    packages: Sequence[object] = (),
    options: Mapping[str, Path | str | None] = {},
    environ: Mapping[str, str] | None = None,
) -> str:
    """A command about the same packages and SDK; by make, where make called this one.

    :param options: those of this command that the next one needs too; None where not given
    :param environ: in which make leaves its mark; this process's where None
    """
    given = {option: str(value) for option, value in options.items() if value is not None}
    words = [str(package) for package in packages]
    if "MAKELEVEL" in (os.environ if environ is None else environ):
        settings = {_MAKE[option]: value for option, value in given.items() if option in _MAKE}
        if settings.get("WHEELHOUSE") == str(defaults.WHEELHOUSE):
            del settings["WHEELHOUSE"]
        if words:
            settings["PACKAGES"] = " ".join(words)
        return shlex.join(["make", name, *(f"{key}={value}" for key, value in settings.items())])
    return shlex.join(
        ["crossbuild", name, *(one for pair in given.items() for one in pair), *words]
    )


def on_the_board(wheelhouse: Path, requirements: Sequence[str], board: str) -> str:
    """How a board gets what was proven.

    :param board: the one that it was proven on; only a real one has an address
    """
    address = board if "@" in board else "root@BOARD"
    house = shlex.quote(os.path.relpath(wheelhouse))
    install = ["pip", "install", "--no-index", "-f", wheelhouse.name, *requirements]
    return f"scp -r {house} {address}: && ssh {address} {shlex.join(install)}"
