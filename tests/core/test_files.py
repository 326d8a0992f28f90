"""Files: what is removed, and what a disk's errors become."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crossbuild.core import files
from crossbuild.core.errors import DiskError


def test_whatever_is_there_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    folder.chmod(0o500)
    os.mkfifo(tmp_path / "fifo")  # opened, it would wait for a writer
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("folder", "fifo", "link", "nothing"):
        files.remove_tree(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_fills_the_disk(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from/file").touch()

    def full(_source: str, target: str) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)

    with pytest.raises(DiskError, match="no space left"), files.disk_errors(tmp_path / "to"):
        shutil.copytree(tmp_path / "from", tmp_path / "to", copy_function=full)


def test_a_copy_that_fails_for_another_reason_is_no_matter_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from/link").symlink_to("nowhere")
    with pytest.raises(shutil.Error), files.disk_errors(tmp_path / "to"):
        shutil.copytree(tmp_path / "from", tmp_path / "to")


@pytest.mark.parametrize("folder", ["/proc/none", "/dev/null"])
def test_a_folder_that_cannot_be_made_is_named(folder: str) -> None:
    with pytest.raises(DiskError, match=folder) as caught:
        files.write_text(Path(folder, "file"), "text")
    assert "--cache-dir" in caught.value.cure


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As NFS is, where the server's lock service is down."""

    def refuse(_handle: object, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        pytest.raises(DiskError, match="gives no locks") as caught,
        files.exclusive(tmp_path / "l"),
    ):
        pass
    assert "No locks available" in caught.value.evidence
    assert "--work-dir" in caught.value.cure


STAGE = """
import sys, time
from pathlib import Path
from crossbuild.core.files import staged_directory
with staged_directory(Path(sys.argv[1])) as stage:
    (stage / "half").touch()
    print(stage, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_run_left_is_removed_and_what_another_is_making_stays(tmp_path: Path) -> None:
    made = tmp_path / "made"
    argv = [sys.executable, "-c", STAGE, str(made)]
    runs = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    stages = [Path(run.stdout.readline().strip()) for run in runs if run.stdout]
    runs[0].kill()
    runs[0].wait()
    assert [(stage / "half").exists() for stage in stages] == [True, True]
    with files.staged_directory(made) as stage:
        (stage / "whole").touch()
    assert [(stage / "half").exists() for stage in stages] == [False, True]
    assert [path.name for path in made.iterdir()] == ["whole"]
    runs[1].kill()
    runs[1].wait()
