"""Work in several processes: results in order, and no process left behind."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from crossbuild.core.command import run as run_program
from crossbuild.core.errors import BuildError, CrossbuildError
from crossbuild.progress import workers
from crossbuild.progress.console import Console
from crossbuild.toolchain import jobserver
from tests.support.waiting import until


def work(number: int, console: Console) -> int:
    with console.step(f"step {number}"):
        time.sleep(0.05 * (3 - number))
    return os.getpid()


def test_results_come_in_order_and_steps_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    console = Console()
    pieces = {f"p{number}": partial(work, number) for number in range(3)}
    processes = workers.run(pieces, console, 2)
    assert len({*processes, os.getpid()}) == 4
    assert sorted(step.title for step in console.steps) == ["step 0", "step 1", "step 2"]
    assert all(step.ended and step.ended > step.started for step in console.steps)
    shown = capfd.readouterr().err
    assert "p1: ✓ step 1" in shown
    assert "p0: • step 0" in shown


def test_an_error_of_ours_is_a_result_like_any_other() -> None:
    def fails(console: Console) -> CrossbuildError:
        return BuildError("what", evidence="seen", cure="do")

    (error,) = workers.run({"one": fails}, Console(), 2)
    assert str(error) == "what\n  evidence: seen\n  try: do"


def test_what_a_piece_raises_is_raised_and_its_steps_are_kept() -> None:
    def fails(console: Console) -> None:
        with console.step("begun"):
            raise BuildError("what", evidence="seen", cure="do")

    console = Console()
    with pytest.raises(BuildError, match="what") as caught:
        workers.run({"one": fails, "two": fails}, console, 2)
    assert caught.value.cure == "do"
    assert [step.title for step in console.steps] == ["begun"]


def wait_for(console: Console, *, folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def die(console: Console, *, folder: Path) -> None:
    while not list(folder.iterdir()):
        time.sleep(0.01)
    os._exit(9)


def test_a_piece_that_dies_ends_the_others(tmp_path: Path) -> None:
    pieces = {"waits": partial(wait_for, folder=tmp_path), "dies": partial(die, folder=tmp_path)}
    with pytest.raises(ChildProcessError, match="dies died with exit code 9"):
        workers.run(pieces, Console(), 2)
    (started,) = tmp_path.iterdir()
    assert not Path("/proc", started.name).exists()


#: A program that lets no signal end it but SIGKILL, and one of its own session that it started.
STUBBORN = """
trap '' INT TERM HUP
setsid sh -c 'echo $$ > "$0/session"; sleep 60' "$0" &
echo $$ > "$0/own"
sleep 60 & wait
sleep 60
"""


def ignore_all(console: Console, *, folder: Path) -> None:
    """A piece that loses the interrupt, as one does that comes while a destructor runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_program(["sh", "-c", STUBBORN, folder])


def fail_beside(console: Console, *, folder: Path) -> None:
    until(lambda: {path.name for path in folder.iterdir()} >= {"session", "own"}, seconds=30)
    raise BuildError("the first")


def test_what_fails_first_ends_a_neighbour_that_ignores_signals(tmp_path: Path) -> None:
    pieces = {
        "stays": partial(ignore_all, folder=tmp_path),
        "fails": partial(fail_beside, folder=tmp_path),
    }
    with pytest.raises(BuildError, match="the first"):
        workers.run(pieces, Console(), 2)
    numbers = [path.read_text().strip() for path in tmp_path.iterdir()]
    assert len(numbers) == 2
    until(lambda: not any(Path("/proc", number).exists() for number in numbers), seconds=5)


def test_an_interrupted_program_leaves_nothing_behind(tmp_path: Path) -> None:
    stays = partial(program, folder=tmp_path)
    fails = partial(fail_beside, folder=tmp_path)
    with pytest.raises(BuildError, match="the first"):
        workers.run({"stays": stays, "fails": fails}, Console(), 2)
    numbers = [path.read_text().strip() for path in tmp_path.iterdir()]
    until(lambda: not any(Path("/proc", number).exists() for number in numbers), seconds=5)


def program(console: Console, *, folder: Path) -> None:
    run_program(["sh", "-c", STUBBORN, folder])


SCRIPT = """
import sys
from functools import partial
from pathlib import Path
from crossbuild.progress import workers as side_by_side
from crossbuild.progress.console import Console
from tests.progress.test_workers import wait_for
waits = partial(wait_for, folder=Path(sys.argv[1]))
try:
    side_by_side.run({"a": waits, "b": waits}, Console(), 2)
except KeyboardInterrupt:
    sys.exit(130)
"""


#: How a shell starts what ends with ``&``.
BACKGROUND = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]


@pytest.mark.parametrize(
    ("shell", "sent", "status"),
    [([], signal.SIGINT, 130), ([], signal.SIGKILL, -9), (BACKGROUND, signal.SIGKILL, -9)],
)
def test_processes_end_with_their_parent(
    shell: list[str], sent: signal.Signals, status: int, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    script = subprocess.Popen([*shell, sys.executable, "-c", SCRIPT, tmp_path], cwd=root)
    until(lambda: len(list(tmp_path.iterdir())) == 2, seconds=30)
    script.send_signal(sent)
    assert script.wait(timeout=30) == status
    until(lambda: not any(Path("/proc", path.name).exists() for path in tmp_path.iterdir()), 30)


def test_jobs_that_fit_into_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobserver, "free_memory", lambda: 4000)
    assert jobserver.fitting(8, 1500) == 2
    assert jobserver.fitting(8, 400) == 8
    assert jobserver.fitting(8, 9000) == 1
