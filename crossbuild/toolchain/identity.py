"""What tells one compiler from another: the content of all programs that a compile runs.

So the same compiler at another place is the same, and one that was replaced is another.
"""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import clean_environment, run
from crossbuild.core.digests import Digests


def identity(
    drivers: Iterable[str],
    programs: Sequence[str],
    cache: Path,
    *,
    also: Iterable[Path] = (),
) -> str:
    """A key of the compilers' content.

    :param drivers: the compilers' own programs, such as gcc and g++
    :param programs: what they run, such as ``cc1`` and ``as``
    :param cache: folder of a file that remembers what was hashed
    :param also: files that every compile reads, where they are there
    :raises CommandError: a driver does not run
    """
    pairs = itertools.product(drivers, programs)
    called = [*map(Path, drivers), *(_program(*pair) for pair in pairs), *also]
    # What a script starts with the loader of its own SDK (crossbuild.sdk.reference.native).
    behind = [path.resolve().with_name(f".{path.resolve().name}.real") for path in called]
    paths = [*called, *behind]
    with files.exclusive(cache / "programs.lock"):
        digests = Digests(cache / "programs.json")
        found = [digests.of(path) for path in paths if path.is_file()]
        digests.save()
    return files.content_key(found)


def _program(driver: str, name: str) -> Path:
    env = clean_environment(PATH=f"{Path(driver).parent}:/usr/bin:/bin")
    return Path(run([driver, f"-print-prog-name={name}"], env=env).output.strip())
