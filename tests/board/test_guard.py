"""The guard of a program on a board, here on this machine, which it does not tell apart."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crossbuild.board.protocol import ON_BOARD


def guarded(folder: Path, seconds: float, script: str) -> list[str]:
    words = [sys.executable, ON_BOARD / "guard.py", folder, seconds, "sh", "-c", script]
    return [str(word) for word in words]


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_the_programs_status(script: str, status: int, tmp_path: Path) -> None:
    assert subprocess.run(guarded(tmp_path, 60, script), check=False).returncode == status


def test_what_a_program_leaves_behind_holds_nobody_up(tmp_path: Path) -> None:
    script = "sleep 600 & echo $! > pid; exit 3"
    done = subprocess.run(
        guarded(tmp_path, 60, script), cwd=tmp_path, stdout=subprocess.PIPE, timeout=30, check=False
    )
    assert done.returncode == 3
    left = Path("/proc", (tmp_path / "pid").read_text().strip(), "cmdline")
    for _ in range(100):
        if not left.exists() or not left.read_bytes():
            break
        time.sleep(0.1)
    else:
        pytest.fail("the program's child still runs")


def test_a_program_that_takes_too_long(tmp_path: Path) -> None:
    done = subprocess.run(guarded(tmp_path, 0.5, "sleep 600"), timeout=30, check=False)
    assert done.returncode == 124


def test_a_folder_in_use_stays_young(tmp_path: Path) -> None:
    os.utime(tmp_path, (0, 0))
    subprocess.run(guarded(tmp_path, 60, "sleep 1.5"), check=True)
    assert time.time() - tmp_path.stat().st_mtime < 600
