"""Folders of the sysroot that the SDK's script names beyond the usual ones.

A vendor's layer may put libraries into ``/opt/vendor`` and say so in a hook of
``environment-setup.d``: by PKG_CONFIG_PATH, or by words in CPPFLAGS, CFLAGS and LDFLAGS.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Where every compiler, linker and pkg-config of an SDK looks by itself.
_USUAL = ("usr/include", "usr/lib", "lib", "usr/lib/pkgconfig", "usr/share/pkgconfig")

_LINK_PREFIXES = ("-L", "-Wl,-rpath-link,", "-Wl,-rpath-link=")


@dataclass(frozen=True)
class NamedFolders:
    """The folders, each in the sysroot and there."""

    include: tuple[Path, ...] = ()
    library: tuple[Path, ...] = ()
    pkg_config: tuple[Path, ...] = ()


#: What most SDKs name.
NONE = NamedFolders()


def read(variables: Mapping[str, str], sysroot: Path) -> NamedFolders:
    """The folders that the script's variables name.

    :raises ValueError: the quotes in a variable are unbalanced
    """
    compile_words = _words(variables, "CPPFLAGS", "CFLAGS", "CXXFLAGS")
    link_words = _words(variables, "LDFLAGS")
    pkg_config = _unusual(variables.get("PKG_CONFIG_PATH", "").split(":"), sysroot)
    libraries = [str(folder.parent) for folder in pkg_config if folder.name == "pkgconfig"]
    return NamedFolders(
        include=_unusual(_after(compile_words, "-I", "-isystem"), sysroot),
        library=_unusual([*_after(link_words, *_LINK_PREFIXES), *libraries], sysroot),
        pkg_config=pkg_config,
    )


def _words(variables: Mapping[str, str], *names: str) -> list[str]:
    return [word for name in names for word in shlex.split(variables.get(name, ""))]


def _after(words: Iterable[str], *prefixes: str) -> list[str]:
    return [
        word.removeprefix(prefix)
        for word in words
        for prefix in prefixes
        if word.startswith(prefix)
    ]


def _unusual(names: Iterable[str], sysroot: Path) -> tuple[Path, ...]:
    usual = {sysroot / name for name in _USUAL}
    folders = dict.fromkeys(Path(name) for name in names if name)
    return tuple(
        folder
        for folder in folders
        if folder.is_relative_to(sysroot) and folder not in usual and folder.is_dir()
    )
