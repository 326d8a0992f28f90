"""Where what is brought is kept: folders of the cache, each made once and whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from crossbuild.core.errors import IndexUnreachableError
from crossbuild.core.files import exclusive, staged_directory
from crossbuild.sdk import debian


@dataclass(frozen=True)
class Store:
    """The cache, and how what it lacks is fetched.

    :ivar cache: crossbuild's cache
    :ivar tell: called with a line for the user before something is fetched or built
    """

    cache: Path
    offline: bool = False
    tell: Callable[[str], None] = field(default=lambda _: None)

    @cached_property
    def _mirror(self) -> str:
        debian.require_tools()
        return debian.build_machine_mirror()

    @property
    def log(self) -> Path:
        """Where programs that it runs leave their words."""
        return self.cache / "brought.log"

    @contextmanager
    def apt(self, suite: str, architecture: str) -> Iterator[debian.Apt]:
        """Debian's packages of a suite, while no other process fetches any."""
        with exclusive(self.cache / "lock"):
            yield debian.Apt(self._mirror, suite, architecture, self.cache / "apt", self.log)

    def keep(self, name: str, work: str, fill: Callable[[Path], None], *, fetched: bool) -> Path:
        """The folder of that name, which is filled where it is not there.

        :param work: what is done to fill it, for people
        :param fetched: whether that takes downloads
        :raises IndexUnreachableError: it does, and the user forbade them
        """
        place = self.cache / "brought" / name
        if place.is_dir():
            return place
        with exclusive(place.with_name(f"{name}.lock")):
            if place.is_dir():  # another run made it while this one waited
                return place
            if fetched and self.offline:
                raise IndexUnreachableError(
                    f"not in the cache: {name}",
                    evidence=f"there is no {place}, and nothing may be downloaded: {work}",
                    cure="run the same command once without --offline",
                )
            self.tell(work)
            with staged_directory(place) as stage:
                fill(stage)
        return place
