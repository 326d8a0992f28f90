"""The target sysroot: Debian's packages laid out as Yocto lays out a sysroot.

Yocto has no multiarch folders, and no postinst scripts run here.  So all paths are *flattened*:

- ``/lib/<multiarch>/x`` and ``/usr/lib/<multiarch>/x`` become ``/usr/lib/x``;
- ``/bin`` joins ``/usr/bin``, with links in the old places;
- a library behind Debian's alternatives goes where the alternative's link would be.

Symbolic links become relative, so that they hold wherever the SDK is copied.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from crossbuild.core.abi import MULTIARCH
from crossbuild.core.files import remove_tree

#: Folders of providers of libblas.so.3 and the like, chosen by Debian's alternatives.
_PROVIDERS = ("openblas-pthread",)
#: The merged /usr layout: links in the root to these folders of /usr.
_MERGED = ("bin", "lib", "sbin")
_DROPPED = (
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/bash-completion",
)
#: Debian refuses `pip install` outside a virtual environment by this file; a board
#: with a Yocto image has no such rule.
_PIP_LOCK = "EXTERNALLY-MANAGED"

_FLAT_TEXT = re.compile(rf"(/(?:usr/)?(?:lib|include))/{MULTIARCH}(?:/(?:{'|'.join(_PROVIDERS)}))?")


def flat(path: str) -> str:
    """Where *path* (relative to the root) of a Debian package lies in the sysroot."""
    parts = list(PurePosixPath(path).parts)
    if parts and parts[0] in _MERGED:
        parts.insert(0, "usr")
    if len(parts) > 2 and parts[1] in ("lib", "include") and parts[2] == MULTIARCH:
        del parts[2]
        if len(parts) > 2 and parts[2] in _PROVIDERS:
            del parts[2]
    return "/".join(parts)


def flatten(unpacked: Path, sysroot: Path) -> None:
    """Move all files of *unpacked* packages to their place in *sysroot*."""
    for name in _MERGED:
        (sysroot / "usr" / name).mkdir(parents=True)
        (sysroot / name).symlink_to(f"usr/{name}")
    for path in _entries(unpacked):
        name = path.relative_to(unpacked).as_posix()
        place = sysroot / flat(name)
        if path.is_symlink():
            _link(name, path.readlink(), sysroot)
        elif path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            path.rename(place)


def _entries(folder: Path) -> Iterator[Path]:
    """Everything below *folder*, in an order that puts the multiarch copy of a name last."""
    entries = [Path(where) / n for where, dirs, names in os.walk(folder) for n in (*dirs, *names)]
    return iter(sorted(entries, key=lambda path: (MULTIARCH in path.parts, path)))


def _link(name: str, goal: Path, sysroot: Path) -> None:
    """Make the link *name* of a package, which points to *goal*, in the sysroot."""
    absolute = os.path.normpath(Path("/", name).parent / goal)
    path, target = sysroot / flat(name), sysroot / flat(absolute.lstrip("/"))
    if path == target or os.path.lexists(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.relpath(target, path.parent))


def finish(sysroot: Path) -> None:
    """Do what the packages' scripts would do, and forget multiarch in text files."""
    for name in _DROPPED:
        remove_tree(sysroot / name)
    for path in [*sysroot.glob(f"usr/lib/python3*/{_PIP_LOCK}")]:
        path.unlink()
    _forget_multiarch(sysroot)
    _prune(sysroot)
    shell = sysroot / "usr/bin/sh"
    if not shell.is_symlink():
        shell.symlink_to("dash")
    authorities = sorted(sysroot.glob("usr/share/ca-certificates/mozilla/*.crt"))
    bundle = sysroot / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(path.read_bytes() for path in authorities))


def _prune(sysroot: Path) -> None:
    """Keep of the documentation the licences, and no link that points nowhere."""
    for path in _entries(sysroot / "usr/share/doc"):
        if path.name != "copyright" and path.is_file():
            path.unlink()
    for path in _entries(sysroot):
        if path.is_symlink() and not path.exists():
            path.unlink()


def _forget_multiarch(sysroot: Path) -> None:
    """Flatten the paths in linker scripts, pkg-config files and Python's settings."""
    patterns = (
        "usr/lib/*.so",
        "usr/lib/pkgconfig/*.pc",
        "usr/lib/cmake/*/*.cmake",
        "usr/lib/python3.*/_sysconfigdata*.py",
        "usr/lib/python3.*/config-*/Makefile",
        "usr/bin/*-config",
    )
    for path in (path for pattern in patterns for path in sysroot.glob(pattern)):
        data = b"" if path.is_symlink() or not path.is_file() else path.read_bytes()
        if b"/" + MULTIARCH.encode() in data and not data.startswith(b"\x7fELF"):
            text = _FLAT_TEXT.sub(r"\1", data.decode())
            path.write_text(text, encoding="utf-8")
