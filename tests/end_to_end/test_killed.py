"""Killed at any moment, the same command goes on, and makes the same bytes.

`make nightly` tries a hundred moments (`CROSSBUILD_KILLS=100`) of builds, and some of each other
command; a few are tried here.  The seed is shown, so that a failure can be had again:
`CROSSBUILD_SEED=N`.
"""

import hashlib
import os
import random
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.sdk.model import Sdk
from tests.support import figures, projects
from tests.support.programs import CROSSBUILD

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CROSSBUILD_KILLS", "2"))
#: Of a command that takes longer, or has less to lose.
SOME = max(KILLS // 10, 2)
SEED = int(os.environ.get("CROSSBUILD_SEED", time.time_ns() % 1_000_000))

nightly = pytest.mark.skipif(
    not os.environ.get("CROSSBUILD_NIGHTLY"), reason="`make nightly` runs it"
)


class Place:
    """Where a command works, in a folder of its own.

    :param words: what follows ``crossbuild``, with paths relative to the folder
    :param kept: the folders in which nothing may be left over
    :param patterns: the files that must come out the same
    """

    def __init__(
        self, root: Path, words: Sequence[object], kept: Sequence[str], patterns: Sequence[str]
    ) -> None:
        self.root, self._patterns = root, patterns
        self._kept = [root / name for name in kept]
        self._command = [str(word) for word in (CROSSBUILD, *words)]
        root.mkdir(parents=True)

    def start(self) -> subprocess.Popen[bytes]:
        with (self.root / "log").open("ab") as log:
            return subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self.root, start_new_session=True
            )

    def finish(self) -> None:
        process = self.start()
        assert process.wait() == 0, (self.root / "log").read_text()

    def digests(self) -> dict[str, str]:
        """The sha256 of what is made, by name."""
        made = [path for one in self._patterns for path in self.root.glob(one) if path.is_file()]
        return {
            str(path.relative_to(self.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in made
            if not path.is_symlink()
        }

    def names(self) -> set[str]:
        """All that lies in the folders that are kept.

        Digests are remembered of files that are some seconds old, so of none in a quick run.  A run
        that finds all built draws no timeline.
        """
        work = self.root / "work"
        paths = [*(work.iterdir() if work.is_dir() else ())]
        paths += [path for folder in self._kept for path in folder.rglob("*")]
        names = {str(path.relative_to(self.root)) for path in paths}
        return names - {"work/wheels/digests.json", "work/trace.json", "work/trace.svg"}

    def processes(self) -> list[bytes]:
        """The command lines of what still works here."""
        argv = ["pgrep", "-af", str(self.root)]
        return subprocess.run(argv, check=False, stdout=subprocess.PIPE).stdout.splitlines()


def killed(place: Place, seconds: float) -> None:
    """Run it, and kill all of it after that time; sound is then what it has published."""
    process = place.start()
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    ends = time.monotonic() + 20
    while place.processes() and time.monotonic() < ends:
        time.sleep(0.1)
    assert not place.processes()
    for wheel in place.root.glob("wheelhouse/*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            assert archive.testzip() is None


def survives(
    what: str, kills: int, place: Callable[[Path], Place], folder: Path, show: Callable[[str], None]
) -> None:
    """Kill a command at moments spread over its whole run, and run it again after each."""
    undisturbed = place(folder / "undisturbed")
    began = time.monotonic()
    undisturbed.finish()
    lasts = time.monotonic() - began
    assert undisturbed.digests()
    moments = random.Random(SEED)
    for number in range(kills):
        after = lasts * (number + moments.random()) / kills
        show(f"seed {SEED}: {what} killed after {after:.1f} of {lasts:.1f} s")
        disturbed = place(folder / f"kill-{number}")
        killed(disturbed, after)
        disturbed.finish()
        assert disturbed.digests() == undisturbed.digests()
        assert disturbed.names() == undisturbed.names()
    figures.record(
        f"`{what}` killed", f"{kills}, each ended in the same bytes", time.monotonic() - began
    )


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return line


def _wheels(root: Path, package: object, sdk: Sdk, cache: str = "cache") -> Place:
    folders = ["--work-dir", "work", "--wheelhouse", "wheelhouse", "--cache-dir", cache]
    words = ["wheels", *folders, "--sdk", sdk.root, "--python", "3.11", package]
    kept = ["work/wheels", "work/locks", "wheelhouse"]
    published = [f"wheelhouse/{pattern}" for pattern in ("*.whl", "*.txt", "SHA256SUMS")]
    return Place(root, words, kept, published)


def test_a_run_that_was_killed_is_done_again_to_the_same_bytes(
    bookworm: Sdk, tmp_path: Path, show: Callable[[str], None]
) -> None:
    project = projects.write(tmp_path / "killed", projects.PARTS)
    survives(
        "wheels", KILLS, partial(_wheels, package=project, sdk=bookworm), tmp_path / "runs", show
    )


@nightly
def test_a_build_of_numpy_that_was_killed(
    bookworm: Sdk, tmp_path: Path, show: Callable[[str], None]
) -> None:
    """With the caches of all, which must stay sound."""
    place = partial(_wheels, package="numpy", sdk=bookworm, cache=str(defaults.CACHE))
    survives("wheels numpy", SOME, place, tmp_path / "runs", show)


@pytest.fixture
def house(bookworm: Sdk, tmp_path: Path) -> Path:
    """A wheelhouse with one wheel."""
    made = _wheels(tmp_path / "made", projects.write(tmp_path / "sample"), bookworm)
    made.finish()
    return made.root / "wheelhouse"


@nightly
def test_a_proof_that_was_killed(
    house: Path, bookworm: Sdk, tmp_path: Path, show: Callable[[str], None]
) -> None:
    def place(root: Path) -> Place:
        folders = ["--work-dir", "work", "--wheelhouse", house, "--cache-dir", "cache"]
        options = ["--sdk", bookworm.root, "--python", "3.11", tmp_path / "sample"]
        return Place(
            root, ["verify", *folders, *options], ["cache/boards"], ["cache/boards/*/etc/*"]
        )

    survives("verify", SOME, place, tmp_path / "runs", show)


@nightly
@pytest.mark.parametrize("kind", ["opkg", "yocto --release kirkstone"])
def test_an_export_that_was_killed(
    kind: str, house: Path, bookworm: Sdk, tmp_path: Path, show: Callable[[str], None]
) -> None:
    def place(root: Path) -> Place:
        options = ["--output", "out", "--sdk", bookworm.root, "--python", "3.11"]
        words = ["export", *kind.split(), house, *options, "--licence", "sample=MIT"]
        return Place(root, words, ["out"], ["out/**/*"])

    survives(f"export {kind.split(maxsplit=1)[0]}", SOME, place, tmp_path / "runs", show)


@nightly
def test_a_reference_sdk_whose_making_was_killed(
    tmp_path: Path, show: Callable[[str], None]
) -> None:
    """Into the cache of all, which has what it downloads."""

    def place(root: Path) -> Place:
        words = ["sdk", "create", "debian-bookworm", "--destination", "sdk"]
        return Place(root, words, ["sdk"], ["sdk/environment-setup-*", "sdk/sysroots/*/usr/**/*"])

    survives("sdk create", SOME, place, tmp_path / "runs", show)
