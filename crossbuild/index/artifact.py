"""What an index has, and a lock names."""

from dataclasses import dataclass


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
