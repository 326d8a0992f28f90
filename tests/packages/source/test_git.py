"""What git is asked: which files are a project's, and what a copy has to say of its version."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import CommandError, ConfigurationError, ToolMissingError
from crossbuild.packages.source import git
from crossbuild.packages.source.git import Repository
from tests.support import projects
from tests.support.repositories import committed
from tests.support.repositories import git as run_git

#: A name in Latin-1, as old archives from Windows have them.
LATIN = os.fsdecode(b"caf\351.txt")


def opened(folder: Path) -> Repository:
    found = git.repository(folder)
    assert found is not None
    return found


def test_what_is_tracked_and_what_is_neither_tracked_nor_ignored(tmp_path: Path) -> None:
    committed(tmp_path, {".gitignore": "build/\n*.o\n", "build/a.py": "", "b.c": "", "gone": ""})
    (tmp_path / "gone").unlink()
    projects.of(tmp_path, {"b.o": "", "build/made": "", "new/c.h": "", LATIN: "", "a\nb": ""})
    found = opened(tmp_path)
    assert found.tracked == (".gitignore", "b.c", "build/a.py", "gone")
    assert found.untracked == ("a\nb", LATIN, "new/c.h")


def test_submodules_and_repositories_inside(tmp_path: Path) -> None:
    library = committed(tmp_path / "library", {"lib.c": ""})
    project = committed(tmp_path / "project", {"setup.py": ""})
    run_git(project, "submodule", "--quiet", "add", str(library), "third/library")
    run_git(project, "commit", "--quiet", "--message=library")
    (project / "third/library/new.c").touch()
    committed(project / "inside", {"x.c": ""})
    found = opened(project)
    assert found.tracked == (".gitmodules", "setup.py", "third/library/lib.c")
    assert found.untracked == ("inside/x.c", "third/library/new.c")
    assert opened(project / "third/library").root == project / "third/library"
    fresh = tmp_path / "fresh"
    run_git(tmp_path, "clone", "--quiet", str(project), str(fresh))
    assert opened(fresh).tracked == (".gitmodules", "setup.py")


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: run_git(folder, "tag", "v2"),
        lambda folder: run_git(folder, "tag", "--delete", "v1"),
        lambda folder: run_git(folder, "switch", "--quiet", "--create", "other"),
        lambda folder: run_git(folder, "commit", "--quiet", "--allow-empty", "--message=x"),
        lambda folder: (folder / "b").touch() or run_git(folder, "add", "b"),
    ],
)
def test_all_that_a_version_is_made_of_counts(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    folder = committed(tmp_path, {"a": ""}, tag="v1")
    before = opened(folder).version
    assert opened(folder).version == before
    change(folder)
    assert opened(folder).version != before


def worktree(folder: Path) -> Path:
    run_git(folder, "worktree", "add", "--quiet", "--detach", "../tree")
    return folder.parent / "tree"


def shallow(folder: Path) -> Path:
    run_git(folder, "clone", "--quiet", "--depth=1", f"file://{folder}", "../shallow")
    return folder.parent / "shallow"


def submodule(folder: Path) -> Path:
    above = committed(folder.parent / "above", {"x": ""})
    run_git(above, "submodule", "--quiet", "add", str(folder), "inner")
    return above / "inner"


def plain(folder: Path) -> Path:
    return folder


@pytest.mark.parametrize("kind", [plain, worktree, shallow, submodule])
@pytest.mark.parametrize("is_dirty", [False, True])
def test_a_copy_says_the_same(kind: Callable[[Path], Path], is_dirty: bool, tmp_path: Path) -> None:
    project = committed(tmp_path / "project", {"a.c": "", "run": ""}, tag="v1.0")
    (project / "run").chmod(0o755)
    folder = kind(committed(project, {"b.c": "", "run": ""}))
    if is_dirty:
        (folder / "a.c").write_text("changed")
        (folder / "new.c").touch()
        run_git(folder, "add", "new.c")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".git"))
    before = sorted((path, path.stat().st_mtime) for path in project.rglob("*"))
    assert opened(folder).version
    opened(folder).copy(copy)
    assert sorted((path, path.stat().st_mtime) for path in project.rglob("*")) == before
    for question in (
        ("describe", "--always", "--dirty", "--long", "--tags"),
        ("status", "--porcelain"),
        ("ls-files", "--stage"),
        ("rev-parse", "--abbrev-ref", "HEAD"),
        ("log", "--format=%H %ct"),
    ):
        assert run_git(copy, *question) == run_git(folder, *question), question
    run_git(copy, "tag", "another")
    assert run_git(folder, "tag") == run_git(folder, "tag", "--list", "v1.0")


def test_a_copy_of_a_repository_without_a_commit(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet", "project")
    (tmp_path / "project/a").touch()
    found = opened(tmp_path / "project")
    assert found.untracked == ("a",)
    assert found.version
    shutil.copytree(tmp_path / "project", tmp_path / "copy", ignore=lambda *_: [".git"])
    found.copy(tmp_path / "copy")
    assert run_git(tmp_path / "copy", "status", "--porcelain") == "?? a"


def test_modes_that_do_not_count_do_not_count_in_the_copy(tmp_path: Path) -> None:
    project = committed(tmp_path / "project", {"a": ""}, tag="v1.0")
    run_git(project, "config", "core.fileMode", "false")
    (project / "a").chmod(0o777)  # as all files are on a Windows file system
    copy = shutil.copytree(project, tmp_path / "copy", ignore=lambda *_: [".git"])
    opened(project).copy(copy)
    assert run_git(copy, "describe", "--dirty", "--tags") == "v1.0"


def test_no_repository(tmp_path: Path) -> None:
    assert git.repository(tmp_path) is None
    committed(tmp_path, {".gitignore": "out/\n"})
    (tmp_path / "out/package").mkdir(parents=True)
    assert git.repository(tmp_path / "out/package") is None
    committed(tmp_path, {"out/tracked/setup.py": ""})
    assert opened(tmp_path / "out/tracked").root == tmp_path


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(tmp_path, {"a": ""})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="the program 'git' is missing"):
        git.repository(tmp_path)


def test_a_repository_that_git_cannot_use(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(CommandError, match="git cannot use") as caught:
        git.repository(tmp_path)
    assert "/nowhere" in caught.value.evidence


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
def test_another_users_repository(tmp_path: Path) -> None:
    project = committed(tmp_path / "project", {"mine/setup.py": ""})
    for path in (project, *project.rglob("*")):
        os.chown(path, 12345, 12345)
    assert opened(project).tracked == ("mine/setup.py",)
    # A folder of the user's own in it: whoever made the repository is not trusted by that.
    os.chown(project / "mine", 0, 0)
    with pytest.raises(ConfigurationError, match="does not trust") as caught:
        git.repository(project / "mine")
    assert caught.value.cure == f"git config --global --add safe.directory {project}"
