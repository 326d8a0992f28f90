"""A sysroot's programs such as ``xml2-config``, by which builds ask where a library is.

They are scripts that name ``/usr``, of the shell or, as Debian's ``pg_config``, of Perl.
pkg-config and ``python3-config`` are not among them.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from crossbuild.core import files

_NAME = re.compile(r"(?!.*(pkg-config|python[\d.]*m?-config)$).+[-_]config")

#: Where they lie, the best first; Yocto's binconfig class has a folder of its own for them
#: (meta/classes/binconfig.bbclass of oe-core).
_FOLDERS = ("usr/bin/crossscripts", "usr/bin")

_SCRIPT = re.compile(rb"#! *(/usr)?/bin/((ba|da)?sh|perl)\b")

#: A folder that is a variable's value, as ``NAME=`` or ``NAME = ``, or follows -I or -L.
_FOLDER = re.compile(
    rb"""(^\s*(?!PATH=)\w+=["']?|^\w[\w-]* = |-[IL])(?=/(?:usr|opt)\b)""", re.MULTILINE
)


def found(*folders: Path) -> Iterator[Path]:
    """The programs in folders; of one name the first."""
    programs = (path for folder in folders for path in sorted(folder.glob("*config")))
    seen = set[str]()
    for path in programs:
        if path.name not in seen and _NAME.fullmatch(path.name) and path.is_file():
            seen.add(path.name)
            yield path


def of_sysroot(sysroot: Path) -> dict[str, bytes]:
    """The sysroot's, by name, with the folders that they name in the sysroot.

    Empty is one that is no such script, and does not run here.
    """
    programs = found(*(sysroot / folder for folder in _FOLDERS))
    return {path.name: _in_sysroot(files.beginning(path), sysroot) for path in programs}


def _in_sysroot(script: bytes, sysroot: Path) -> bytes:
    root = bytes(sysroot)
    return _FOLDER.sub(lambda m: m[1] + root, script) if _SCRIPT.match(script) else b""
