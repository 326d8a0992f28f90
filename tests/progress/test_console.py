"""What the console shows where no line can move."""

import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from crossbuild.core.errors import BuildError
from crossbuild.progress import durations
from crossbuild.progress.console import Console, Step, pulse, spell
from tests.support.programs import CROSSBUILD
from tests.support.waiting import until


def test_a_long_step_is_told_of_again_and_again() -> None:
    step = Step("[1/2] numpy 1.26.4", time.monotonic() - 180)
    marks = iter(["build", "[210/1420]", None])
    said: list[str] = []

    def ended(seconds: float) -> bool:
        """A clock on which a minute takes no time."""
        assert seconds == 60
        mark = next(marks)
        step.progress(mark or "")
        return mark is None

    pulse(step, said.append, ended)
    assert said == [
        "… [1/2] numpy 1.26.4: build 3 min 00 s",
        "… [1/2] numpy 1.26.4: [210/1420] 3 min 00 s",
    ]


def test_a_short_step_is_two_lines(capfd: pytest.CaptureFixture[str]) -> None:
    with Console(label="a: ").step("short") as step:
        step.progress("[1/2]")
    shown = capfd.readouterr().err.splitlines()
    assert [line.partition(" (")[0] for line in shown] == ["a: • short", "a: ✓ short"]


def test_lines_come_while_the_step_runs(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossbuild.progress.console._PULSE", 0.01)
    with Console(label="a: ").step("long"):
        until(lambda: "a: … long: 0.0 s" in capfd.readouterr().err, seconds=30)


def test_a_quiet_console_tells_notes_and_errors_alone(capfd: pytest.CaptureFixture[str]) -> None:
    console = Console(verbosity=1, asked=-1)
    console.plan(["numpy", "scipy"])
    with console.step("numpy") as step:
        step.line("gcc -c a.c")
        step.notes.append("no ccache")
    console.aside("timeline")
    console.next("crossbuild verify")
    console.note("the SDK is old")
    console.error(BuildError("scipy did not build", evidence="a.c:1: error", cure="try again"))
    assert capfd.readouterr().err.splitlines() == [
        "  note: no ccache",
        "note: the SDK is old",
        "error: scipy did not build",
        "evidence: a.c:1: error",
        "try: try again",
    ]


def test_a_verbose_console_tells_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    with Console(asked=1).step("numpy") as step:
        step.line("gcc -c a.c")
    assert "gcc -c a.c" in capfd.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.24, "0.2 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (100, "1 min 40 s"),
        (620, "10 min"),
        (5940, "99 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations_are_told_as_people_do(seconds: float, words: str) -> None:
    assert spell(seconds) == words


def test_the_next_run_knows_how_long_steps_took(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durations, "_SHORT", 0.0)
    first, second = Console(), Console()
    with durations.remembered(first, tmp_path):
        for name in ("numpy", "scipy"):
            with first.step(name) as step:
                step.started -= 600
        with pytest.raises(BuildError), first.step("pandas"):
            raise BuildError("failed")
    assert "last time" not in capfd.readouterr().err
    with durations.remembered(second, tmp_path):
        second.plan(["numpy", "scipy"])
        with second.step("numpy") as step:
            step.progress("[1/2]")
            assert step.shown() == "[1/2] numpy: [1/2] 0.0 s (about 10 min left)"
            step.started -= 700
            assert step.shown() == "[1/2] numpy: [1/2] 12 min (the last time 10 min)"
        with second.step("pandas") as step:
            assert step.expected is None, "a step that failed says nothing of the next"
    shown = capfd.readouterr().err.splitlines()
    assert shown[:2] == [
        "2 wheels to make; the last time that took 20 min",
        "• [1/2] numpy (the last time 10 min)",
    ]


def test_a_record_that_is_damaged_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "durations.json").write_text('{"numpy": "long", "scipy": 7')
    with durations.remembered(console := Console(), tmp_path):
        assert console.expected == {}


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(
    variables: dict[str, str], coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", **variables}
    subprocess.run([str(CROSSBUILD), "verify", "numpy=1"], stderr=theirs, env=environ, check=False)
    shown = os.read(ours, 10000).decode()
    assert "error: 'numpy=1' is neither" in shown
    assert ("31m" in shown) is coloured


def test_what_is_no_terminal_gets_plain_lines() -> None:
    words = [str(CROSSBUILD), "verify", "numpy=1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "\x1b" not in done.stderr


def test_a_text_gives_the_terminal_no_commands(capfd: pytest.CaptureFixture[str]) -> None:
    hostile = "x\x1b[2J\x1b]0;title\x07\x9b1m\u202ecba\r\ty"
    Console().say(hostile)
    shown = capfd.readouterr().err.split()
    assert shown == ["x\\x1b[2J\\x1b]0;title\\x07\\x9b1m\\u202ecba", "y"]
