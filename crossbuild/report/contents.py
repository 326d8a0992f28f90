"""What a wheel holds: what takes room on a board, and what its code tells of its making.

All of it is read from the wheel itself, so strangers' wheels tell it too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from packaging.utils import parse_wheel_filename

from crossbuild.core import files
from crossbuild.core.errors import AuditError
from crossbuild.wheel.archive import Wheel, opened

#: The kinds of files, in the order in which they are shown.
KINDS = ("code", "python", "tests", "development", "other")

_DEVELOPMENT = frozenset({".a", ".h", ".hh", ".hpp", ".pc", ".pxd", ".pxi", ".pyi", ".pyx"})
_SHARED = re.compile(r"\.so(\.|$)")
_TESTS = frozenset({"test", "tests"})

#: A compiler's name in ``.comment``, and the text that ``openblas_get_config`` returns.
_COMPILER = re.compile(rb"(?:GCC: \([^\0)]*\)|clang version|Debian clang version) \d[\w.]*")
_OPENBLAS = re.compile(rb"OpenBLAS (\d[\w.]*)(?: \w+=?\w*)* (\w+)(?: MAX_THREADS=\d+)?\0")

#: What a requirement of an extra alone has in its marker.
_EXTRA = re.compile(r";.*\bextra\b")

#: Bytes of compiled code, the largest files first, that are searched for these.
_SEARCHED = 32_000_000
#: How many folders are named.
_FOLDERS = 8


@dataclass(frozen=True)
class Contents:
    """A wheel as it was read; sizes are in bytes, *installed* without compiled modules' caches.

    :ivar fault: why it cannot be read; empty where it can
    :ivar kinds: the unpacked size of each of :data:`KINDS`
    :ivar folders: the folders that take the most room, with their sizes
    :ivar requires: what it needs on every board, or on some; *extras* need more
    :ivar bills: its bills of materials (PEP 770), by file name
    :ivar generator: the back end, as the wheel names it
    :ivar compilers: as compiled code names them
    :ivar openblas: version and processor, where an OpenBLAS is in the wheel
    """

    path: Path
    name: str
    version: str
    tags: str
    sha256: str
    size: int
    fault: str = ""
    kinds: Mapping[str, int] = field(default_factory=dict)
    folders: tuple[tuple[str, int], ...] = ()
    files: int = 0
    summary: str = ""
    generator: str = ""
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    bills: tuple[str, ...] = ()
    compilers: tuple[str, ...] = ()
    openblas: str = ""

    @property
    def installed(self) -> int:
        """Bytes on the board."""
        return sum(self.kinds.values())


def read(path: Path) -> Contents:
    """Read a wheel, whose name is known to be a wheel's."""
    name, version, _, _ = parse_wheel_filename(path.name)
    tags = "-".join(path.name.removesuffix(".whl").split("-")[-3:])
    facts = (path, str(name), str(version), tags, files.sha256(path), path.stat().st_size)
    try:
        with opened(path) as wheel:
            return _of(wheel, facts)
    except AuditError as error:
        return Contents(*facts, fault=f"{error.what}: {error.evidence}")


def _of(wheel: Wheel, facts: tuple[Path, str, str, str, str, int]) -> Contents:
    kinds: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    for member in wheel.members:
        kinds[_kind(member)] += wheel.size(member)
        folders[_folder(member)] += wheel.size(member)
    code = b"\0".join(_code(wheel))
    blas = _OPENBLAS.search(code)
    return Contents(
        *facts,
        kinds={kind: kinds[kind] for kind in KINDS},
        folders=tuple(folders.most_common(_FOLDERS)),
        files=len(wheel.members),
        summary=" ".join(str(wheel.metadata.get("Summary", "")).split()),
        generator=" ".join(str(wheel.wheel_headers.get("Generator", "")).split()),
        requires=tuple(one for one in _headers(wheel, "Requires-Dist") if not _EXTRA.search(one)),
        extras=_headers(wheel, "Provides-Extra"),
        bills=tuple(
            PurePosixPath(member).name for member in wheel.members if ".dist-info/sboms/" in member
        ),
        compilers=tuple(sorted({found.decode() for found in _COMPILER.findall(code)})),
        openblas=b" for ".join(blas.groups()).decode() if blas else "",
    )


def _headers(wheel: Wheel, name: str) -> tuple[str, ...]:
    return tuple(sorted({" ".join(str(one).split()) for one in wheel.metadata.get_all(name, [])}))


def _kind(member: str) -> str:
    place = PurePosixPath(member)
    if _TESTS & {*place.parts[:-1]}:
        return "tests"
    if place.suffix in _DEVELOPMENT:
        return "development"
    if _SHARED.search(place.name):
        return "code"
    return "python" if place.suffix == ".py" else "other"


def _folder(member: str) -> str:
    """The first two folders that a file lies in, or its own name at the top."""
    parts = PurePosixPath(member).parts
    return "/".join(parts[:2] if len(parts) > 2 else parts[:1])


def _code(wheel: Wheel) -> Iterator[bytes]:
    shared = [member for member in wheel.members if _SHARED.search(PurePosixPath(member).name)]
    left = _SEARCHED
    for member in sorted(shared, key=wheel.size, reverse=True):
        left -= wheel.size(member)
        if left < 0:
            return
        yield wheel.data(member)
