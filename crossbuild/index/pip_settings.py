"""Where pip is configured to look for packages: its configuration files and PIP_* variables.

crossbuild downloads from the same places as the user's pip, and asks no pip for
them: an environment made by other tools has none.  The order is that of pip's
documentation (https://pip.pypa.io/en/stable/topics/configuration/).
"""

import configparser
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from crossbuild.core.errors import ConfigurationError

DEFAULT_INDEX = "https://pypi.org/simple"
DEFAULT_TIMEOUT = 15.0
#: The user and password in an address, wherever it stands.
_SECRET = re.compile(r"(?<=://)[^/\s]+@")
#: The same of a location, which may be no address.
_SECRET_OF_LOCATION = re.compile(r"(?:[^/]*://)?([^/]+)@")
#: What a place is asked by; all else must be a folder.
_ASKED = ("http", "https", "file")
_TRUE = {"1", "true", "yes", "on", "y", "t"}


@dataclass(frozen=True)
class PipSettings:
    """Indexes, folders and certificates, as pip would use them.

    ``cert`` is a file or folder of CA certificates (None: the system's), ``timeout``
    is in seconds for one answer of the server.
    """

    # Passwords stand in these.
    index_urls: tuple[str, ...] = field(default=(DEFAULT_INDEX,), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    trusted_hosts: tuple[str, ...] = ()
    cert: str | None = None
    timeout: float = DEFAULT_TIMEOUT

    def redacted(self, text: str) -> str:
        """A text for people, without the users and passwords of the locations."""
        matches = map(_SECRET_OF_LOCATION.match, (*self.index_urls, *self.find_links))
        for secret in sorted({match[1] for match in matches if match}, key=len, reverse=True):
            text = text.replace(f"{secret}@", "***@")
        return redacted(text)


def redacted(text: str) -> str:
    """A text for people, without the users and passwords of addresses in it."""
    return _SECRET.sub("***@", text)


def without_secret(url: str) -> str:
    """An address without its user and password."""
    return _SECRET.sub("", url)


def read(environ: Mapping[str, str] | None = None) -> PipSettings:
    """What pip's configuration says, variables of the environment first.

    :raises ConfigurationError: a configuration file cannot be parsed, or an index has no address
    """
    environ = os.environ if environ is None else environ
    values: dict[str, str] = {}
    for path in _files(environ):
        values.update(_read_file(path))
    values.update(_variables(environ))
    index_urls = (
        values.get("index-url", DEFAULT_INDEX),
        *values.get("extra-index-url", "").split(),
    )
    find_links = tuple(filter(_exists, values.get("find-links", "").split()))
    for url in (*index_urls, *find_links):
        _require_address(url)
    no_index = values.get("no-index", "").lower() in _TRUE
    return PipSettings(
        index_urls=() if no_index else index_urls,
        find_links=find_links,
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        cert=values.get("cert") or None,
        timeout=_seconds(values.get("timeout", values.get("default-timeout", ""))),
    )


def _require_address(location: str) -> None:
    """Check that a location is a URL that can be asked, or a folder."""
    try:
        address = urlsplit(location)
        is_asked = address.scheme in _ASKED and address.port != 0  # reads the port
    except ValueError:
        is_asked = False
    is_url = is_asked and location.isprintable() and " " not in location
    if not is_url and not Path(location).exists():
        raise ConfigurationError(
            "pip is configured for an index that has no address",
            evidence=PipSettings((location,)).redacted(location),
            cure="correct index-url, extra-index-url or find-links: `pip config list` shows them",
        )


def _files(environ: Mapping[str, str]) -> list[Path]:
    """The configuration files of pip, the strongest last."""
    chosen = environ.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return []
    home = Path(environ.get("HOME", "/nonexistent"))
    machine = [Path(p, "pip") for p in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":") if p]
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip")
    folders = [*machine, Path("/etc"), home / ".pip", user, Path(sys.prefix)]
    paths = [folder / "pip.conf" for folder in folders]
    return [path for path in [*paths, *([Path(chosen)] if chosen else [])] if path.is_file()]


def _read_file(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "pip's configuration cannot be read",
            evidence=f"{path}: {error}",
            cure="correct the file: `pip config debug` shows what pip reads",
        ) from error
    return {
        key.replace("_", "-"): value
        for section in ("global", "install")
        if parser.has_section(section)
        for key, value in parser.items(section)
    }


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("PIP_") and value
    }


def _exists(location: str) -> bool:
    """Whether pip would use a place of find-links: it passes over a missing folder."""
    return "://" in location or Path(location).exists()


def _seconds(text: str) -> float:
    try:
        return float(text) if text else DEFAULT_TIMEOUT
    except ValueError as error:
        raise ConfigurationError(
            "pip's configuration has a time-out that is no number", evidence=repr(text)
        ) from error
