"""A package's source: what belongs to it, its digest, and a copy of it to build in.

Where git is there, the source is what git tracks, and what it neither tracks nor ignores; else
all but folders that are known to hold what is made.  Of a package in a larger project the
whole project is copied, as cibuildwheel does: its files may name those beside its folder.
"""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from crossbuild.core import files
from crossbuild.core.errors import (
    BuildError,
    CommandError,
    ConfigurationError,
    RecipeError,
    ToolMissingError,
)
from crossbuild.packages.recipe import Edit
from crossbuild.packages.source import archive, git
from crossbuild.packages.source.git import Repository

#: Folders at the top of a project or package that hold what is made of its source.
_MADE = {"build", "dist", "wheelhouse"}

#: Folders of tools and of version control, wherever they lie.
_NO_SOURCE = {
    *(".git", ".hg", ".venv", ".tox", ".nox", "__pycache__", ".pytest_cache"),
    *(".cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".eggs"),
}

#: Files by which virtual environments (PEP 405) and caches (bford.info/cachedir) are known.
_MARKS = ("pyvenv.cfg", files.CACHE_TAG)

#: How a project's own build files name a folder above theirs.
_ABOVE = re.compile(rb"\.\.[/\"']|\bpardir\b|\.parent\.parent\b|\.parents\[")

#: Names of build files at the top of a package.
_BUILD_FILES = ("*.py", "*.toml", "*.cfg", "*.in", "*.build", "CMakeLists.txt", "Makefile")

#: A module of Python, whose name has the tag of its Python and machine.
_MODULE = re.compile(r"\.(cpython-\w+(-\w+)*|abi3)\.so$")

#: What a compiler leaves beside its sources.
_COMPILED = re.compile(r"\.(so(\.\d+)*|o)$")

#: ``e_machine`` of an ELF file for Arm (ELF for the Arm Architecture, 5.2), little-endian.
_ARM = b"\x28\x00"

#: File beside the source's root, with the time of its newest file.
_EPOCH = "epoch"

#: Names that a note has before it counts.
_SHOWN = 3


@dataclass(frozen=True)
class Entry:
    """What the copy has in one place.

    :ivar name: the place in the copy
    :ivar path: where it lies: a file, an empty folder, or a link that stays one
    """

    name: str
    path: Path
    is_link: bool = False

    @property
    def content(self) -> bytes:
        """All of it that can change a wheel."""
        if self.is_link:
            return b"-> " + os.fsencode(self.path.readlink())
        if self.path.is_dir():
            return b"folder"
        executable = b"x " if self.path.stat().st_mode & stat.S_IXUSR else b"- "
        return executable + files.sha256(self.path).encode()

    def copy(self, target: Path) -> None:
        """Put it into a copy."""
        place = target / self.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if self.is_link:
            place.symlink_to(self.path.readlink())
        elif self.path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            shutil.copy2(self.path, place)


@dataclass(frozen=True)
class SourceTree:
    """A source folder as it was read.

    :ivar folder: the package's folder
    :ivar root: the folder of the project that it belongs to, which is copied
    :ivar entries: what belongs to the source, sorted
    :ivar repository: that of the project, where it has one
    :ivar notes: what the user should know of files that are left out
    """

    folder: Path
    root: Path
    entries: tuple[Entry, ...]
    repository: Repository | None = None
    notes: tuple[str, ...] = ()

    @property
    def inner(self) -> Path:
        """The package's folder in a copy of the project."""
        return self.folder.relative_to(self.root)

    @cached_property
    def digest(self) -> str:
        """The digest of all that decides what is built, also of the version that git tells.

        :raises ConfigurationError: a file cannot be read
        """
        version = self.repository.version if self.repository else ""
        total = hashlib.sha256(os.fsencode(self.inner) + f" {version}\0".encode())
        for entry in self.entries:
            try:
                content = entry.content
            except OSError as error:
                raise _unreadable(entry.path, error) from error
            total.update(os.fsencode(entry.name) + b" " + content + b"\0")
        return total.hexdigest()

    def copy(self, target: Path) -> None:
        """Copy the project without what is made of it, and without version control.

        :raises ConfigurationError: a file cannot be read
        """
        target.mkdir(parents=True, exist_ok=True)
        for entry in self.entries:
            try:
                entry.copy(target)
            except (FileNotFoundError, PermissionError) as error:
                raise _unreadable(entry.path, error) from error


def read(folder: Path, apart: Collection[Path] = ()) -> SourceTree:
    """The source in a package's folder.

    :param apart: folders that a run writes or reads, which are no source wherever they lie
    :raises ConfigurationError: one of these holds the package, or git does not trust the folder
    """
    return _read(folder, apart, _project)


def read_alone(folder: Path) -> SourceTree:
    """The source in a folder, without the project that it belongs to."""
    return _read(folder, (), lambda folder, _: folder)


def prepare(origin: SourceTree | Path, folder: Path, edits: Sequence[Edit] = ()) -> Path:
    """Unpack an sdist, or copy a source, to *folder*; return the package's folder there.

    What an interrupted run left there whole is kept, so that a build goes on.

    :param edits: what a recipe changes in an sdist
    :raises BuildError: the archive is damaged or has no single root folder
    :raises RecipeError: an edit does not fit the source
    """
    if not folder.exists():
        with files.staged_directory(folder) as stage:
            _fill(stage, origin)
            for edit in edits:
                _apply(edit, stage)
    roots = [path for path in folder.iterdir() if path.is_dir()]
    if len(roots) != 1:
        name = origin.name if isinstance(origin, Path) else origin.root.name
        raise BuildError(
            f"{name} is no source distribution",
            evidence=f"it has {len(roots)} folders at its top, not one",
            cure="an sdist has one folder, NAME-VERSION, with all else in it",
        )
    return roots[0] if isinstance(origin, Path) else roots[0] / origin.inner


def newest_file(source: Path) -> int:
    """Seconds since 1970 of the newest file of a source; folders and links are always new."""
    paths = (path for path in source.rglob("*") if path.is_file() and not path.is_symlink())
    times = (path.stat().st_mtime for path in paths)
    return max(int(max(times, default=0)), 315_532_800)  # zip archives begin in 1980


def epoch(folder: Path) -> int:
    """The SOURCE_DATE_EPOCH of what :func:`prepare` put into *folder*."""
    return int((folder / _EPOCH).read_text())


def _fill(stage: Path, origin: SourceTree | Path) -> None:
    if isinstance(origin, Path):
        archive.unpack(origin, stage)
    else:
        copy = stage / (origin.root.name or "root")
        origin.copy(copy)
    # Now, since a build that is interrupted leaves newer files in the source, as does git.
    files.write_text(stage / _EPOCH, str(newest_file(stage)))
    if isinstance(origin, SourceTree) and origin.repository:
        origin.repository.copy(copy)


def _apply(edit: Edit, stage: Path) -> None:
    """Change a text in an unpacked sdist."""
    path = next(stage.glob(f"*/{edit.file}"), None)
    text = path.read_text(encoding="utf-8") if path else ""
    if path is None or text.count(edit.old) != 1:
        times = f"the text stands there {text.count(edit.old)} times" if path else "no such file"
        raise RecipeError(
            "a recipe's edit does not fit the source",
            evidence=f"{edit.file}: {times}: {edit.old!r}",
            cure="`old` of the recipe's edit must stand once in the source of its version",
        )
    files.write_text(path, text.replace(edit.old, edit.new))


def _read(
    folder: Path,
    apart: Collection[Path],
    project: Callable[[Path, Repository | None], Path],
) -> SourceTree:
    notes = _Notes()
    repository = _repository(folder, notes)
    root = project(folder, repository)
    _require_apart(folder, root, apart)
    listing = _Listing(root, {"", _relative(folder, root)}, frozenset(apart))
    if repository is None:
        tracked, others = frozenset[str](), listing.all()
    else:
        below = replace(repository, root=root)
        tracked, others = frozenset(below.tracked), listing.untracked(below)
    entries = _Copying(listing, tracked | frozenset(others), tracked, notes).entries()
    ordered = tuple(sorted(entries, key=lambda entry: entry.name))
    return SourceTree(folder, root, ordered, repository, notes.texts())


def _repository(folder: Path, notes: "_Notes") -> Repository | None:
    try:
        found = git.repository(folder)
    except (CommandError, ToolMissingError) as error:
        notes.add("what is source is told by the names of folders, as git cannot", error.what)
        return None
    # Who keeps a home in git (its settings) does not mean all that is in it.
    is_strange = found and found.root in _too_wide() and not replace(found, root=folder).tracked
    return None if is_strange else found


def _project(folder: Path, repository: Repository | None) -> Path:
    """The project of a package: git's work tree, else the current folder where that is meant."""
    if repository is not None:
        return repository.root
    here = Path.cwd()
    is_above = here in folder.parents and here not in _too_wide()
    return here if is_above and _names_what_is_above(folder) else folder


def _too_wide() -> set[Path]:
    """Folders that hold more than a project: the user's home, and those above it."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - it does without a home
    return {home, *home.parents, Path("/")}


def _names_what_is_above(folder: Path) -> bool:
    paths = [path for glob in _BUILD_FILES for path in folder.glob(glob) if path.is_file()]
    return any(_ABOVE.search(files.beginning(path)) for path in paths)


def _require_apart(folder: Path, root: Path, apart: Collection[Path]) -> None:
    """Check that the package does not lie in what is left out of its project.

    :raises ConfigurationError: it does
    """
    for path in apart:
        if folder.is_relative_to(path) and path.is_relative_to(root):
            raise ConfigurationError(
                f"{path} lies among the sources of {folder.name}",
                evidence=f"{folder} is built, and this folder, which is no source, holds it",
                cure="name a folder of its own: --work-dir build, --wheelhouse wheelhouse, "
                "--cache-dir ~/.cache/crossbuild",
            )


def _refuse(error: OSError) -> None:
    raise _unreadable(Path(error.filename), error)


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"a file of the source cannot be read: {printable(path)}",
        evidence=str(error.strerror),
        cure="give it to the user who runs crossbuild; if it has just gone, run the command again",
    )


def _relative(path: Path, root: Path) -> str:
    return "" if path == root else str(path.relative_to(root))


@dataclass(frozen=True)
class _Listing:
    """The names of what lies below a folder, relative to it, as far as it is source.

    :ivar tops: folders in which one of the name ``build`` holds what is made
    :ivar apart: folders that are no source
    """

    root: Path
    tops: Collection[str]
    apart: frozenset[Path] = frozenset()

    def all(self) -> Iterator[str]:
        """Files, links and empty folders."""
        for path, folders, names in os.walk(self.root, onerror=_refuse):
            inside = Path(path).relative_to(self.root)
            if inside.parts and not folders and not names:
                yield str(inside)
            there = [name for name in folders if not self._is_made(str(inside / name))]
            folders[:] = there
            links = (name for name in there if (Path(path) / name).is_symlink())
            own = [name for name in names if name not in _NO_SOURCE]
            yield from (str(inside / name) for name in (*own, *links))

    def untracked(self, repository: Repository) -> Iterator[str]:
        """What git neither tracks nor ignores."""
        is_made = cache(self._is_made)
        for name in repository.untracked:
            if not any(is_made(str(path)) for path in (name, *PurePosixPath(name).parents[:-1])):
                yield name

    def _is_made(self, name: str) -> bool:
        """Whether a path is one that holds no source."""
        path, (above, own) = self.root / name, os.path.split(name)
        if own in _NO_SOURCE or path in self.apart:
            return True
        is_marked = any(os.path.exists(path / mark) for mark in _MARKS)  # noqa: PTH110 - never raises
        return is_marked or (own in _MADE and above in self.tops and path.is_dir())


@dataclass(frozen=True)
class _Copying:
    """What comes of names in the copy.

    :ivar listing: of the project
    :ivar names: those of its source
    :ivar tracked: those of them that git tracks
    """

    listing: _Listing
    names: frozenset[str]
    tracked: frozenset[str]
    notes: "_Notes"

    def entries(self) -> Iterator[Entry]:
        """What the copy has, in any order."""
        for name in self.names:
            yield from self._entries(self.listing.root / name, name, ())

    @cached_property
    def _there(self) -> frozenset[str]:
        """The names, and those of the folders that hold them."""
        above = {str(path) for name in self.names for path in PurePosixPath(name).parents}
        return self.names | above

    def _entries(self, path: Path, name: str, chain: tuple[Path, ...]) -> Iterator[Entry]:
        """What the copy has at *name*: nothing for pipes, sockets, devices, and what has gone.

        :param chain: the folders into which links have led
        """
        if path.is_symlink():
            yield from self._linked(path, name, chain)
        elif path.is_dir() or (path.is_file() and not self._is_stale(path, name)):
            yield Entry(name, path)

    def _linked(self, path: Path, name: str, chain: tuple[Path, ...]) -> Iterator[Entry]:
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):  # Python up to 3.12 has the latter for a loop
            self.notes.add("links that lead nowhere are left out", name)
            return
        if not chain and self._stays(path, name):
            yield Entry(name, path, is_link=True)
        elif self._is_no_source(real) or any(real == above for above in chain):
            self.notes.add("links to what is no source, or holds it, are left out", name)
        elif real.is_dir():
            inside = replace(self.listing, root=real, tops={""}).all()
            for below in inside:
                yield from self._entries(real / below, f"{name}/{below}", (*chain, real))
        else:
            yield from self._entries(real, name, chain)

    def _stays(self, path: Path, name: str) -> bool:
        """Whether a link leads to the source in the copy as well."""
        text = path.readlink()
        target = os.path.normpath(Path(name).parent / text)
        return not text.is_absolute() and target in self._there

    def _is_no_source(self, real: Path) -> bool:
        root = self.listing.root
        if real.is_relative_to(root):
            return _relative(real, root) not in self._there
        above = root.is_relative_to(real)
        return above or any(real.is_relative_to(path) for path in self.listing.apart)

    def _is_stale(self, path: Path, name: str) -> bool:
        """Whether it is what an earlier build made for another machine beside the sources."""
        if not _COMPILED.search(name) or (name in self.tracked and not _MODULE.search(name)):
            return False
        header = files.beginning(path)[:20]
        is_stale = header.startswith(b"\x7fELF") and header[18:] != _ARM
        if is_stale:
            self.notes.add("files compiled for another machine are left out", name)
        return is_stale


@dataclass
class _Notes:
    """What is left out, by the reason."""

    names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, why: str, name: str) -> None:
        self.names.setdefault(why, []).append(printable(name))

    def texts(self) -> tuple[str, ...]:
        """A note for each reason, with the first names."""
        return tuple(f"{why}: {_few(sorted(names))}" for why, names in sorted(self.names.items()))


def _few(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def printable(name: str | Path) -> str:
    """A name for people: bytes that are no text are shown as such."""
    return os.fsencode(name).decode(errors="backslashreplace")
