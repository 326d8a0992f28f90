"""The emulated board and the proof on it, with the reference SDK's Python and compiler.

Nothing here is pretended: programs run under QEMU's Cortex-A9.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard, emulated_board
from crossbuild.board.isolation import Isolation, find_isolation
from crossbuild.board.protocol import facts
from crossbuild.core.errors import BoardError, CommandError, ToolMissingError
from crossbuild.progress.console import Console
from crossbuild.verify.selection import select
from crossbuild.verify.smoke import SmokeReport, push_wheels, summary, verify
from tests.support.boards import TABLES, write_wheel
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def run_verify(
    wheelhouse: Path, board: EmulatedBoard, tmp_path: Path, script: str, package: str
) -> SmokeReport:
    smoke = tmp_path / f"{package}.py"
    smoke.write_text(script)
    return verify(
        wheelhouse,
        board,
        [package],
        {package: smoke},
        Console(),
        log=tmp_path / "board.log",
        report_file=tmp_path / "report.json",
    )


def test_board_is_a_cortex_a9_without_network(board: EmulatedBoard) -> None:
    about = facts(board)
    assert (about.machine, about.python_tag, about.float_abi) == ("armv7l", "cp311", "hard")
    assert about.cpu == "ARMv7 Processor rev 10 (v7l)"
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
    answer = board.run([*board.python, "-c", code], check=False)
    if board.isolation in (Isolation.USER, Isolation.ROOT):
        assert "Network is unreachable" in answer.output


def test_nothing_of_the_build_machine_leaks_in(
    board: EmulatedBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/lib/x86_64-linux-gnu")
    answer = board.run([*board.python, "-c", "import os; print(sorted(os.environ))"])
    assert "PYTHON" not in answer.output
    assert "LD_LIBRARY_PATH" not in answer.output


@pytest.mark.trap(14)
@pytest.mark.skipif(find_isolation() is not Isolation.USER, reason="needs user namespaces")
def test_child_programs_run_on_the_target(board: EmulatedBoard) -> None:
    if board.notes:
        pytest.skip(f"this kernel has no private binfmt_misc: {board.notes}")
    code = "import subprocess as s; print(s.check_output('uname -m; ldd /bin/ls', shell=True))"
    output = board.run([*board.python, "-c", code]).output
    assert "armv7l" in output
    assert "libc.so.6 =>" in output
    assert "board" not in {entry.name for entry in Path("/proc/sys/fs/binfmt_misc").iterdir()}


def test_proof_of_wheels(board: EmulatedBoard, wheelhouse: Path, tmp_path: Path) -> None:
    script = "import arithmetic, tables\nprint(arithmetic.size() + tables.seven)\n"
    report = run_verify(wheelhouse, board, tmp_path, script, "arithmetic")
    assert report.passed
    assert report.hashes_checked
    assert report.installed["arithmetic"] == "1.0"
    (result,) = report.scripts
    assert result.output.strip() == "11"
    assert result.seconds > 0
    assert result.peak_memory > 5_000_000
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved["facts"]["machine"] == "armv7l"
    assert "passed" in summary(report).columns[2].cells


def test_without_a_smoke_script_every_module_is_imported(
    board: EmulatedBoard, wheelhouse: Path, tmp_path: Path
) -> None:
    report = verify(
        wheelhouse, board, ["arithmetic==1.0"], {}, Console(), log=tmp_path / "board.log"
    )
    (result,) = report.scripts
    assert (result.package, result.imported) == ("arithmetic", ("arithmetic",))
    assert result.passed
    assert "1 imported" in summary(report).columns[2].cells


def test_modules_that_give_up_are_not_counted_as_imported(
    board: EmulatedBoard, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = {"more.py": b"import lacking\n", "plain.py": b"print('half a line', end='')\n"}
    write_wheel(tmp_path, "several", "py3-none-any", files)
    log, saved = tmp_path / "board.log", tmp_path / "report.json"
    report = verify(tmp_path, board, ["several"], {}, Console(), log=log, report_file=saved)
    (result,) = json.loads(saved.read_text())["scripts"]
    assert result["passed"]
    assert result["imported"] == ["plain"]
    assert result["not_imported"] == {"more": "it needs lacking"}
    assert "1 imported, 1 not" in summary(report).columns[2].cells
    told = capfd.readouterr().err
    assert "1 imported, 1 not" in told
    assert "not imported: more: it needs lacking" in told


def test_a_module_that_ends_python_is_no_success(board: EmulatedBoard, tmp_path: Path) -> None:
    files = {"a.py": b"", "ends.py": b"import os\nos._exit(0)\n", "later.py": b""}
    write_wheel(tmp_path, "ending", "py3-none-any", files)
    log, saved = tmp_path / "board.log", tmp_path / "report.json"
    with pytest.raises(BoardError, match="the import of ending failed"):
        verify(tmp_path, board, ["ending"], {}, Console(), log=log, report_file=saved)
    (result,) = json.loads(saved.read_text())["scripts"]
    assert result["imported"] == ["a"]
    assert list(result["not_imported"]) == ["ends", "later"]


def test_a_module_that_cannot_be_imported(
    board: EmulatedBoard, wheelhouse: Path, tmp_path: Path
) -> None:
    house = tmp_path / "house"
    house.mkdir()
    with zipfile.ZipFile(next(wheelhouse.glob("arithmetic-*.whl"))) as archive:
        module = archive.read("arithmetic.cpython-311-arm-linux-gnueabihf.so")
    # Below another name: the function that Python calls is PyInit_arithmetic still.
    inner = "broken/arithmetic.cpython-311-arm-linux-gnueabihf.so"
    files = {
        "broken/__init__.py": b"",
        "broken/helper.so": module,
        inner: module,
        "other.py": b"import broken.lacking\n",
        "optional.py": b"import lacking\n",
        "tests/__init__.py": b"import lacking\n",
    }
    write_wheel(house, "broken", "cp311-cp311-linux_armv7l", files)
    with pytest.raises(BoardError, match="the import of broken failed") as caught:
        verify(house, board, ["broken"], {}, Console(), log=tmp_path / "board.log")
    assert "No module named 'broken.lacking'" in caught.value.evidence
    assert "cannot be imported: other\n" in caught.value.evidence


def test_a_board_needs_no_program_but_python(
    board: EmulatedBoard, wheelhouse: Path, tmp_path: Path
) -> None:
    for program in (board.root / "usr/bin").iterdir():
        if not program.name.startswith("python"):
            program.unlink()
    report = run_verify(wheelhouse, board, tmp_path, "import arithmetic", "arithmetic")
    assert report.passed
    assert report.hashes_checked
    left = {path.name for path in (board.root / "root/crossbuild").iterdir()}
    assert "wheelhouse" in left
    assert "checked" not in left, "copies take room"


def test_every_board_is_fresh(base: Path, wheelhouse: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with emulated_board(base, "3.11", work=tmp_path / "work") as board:
            assert board.run([*board.python, "-c", "import tables"], check=False).status == 1
            folder = push_wheels([wheelhouse / TABLES], board)
            board.run([*board.pip, "install", "--no-index", "-f", folder, "tables"])
            board.run([*board.python, "-c", "import tables"])
    assert list((tmp_path / "work").iterdir()) == []


def test_instructions_beyond_the_cortex_a9(
    board: EmulatedBoard, wheelhouse: Path, tmp_path: Path
) -> None:
    scripts = {"fused": "arithmetic.fused()", "divide": "arithmetic.divide()", "size": "1 / 0"}
    smoke = {name: tmp_path / f"{name}.py" for name in scripts}
    for name, code in scripts.items():
        smoke[name].write_text(f"import arithmetic\n{code}\n")
    report = tmp_path / "report.json"
    log = tmp_path / "board.log"
    with pytest.raises(BoardError) as caught:
        verify(wheelhouse, board, ["arithmetic"], smoke, Console(), log=log, report_file=report)
    assert "the smoke test of fused, divide, size failed" in caught.value.what
    assert "an instruction that the board's processor does not have" in caught.value.what
    assert "ended by signal 4" in caught.value.evidence
    assert str(log) in caught.value.evidence
    assert "Cortex-A9" in caught.value.cure
    results = {result["package"]: result for result in json.loads(report.read_text())["scripts"]}
    assert [results[name]["status"] for name in scripts] == [-signal.SIGILL, -signal.SIGILL, 1]
    assert "ZeroDivisionError: division by zero" in results["size"]["output"]


def test_wheel_for_another_platform(board: EmulatedBoard, wheelhouse: Path, tmp_path: Path) -> None:
    with pytest.raises(BoardError) as caught:
        run_verify(wheelhouse, board, tmp_path, "", "elsewhere")
    assert "the wheelhouse has no wheel of elsewhere that fits this board" in caught.value.what


def test_changed_wheel(board: EmulatedBoard, wheelhouse: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(wheelhouse, tmp_path / "changed"))
    write_wheel(folder, "tables", "py3-none-any", {"tables.py": b"seven = 8\n"})
    with pytest.raises(BoardError) as caught:
        run_verify(folder, board, tmp_path, "", "tables")
    assert "differs from the hash" in caught.value.what


def test_no_wheel_for_this_python(board: EmulatedBoard, wheelhouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    shutil.copy(wheelhouse / "old-1.0-cp37-cp37m-linux_armv7l.whl", folder)
    with pytest.raises(BoardError) as caught:
        select(folder, ["old"], facts(board))
    assert "no wheel for the board's Python 3.11" in caught.value.what
    assert "old-1.0-cp37" in caught.value.evidence


def test_timeout_ends_everything(board: EmulatedBoard) -> None:
    seconds = str(2_000_000 + os.getpid())
    with pytest.raises(CommandError, match="did not end within 2 s"):
        board.run(["sh", "-c", f"sleep {seconds} & sleep {seconds}"], timeout=2)
    until(lambda: not running(f"sleep {seconds}"), 30)


def test_killed_crossbuild_leaves_nothing(base: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from crossbuild.board.emulated import *\n"
        "base, work = map(Path, sys.argv[1:3])\n"
        "with emulated_board(base, '3.11', work=work) as board:\n"
        "    board.run(['sleep', sys.argv[3]])\n"
    )
    work = tmp_path / "work"
    seconds = str(1_000_000 + os.getpid())
    argv = [sys.executable, "-c", code, str(base), str(work), seconds]
    with subprocess.Popen(argv) as process:
        until(lambda: running(f"sleep {seconds}"), 30)
        process.kill()
    until(lambda: not running(f"sleep {seconds}"), 30)
    assert len(list(work.iterdir())) == 1
    with emulated_board(base, "3.11", work=work) as board:
        assert [board.root.parent] == list(work.iterdir())


def test_signals_reach_the_program(board: EmulatedBoard) -> None:
    code = (
        "import os, signal\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT); signal.pause()\n"
        "except KeyboardInterrupt: print('interrupted')\n"
        "print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    answer = board.run([*board.python, "-c", code], check=False)
    assert answer.output.split()[:2] == ["interrupted", "True"]
    assert answer.status in (-signal.SIGTERM, 128 + signal.SIGTERM)


@pytest.mark.trap(14)
def test_shared_memory_and_pool(board: EmulatedBoard, tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(
        "import multiprocessing\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))\n"
    )
    board.push(script, f"{board.scratch}/pool.py")
    assert "[1, 2]" in board.run([*board.python, f"{board.scratch}/pool.py"], timeout=60).output


@pytest.mark.parametrize("isolation", [Isolation.ROOT, Isolation.CHROOT, Isolation.PREFIX])
def test_less_isolation_still_proves(
    base: Path, wheelhouse: Path, tmp_path: Path, isolation: Isolation
) -> None:
    if isolation is not Isolation.PREFIX and os.geteuid() != 0:
        pytest.skip("needs root")
    with emulated_board(base, "3.11", work=tmp_path / "work", isolation=isolation) as board:
        folder = push_wheels(select(wheelhouse, ["arithmetic"], facts(board)), board)
        board.run([*board.pip, "install", "--no-index", "-f", folder, "arithmetic"])
        code = "import arithmetic, os; print(arithmetic.size(), os.uname().machine)"
        assert board.run([*board.python, "-c", code]).output == "4 armv7l\n"
        if isolation is not Isolation.ROOT:
            assert "shares the build machine's network" in board.notes[0]


def test_missing_program_named(board: EmulatedBoard) -> None:
    with pytest.raises(ToolMissingError, match="the board has no program 'gcc'"):
        board.run(["gcc", "--version"])


def test_files_stay_on_the_board(board: EmulatedBoard, tmp_path: Path) -> None:
    source = tmp_path / "note"
    source.write_text("for the board")
    board.push(source, f"{board.scratch}/note")
    board.pull(f"{board.scratch}/note", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "for the board"
    with pytest.raises(BoardError, match="outside the board"):
        board.push(source, "/../../escaped")


def test_no_qemu(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for program in ("setpriv", "unshare", "mount", "bash", "chroot", "env", "true"):
        (tools / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(ToolMissingError) as caught, emulated_board(base, "3.11", work=tmp_path):
        pass
    assert "qemu-arm" in caught.value.what
    assert "apt-get install qemu-user-static" in caught.value.cure


def running(words: str) -> bool:
    listed = subprocess.run(
        ["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True
    )
    return words in listed.stdout
