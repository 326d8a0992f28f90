"""Repositories of git, made for tests."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support import projects

_AUTHOR = (
    "-c",
    "user.name=a",
    "-c",
    "user.email=a@example.com",
    "-c",
    "protocol.file.allow=always",
)


def git(folder: Path, *words: str) -> str:
    """What git says in a folder."""
    command = ["git", "-C", str(folder), *_AUTHOR, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def committed(folder: Path, files: Mapping[str, str], tag: str = "") -> Path:
    """A repository in *folder* with these files, also ignored ones, in one commit more."""
    projects.of(folder, files)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--force", *files)
    git(folder, "commit", "--quiet", "--message=one more")
    if tag:
        git(folder, "tag", tag)
    return folder
