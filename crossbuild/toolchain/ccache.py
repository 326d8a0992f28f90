"""ccache's remote storage: a cache of objects that machines share, such as the jobs of CI.

What is said of it here is asked of ccache itself, which reads the address.  A storage that
cannot be reached stops no build: ccache goes on with its own cache (:mod:`crossbuild.toolchain.log`
reads how often).
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from crossbuild.core import files, system_packages
from crossbuild.core.command import attempt, clean_environment, run, try_run, which
from crossbuild.core.errors import ConfigurationError, ToolMissingError

#: The variable for a storage, of old releases and of new ones.
_STORAGE = ("CCACHE_SECONDARY_STORAGE", "CCACHE_REMOTE_STORAGE")


def variables(storage: str) -> Mapping[str, str]:
    """The environment variables by which ccache uses a storage.

    :param storage: ``redis://host:6379``, ``http://host/folder`` …, in ccache's own syntax
    :raises ToolMissingError: ccache is missing, or too old
    :raises ConfigurationError: ccache does not understand the address
    """
    if which("ccache", clean_environment()) is None:
        raise ToolMissingError(
            "a shared cache of objects needs ccache, which is missing",
            evidence=f"not found on PATH={clean_environment()['PATH']}",
            cure=f"{system_packages.cure('ccache')}, or leave out --ccache-storage",
        )
    found = {variable(run(["ccache", "--version"]).output): storage}
    # It reads the address before it looks at what it is to run.
    tried = try_run(["ccache", "true"], env=clean_environment(CCACHE_NOSTATS="1", **found))
    if tried.status:
        raise ConfigurationError(
            "ccache does not take this for a storage",
            evidence=_without_password(tried.output.strip().removeprefix("ccache: error: ")),
            cure="give an address as redis://host:6379 or http://host/folder: docs/speed.md",
        )
    return found


#: By which the user tells ccache where its cache is.
_PLACES = ("CCACHE_DIR", "XDG_CACHE_HOME")


def own_cache(cache: Path) -> dict[str, str]:
    """The variables by which ccache uses the user's cache and settings under another HOME.

    :param cache: folder that has the cache where the user's cannot be written
    """
    if which("ccache", clean_environment()) is None:
        return {}
    named = {name: os.environ[name] for name in _PLACES if name in os.environ}
    asking = clean_environment(**named)
    asked = attempt(["ccache", "--get-config", "cache_dir"], env=asking, timeout=60)
    folder = Path(asked.output.strip()) if asked.status == 0 else cache / "ccache"
    if not files.is_writable(folder):
        folder = cache / "ccache"
    settings = next((path for path in _settings() if path.is_file()), None)
    found = {"CCACHE_DIR": str(folder)}
    return found | ({"CCACHE_CONFIGPATH": str(settings)} if settings else {})


def folders(settings: Mapping[str, str]) -> Iterator[Path]:
    """Where ccache writes, by its variables: its cache, and a storage that is a folder."""
    for name in ("CCACHE_DIR", *_STORAGE):
        address = settings.get(name, "").partition("|")[0].removeprefix("file://")
        if address.startswith("/"):
            yield files.made(Path(address))


def _settings() -> Iterator[Path]:
    """Where ccache looks for the user's settings (its manual, "Location of the configuration")."""
    if home := os.environ.get("HOME"):
        yield Path(home) / ".ccache/ccache.conf"
        yield (
            Path(os.environ.get("XDG_CONFIG_HOME") or Path(home) / ".config") / "ccache/ccache.conf"
        )


def variable(version: str) -> str:
    """The variable for the storage's address; *version* is what ``ccache --version`` says.

    :raises ToolMissingError: this ccache knows of no storage but its own
    """
    match = re.match(r"ccache version (\d+)\.(\d+)", version)
    release = (int(match[1]), int(match[2])) if match else (0, 0)
    if release < (4, 4):
        raise ToolMissingError(
            "this ccache is too old for a shared cache of objects",
            evidence=version.partition("\n")[0],
            cure="install ccache 4.4 or newer, or leave out --ccache-storage",
        )
    return _STORAGE[release >= (4, 7)]


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//…@", text)
