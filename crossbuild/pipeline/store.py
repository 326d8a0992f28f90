"""The store of wheels, by content key.

``built/KEY`` holds a wheel as the back end made it, which other packages link against;
``repaired/KEY`` the same made ready for the board, with the wheels it came along with.
Each is a folder that appears whole.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crossbuild.build.built import Built
from crossbuild.core import documents, files
from crossbuild.core.digests import Digests
from crossbuild.repair.repaired import Repaired, Told
from crossbuild.repair.slim import LeftOut


@dataclass(frozen=True)
class Store:
    """The folder of all entries.

    :ivar digests: of the wheels, so that an entry that was damaged is not taken
    """

    folder: Path
    digests: Digests = field(default_factory=Digests)

    def built(self, key: str) -> Built | None:
        """The built wheel of that key, or None."""
        entry = self._entry("built", key)
        if entry is None:
            return None
        [path], facts = entry
        return Built(path, int(facts["epoch"]), facts["seconds"])

    def repaired(self, key: str) -> Repaired | None:
        """The repaired wheel of that key, or None."""
        entry = self._entry("repaired", key)
        if entry is None:
            return None
        paths, facts = entry
        left_out = tuple(LeftOut(**one) for one in facts["left-out"])
        told = tuple(Told(**one) for one in facts["told"])
        return _repaired(paths, left_out, told)

    def pair(self, build_key: str, key: str) -> tuple[Built, Repaired] | None:
        """A wheel as built and as repaired, where both are there."""
        built, repaired = self.built(build_key), self.repaired(key)
        return (built, repaired) if built and repaired else None

    def put_built(self, key: str, path: Path, *, epoch: int, seconds: float) -> Built:
        """Keep a wheel as the back end made it."""
        [kept] = self._put("built", key, [path], {"epoch": epoch, "seconds": seconds})
        return Built(kept, epoch, seconds)

    def put_repaired(self, key: str, made: Repaired) -> Repaired:
        """Keep a wheel for the board with those that it came along with."""
        facts = {
            "left-out": [asdict(file) for file in made.left_out],
            "told": [asdict(one) for one in made.told],
        }
        paths = [made.wheel, *made.companions, *made.debug]
        return _repaired(self._put("repaired", key, paths, facts), made.left_out, made.told)

    def _put(
        self, kind: str, key: str, paths: Sequence[Path], facts: Mapping[str, Any]
    ) -> list[Path]:
        with files.staged_directory(self.folder / kind / key) as stage:
            sums = {}
            for path in paths:
                shutil.copyfile(path, stage / path.name)
                sums[path.name] = files.sha256(path)
            files.write_text(stage / "entry.json", json.dumps({"sha256": sums, **facts}))
        return [self.folder / kind / key / path.name for path in paths]

    def _entry(self, kind: str, key: str) -> tuple[list[Path], dict[str, Any]] | None:
        """The files and facts of an entry; one that was damaged counts as none."""
        folder = self.folder / kind / key
        try:
            facts = documents.read_record(folder / "entry.json")
            sums: dict[str, str] = facts.pop("sha256")
            whole = all(self.digests.of(folder / name) == sum_ for name, sum_ in sums.items())
        except (OSError, ValueError, KeyError, AttributeError):
            return None
        return ([folder / name for name in sums], facts) if whole else None


def _repaired(
    paths: Sequence[Path], left_out: tuple[LeftOut, ...], told: tuple[Told, ...]
) -> Repaired:
    """A repaired entry of its files: the wheel is the first of them."""
    wheel, *companions = (path for path in paths if path.suffix == ".whl")
    debug = tuple(path for path in paths if path.suffix != ".whl")
    return Repaired(wheel, tuple(companions), left_out, debug, told)
