"""What a board can do without: tests, headers, static libraries, Cython's sources, docs.

Which files these are is data (``policy/slim.toml``, and the recipe's own globs).  No
import may fail for them: what a module that stays imports, stays.  From the Python sources
that a recipe names, prose goes as well.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath

import pydantic

from crossbuild.core import documents
from crossbuild.repair.docstrings import Needs, shorten

_POLICY = Path(__file__).parent / "slim.toml"

#: The kind of what a recipe drops beyond the policy.
_OWN = "recipe"

#: The kind of what the user's project leaves out.
_UNWANTED = "leave-out"

#: The kind of what is cut from files that stay.
_PROSE = "docstrings"


@dataclass(frozen=True)
class LeftOut:
    """A file that a slim wheel does not have, or, of the kind ``docstrings``, has shortened.

    *size* is what was saved, in bytes; *kind* is as the policy names it.
    """

    path: str
    size: int
    kind: str


class _Policy(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    keep: tuple[str, ...]
    drop: Mapping[str, tuple[str, ...]]
    legal: re.Pattern[str]


def slim(
    tree: Path,
    *,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    shorten: Sequence[str] = (),
    doc_calls: Sequence[str] = (),
    doc_lines: Sequence[str] = (),
) -> tuple[LeftOut, ...]:
    """Remove from an unpacked wheel what the board can do without.

    :param keep: globs of files that stay as they are, beyond the policy's
    :param drop: globs of files that go, beyond the policy's
    :param shorten: globs of Python sources from which prose is cut
    :param doc_calls: functions in these whose arguments are documentation as well
    :param doc_lines: texts in these whose lines of documentation stay
    :returns: what was removed, sorted by path; then what was cut
    """
    policy = _policy()
    keep = (*policy.keep, *keep)
    kinds = {**policy.drop, _OWN: tuple(drop)}
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    doomed = {name: kind for name in names if (kind := _kind(name, kinds, keep))}
    for name in _imported(tree, names, doomed):
        del doomed[name]
    removed = tuple(LeftOut(n, (tree / n).stat().st_size, kind) for n, kind in doomed.items())
    for file in removed:
        (tree / file.path).unlink()
    cuts = {_PROSE: shorten}
    staying = [name for name in names if name not in doomed and _kind(name, cuts, keep)]
    return *removed, *_cut(tree, staying, Needs(policy.legal, doc_calls, doc_lines))


def leave_out(tree: Path, globs: Sequence[str]) -> tuple[LeftOut, ...]:
    """Remove the files of an unpacked wheel that the user does not want in it.

    What imports them is the user's business.
    """
    wanted = {_UNWANTED: globs}
    found = [path for path in sorted(tree.rglob("*")) if path.is_file() or path.is_symlink()]
    named = {path.relative_to(tree).as_posix(): path for path in found}
    doomed = {name: path for name, path in named.items() if _kind(name, wanted, ())}
    removed = tuple(LeftOut(n, p.lstat().st_size, _UNWANTED) for n, p in doomed.items())
    for path in doomed.values():
        path.unlink()
    return removed


def _cut(tree: Path, names: Sequence[str], needs: Needs) -> Iterator[LeftOut]:
    for name in names:
        whole = (tree / name).read_bytes()
        short = shorten(whole, needs)
        if len(short) < len(whole):
            (tree / name).write_bytes(short)
            yield LeftOut(name, len(whole) - len(short), _PROSE)


@cache
def _policy() -> _Policy:
    return _Policy.model_validate(documents.read_toml(_POLICY))


def _kind(name: str, kinds: Mapping[str, Sequence[str]], keep: Sequence[str]) -> str | None:
    """The kind for which a file is left out, None where it stays."""
    if name.partition("/")[0].endswith(".dist-info") or _matches(name, keep):
        return None
    return next((kind for kind, globs in kinds.items() if _matches(name, globs)), None)


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _imported(tree: Path, names: Sequence[str], doomed: Mapping[str, str]) -> set[str]:
    """The doomed files that staying modules import, and those that these import in turn."""
    files = {_module(name): name for name in names if name.endswith((".py", ".so"))}
    pending = [name for name in names if name.endswith(".py") and name not in doomed]
    saved: set[str] = set()
    while pending:
        name = pending.pop()
        wanted = {files[module] for module in _imports(tree / name, name) if module in files}
        needed = wanted & doomed.keys() - saved
        saved |= needed
        pending += [module for module in needed if module.endswith(".py")]
    return saved


def _module(name: str) -> str:
    """The dotted name of a module's file; a package's is that of its folder."""
    path = PurePosixPath(name)
    stem = path.name.partition(".")[0]
    return ".".join(path.parts[:-1] if stem == "__init__" else (*path.parts[:-1], stem))


def _imports(path: Path, name: str) -> Iterator[str]:
    """All modules that a file may import anywhere in it, with the packages around them.

    A file that this Python cannot read, such as a template, imports nothing.
    """
    try:
        with warnings.catch_warnings():
            # What the compiler says of a package's strings is its authors' business.
            warnings.simplefilter("ignore")
            nodes = ast.walk(ast.parse(path.read_bytes()))
    except (SyntaxError, ValueError):
        return
    package = _module(f"{PurePosixPath(name).parent}/__init__.py").split(".")
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_packages(alias.name)
        elif isinstance(node, ast.ImportFrom):
            outer = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*outer, *([node.module] if node.module else [])])
            for alias in node.names:
                yield from _with_packages(f"{module}.{alias.name}")


def _with_packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))
