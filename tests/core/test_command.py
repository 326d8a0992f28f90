"""The door for subprocesses, where it tells one failure from another."""

from pathlib import Path

import pytest

from crossbuild.core.command import clean_environment, run, try_run
from crossbuild.core.errors import CommandError, DiskError, ToolMissingError


def test_a_failure_shows_the_command_its_output_and_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "build.log"
    with pytest.raises(CommandError, match="sh failed with exit status 3") as caught:
        run(["sh", "-c", "echo too bad; exit 3"], log=log)
    assert caught.value.evidence.splitlines() == [
        *("sh -c 'echo too bad; exit 3'", "too bad", f"full log: {log}")
    ]
    assert log.read_text() == "+ sh -c 'echo too bad; exit 3'\ntoo bad\n"


def test_a_program_that_had_no_space_is_no_failure_of_its_own() -> None:
    words = ["sh", "-c", "echo 'cc1: error: x.o: No space left on device'; exit 1"]
    with pytest.raises(DiskError, match="no space left while sh ran") as caught:
        run(words)
    assert "x.o: No space left on device" in caught.value.evidence
    assert "--work-dir" in caught.value.cure
    assert try_run(words).status == 1


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    late = tmp_path / "late"
    with pytest.raises(CommandError, match="did not end within 0 s"):
        run(["sh", "-c", f"(sleep 0.6; touch {late}) & wait"], timeout=0.2)
    run(["sleep", "0.8"])
    assert not late.exists()


def test_a_missing_program_is_named_with_the_path_that_was_searched() -> None:
    with pytest.raises(ToolMissingError, match="'no-such-tool' is missing") as caught:
        run(["no-such-tool"], env={"PATH": "/nowhere"})
    assert "/nowhere" in caught.value.evidence


def test_the_users_settings_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CFLAGS", "PYTHONPATH", "LD_LIBRARY_PATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "/the/users")
    kept = clean_environment(EXTRA="1")
    assert not [name for name, value in kept.items() if value == "/the/users"]
    assert kept["EXTRA"] == "1"
