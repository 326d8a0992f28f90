"""The disk fills at any moment: that is told, and once there is room the same command goes on.

`make nightly` tries moments spread over a whole run.  The seed is shown, so that a failure can be
had again: `CROSSBUILD_SEED=N`.
"""

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from crossbuild.core.errors import DiskError
from crossbuild.sdk.model import Sdk
from tests.support import figures, projects
from tests.support.programs import CROSSBUILD

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("CROSSBUILD_NIGHTLY"), reason="`make nightly` runs it"),
]

FILLS = int(os.environ.get("CROSSBUILD_FILLS", "10"))
SEED = int(os.environ.get("CROSSBUILD_SEED", time.time_ns() % 1_000_000))

#: On a disk of its own: a run, during which all that is left of it is taken; then the same again.
SCRIPT = """
mount -t tmpfs -o size=400m disk "$1" && cd "$1" || exit 125
after=$2 out=$3
shift 3
"$@" >"$out/first" 2>&1 &
sleep "$after"
cat /dev/zero >filler 2>/dev/null
wait $!
echo $? >"$out/status"
rm filler
"$@" >"$out/second" 2>&1 || exit
cp wheelhouse/SHA256SUMS "$out"
find wheelhouse work/wheels work/locks | sort >"$out/names"
"""


def test_a_disk_that_fills_at_any_moment(
    bookworm: Sdk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = projects.write(tmp_path / "filled", projects.PARTS)
    began = time.monotonic()
    undisturbed = _filled(tmp_path / "undisturbed", 0, project, bookworm, at_all=False)
    lasts = time.monotonic() - began
    moments, refused = random.Random(SEED), 0
    for number in range(FILLS):
        after = lasts * (number + moments.random()) / FILLS
        with capsys.disabled():
            print(f"\n  seed {SEED}: full after {after:.1f} of {lasts:.1f} s", end="", flush=True)
        out = tmp_path / f"fill-{number}"
        assert _filled(out, after, project, bookworm) == undisturbed
        status, told = int((out / "status").read_text()), (out / "first").read_text()
        assert status in {0, DiskError.exit_code}, told
        assert "Traceback" not in told
        if status:
            refused += 1
            assert "no space left" in told or "too little room" in told
    assert refused
    figures.record(
        "a disk that fills during `wheels`",
        f"{FILLS}, of which {refused} were told and went on after room was made",
        time.monotonic() - began,
    )


def _filled(
    out: Path, after: float, project: Path, sdk: Sdk, *, at_all: bool = True
) -> tuple[str, str]:
    """What is published, and all names, after a run that met a full disk and one that did not."""
    disk = out / "disk"
    disk.mkdir(parents=True)
    script = SCRIPT if at_all else SCRIPT.replace("cat /dev/zero >filler", ": >filler")
    folders = ["--work-dir", "work", "--wheelhouse", "wheelhouse", "--cache-dir", "cache"]
    words = ["wheels", *folders, "--sdk", sdk.root, "--python", "3.11", project]
    before = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "-"]
    argv = [*before, disk, f"{after:.2f}", out, CROSSBUILD, *words]
    done = subprocess.run(list(map(str, argv)), check=False)
    assert done.returncode == 0, (out / "second").read_text()
    return (out / "SHA256SUMS").read_text(), (out / "names").read_text()
