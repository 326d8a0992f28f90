"""What an index has, and a lock names."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, order=True)
class Artifact:
    """One file of an index: a wheel or an sdist, named by its hash."""

    name: str
    version: str
    filename: str
    sha256: str
    url: str

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel (else an sdist)."""
        return self.filename.endswith(".whl")

    @property
    def host(self) -> str:
        """Who serves it, without user and password; empty where it lies on this machine."""
        return urlsplit(self.url).hostname or ""

    @property
    def server(self) -> str:
        """Who serves it, for people: no folder of this machine is named, nor a password."""
        return self.host or "a folder of this machine"
