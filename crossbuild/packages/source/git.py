"""What git knows of a folder: which files are a project's, and which version of it they are."""

import ast
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import Completed, clean_environment, run, try_run
from crossbuild.core.errors import CommandError, ConfigurationError

#: Settings that decide whether a file counts as changed.
_SETTINGS = r"^core\.(autocrlf|eol|filemode|symlinks)$"


@dataclass(frozen=True)
class Repository:
    """A work tree and its history.

    :ivar root: the work tree's folder
    :ivar trusted: whether it belongs to the owner of the folder that the user named
    """

    root: Path
    trusted: bool = True

    def require_usable(self) -> None:
        """Check that git answers.

        :raises ToolMissingError: there is no git
        :raises CommandError: git cannot use the repository
        :raises ConfigurationError: git does not trust it, since it belongs to another user
        """
        answer = self._try("rev-parse", "--is-inside-work-tree").output
        if "dubious ownership" in answer:
            raise ConfigurationError(
                f"git does not trust {self.root}, which belongs to another user",
                evidence=answer.strip(),
                cure=f"git config --global --add safe.directory {self.root}",
            )
        if answer.split()[-1:] != ["true"]:
            raise CommandError(f"git cannot use {self.root}/.git", evidence=answer.strip())

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """The files that git tracks, also those of submodules that are there, sorted."""
        names, submodules = self._cached
        inside = (f"{at}/{name}" for at, inner in submodules for name in inner.tracked)
        return tuple(sorted((*names, *inside)))

    @cached_property
    def untracked(self) -> tuple[str, ...]:
        """The files that git neither tracks nor ignores, sorted; all of repositories inside."""
        names, repositories = self._known("--others", "--exclude-standard")
        inside = [(at, inner.untracked) for at, inner in (*self._cached[1], *repositories)]
        inside += [(at, inner.tracked) for at, inner in repositories]
        there = (f"{at}/{name}" for at, below in inside for name in below)
        return tuple(sorted((*names, *there)))

    def ignores(self, folder: Path) -> bool:
        """Whether a folder in the work tree is none of the project's: ignored, nothing tracked."""
        if folder == self.root or replace(self, root=folder).tracked:
            return False
        return self._try("check-ignore", "-q", str(folder)).status == 0

    @cached_property
    def version(self) -> str:
        """All from which a back end reads a version or a list of files, as one key.

        These are the branch, the commit with what ``git describe`` says of it, the tags of the
        history, and which files are tracked.  Whether a file differs from the commit's is not
        asked: its content counts anyway, and git would write down what it found.
        """
        describe = self._try("describe", "--always", "--abbrev=40", "--long", "--tags").output
        tags = self._try("for-each-ref", "--merged=HEAD", "refs/tags").output
        return files.content_key(self._head, describe, tags, [ascii(name) for name in self.tracked])

    def copy(self, target: Path) -> None:
        """Give a copy of the work tree a repository that says the same of it.

        Objects are read where they are (gitrepository-layout(5): objects/info/alternates), so
        that a long history costs nothing, and a build cannot write to it.

        :param target: the copy, whose files are there
        """
        copy, own = Repository(target), self._path("index")
        copy._ask("init", "--quiet", "--template=", f"--object-format={self._object_format}")
        for line in self._try("config", "--get-regexp", _SETTINGS).output.splitlines():
            copy._ask("config", *line.split(" ", 1))
        refs = self._ask("for-each-ref", "--format=%(objectname) %(refname)")
        files.write_text(target / ".git/packed-refs", "".join(f"{line}\n" for line in refs))
        files.write_text(target / ".git/HEAD", f"{self._head}\n")
        objects = self._path("objects")
        files.write_text(target / ".git/objects/info/alternates", f"{objects}\n")
        for path in (own, self._path("shallow"), *own.parent.glob("sharedindex.*")):
            if path.is_file():
                shutil.copyfile(path, target / ".git" / path.name)
        # With the user's own filters (Git LFS), which a build does not have.
        copy._try("update-index", "-q", "--refresh")

    @cached_property
    def _head(self) -> str:
        """The content of its file HEAD."""
        branch = self._try("symbolic-ref", "--quiet", "HEAD")
        if branch.status == 0:
            return f"ref: {branch.output.strip()}"
        return self._ask("rev-parse", "HEAD")[-1]

    @property
    def _object_format(self) -> str:
        return self._ask("rev-parse", "--show-object-format")[-1]

    def _path(self, name: str) -> Path:
        """Where a file of the repository lies: that of a submodule or work tree is elsewhere."""
        return (self.root / self._ask("rev-parse", "--git-path", name)[-1]).resolve()

    @cached_property
    def _cached(self) -> tuple[list[str], list[tuple[str, "Repository"]]]:
        return self._known("--cached")

    def _known(self, *which: str) -> tuple[list[str], list[tuple[str, "Repository"]]]:
        """Names of files, and those of folders that are repositories, with these."""
        # Quoted as in C wherever a byte is not ASCII, so that no name is decoded in between.
        lines = self._ask("-c", "core.quotePath=true", "ls-files", *which)
        names = [_unquoted(line).rstrip("/") for line in lines]
        folders = {name for name in names if self._is_folder(name)}
        there = [name for name in folders if (self.root / name / ".git").exists()]
        repositories = [(name, Repository(self.root / name, self.trusted)) for name in there]
        return [name for name in names if name not in folders], repositories

    def _is_folder(self, name: str) -> bool:
        path = self.root / name
        return path.is_dir() and not path.is_symlink()

    def _ask(self, *words: str) -> list[str]:
        return run(self._command(words), env=_environment()).output.splitlines()

    def _try(self, *words: str) -> Completed:
        return try_run(self._command(words), env=_environment())

    def _command(self, words: Iterable[str]) -> list[str]:
        trusting = ["-c", "safe.directory=*"] if self.trusted else []
        return ["git", "-C", str(self.root), *trusting, *words]


def repository(folder: Path) -> Repository | None:
    """The repository whose work tree has the folder; None where it is in none.

    :raises ToolMissingError: there is one, and no git
    :raises CommandError: git cannot use it
    :raises ConfigurationError: git does not trust it, since it belongs to another user
    """
    roots = (path for path in (folder, *folder.parents) if (path / ".git").exists())
    root = next(roots, None)
    if root is None:
        return None
    # Whoever owns the folder that the user named has its setup.py run anyway.
    trusted = (root / ".git").stat().st_uid == folder.stat().st_uid
    found = Repository(root, trusted)
    found.require_usable()
    return None if found.ignores(folder) else found


def _environment() -> dict[str, str]:
    """No command writes to the user's repository, and a new one has files for its refs."""
    return clean_environment(GIT_OPTIONAL_LOCKS="0", GIT_DEFAULT_REF_FORMAT="files")


def _unquoted(line: str) -> str:
    """A name as git prints it (git-config(1), core.quotePath); Python has the same escapes."""
    return os.fsdecode(ast.literal_eval(f"b{line}")) if line.startswith('"') else line
