"""Eight runs at once share caches, work folder and wheelhouse.

`make nightly` lets them begin with empty caches, and build numpy beside the small ones.
"""

import os
import re
import subprocess
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from typing_extensions import Self

from crossbuild.core import files
from crossbuild.sdk.model import Sdk
from tests.support import figures, projects
from tests.support.programs import CROSSBUILD

pytestmark = pytest.mark.slow

NIGHTLY = bool(os.environ.get("CROSSBUILD_NIGHTLY"))

#: What each run makes.
RUNS = ("a", "a", "a", "b", "b", "c", "a b", "c b")
if NIGHTLY:
    RUNS = ("a", "numpy", "numpy", "b", "numpy a", "c", "b numpy", "c b")


class Watcher:
    """Looks at a wheelhouse without a pause, as boards that install from it would."""

    def __init__(self, house: Path) -> None:
        self.house, self.looks, self.faults = house, 0, list[str]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.002):
            for wheel in self.house.glob("*.whl"):
                self._look(wheel)
            for name in ("SHA256SUMS", "requirements-cp311.txt"):
                listing = self.house / name
                if listing.is_file():
                    self._read(listing.read_text())
            self.looks += 1

    def _look(self, wheel: Path) -> None:
        try:
            with zipfile.ZipFile(wheel) as archive:
                damaged = archive.testzip()
        except (OSError, zipfile.BadZipFile) as error:
            damaged = str(error)
        if damaged:
            self.faults.append(f"{wheel.name}: {damaged}")

    def _read(self, text: str) -> None:
        """Hold a list against the wheels: each of them lies there, with its hash."""
        there = {files.sha256(wheel) for wheel in self.house.glob("*.whl")}
        lines = [line for line in text.splitlines() if line.endswith(".whl") or "==" in line]
        self.faults += [line for line in lines if not there & set(re.findall(r"\w{64}", line))]


def test_eight_runs_at_once(bookworm: Sdk, tmp_path: Path) -> None:
    for name in "abc":
        projects.write(tmp_path / name)
    house = tmp_path / "wheelhouse"
    house.mkdir()
    began = time.monotonic()
    with Watcher(house) as watcher:
        runs = [_start(tmp_path, packages, bookworm) for packages in RUNS]
        ends = [(run.communicate()[0], run.returncode) for run in runs]
    assert not [output for output, status in ends if status]
    assert not watcher.faults
    assert watcher.looks > 100
    wheels = sorted(path.name for path in house.glob("*.whl"))
    assert [name[0] for name in wheels] == sorted(["a", "b", "c", *"cn"[: 2 * NIGHTLY]])
    built = _built(tmp_path / "work")
    assert {name[0] for name in built} == {name[0] for names in RUNS for name in names.split()}
    assert set(built.values()) == {1}
    checked = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    subprocess.run(checked, cwd=house, check=True)
    figures.record(
        f"{len(RUNS)} runs of `wheels` at once",
        f"each package built once; {watcher.looks} looks at the wheelhouse saw nothing half",
        time.monotonic() - began,
    )


def _start(root: Path, packages: str, sdk: Sdk) -> subprocess.Popen[str]:
    folders = ["--work-dir", "work", "--wheelhouse", "wheelhouse"]
    folders += ["--cache-dir", "cache"] if NIGHTLY else []
    wanted = [f"./{name}" if len(name) == 1 else name for name in packages.split()]
    words = [*folders, "--sdk", sdk.root, "--python", "3.11", "--jobs", "1", *wanted]
    argv = [str(word) for word in (CROSSBUILD, "wheels", *words)]
    out = subprocess.PIPE
    return subprocess.Popen(argv, cwd=root, stdout=out, stderr=subprocess.STDOUT, text=True)


def _built(work: Path) -> Counter[str]:
    """How often each package was built, by the logs of builds."""
    built = Counter[str]()
    for log in work.rglob("build.log"):
        calls = re.findall(r"^\+ .* build_wheel ", log.read_text(), re.MULTILINE)
        built[log.parent.name.rpartition("-")[0]] += len(calls)
    return built
