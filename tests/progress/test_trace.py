"""Where the time of a run went: spans, the compilers' log, the trace and its picture."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress import trace
from crossbuild.progress.console import Console, Step
from crossbuild.progress.timeline import Span, idle_share, lanes
from crossbuild.progress.trace import Trace
from crossbuild.toolchain.log import CompilerLog
from tests.support import projects


def span(began: float, ended: float) -> Span:
    return Span("x", began, ended)


def test_spans_on_lanes_do_not_overlap() -> None:
    found = lanes([span(0, 2), span(1, 3), span(2, 4), span(3, 5)])
    assert found == [[span(0, 2), span(2, 4)], [span(1, 3), span(3, 5)]]


@pytest.mark.parametrize(
    ("compiles", "cores", "idle"),
    [
        ([], 1, 0.0),
        ([], 2, 0.5),
        ([span(0, 10), span(0, 10)], 2, 0.0),
        ([span(0, 10), span(0, 10), span(0, 10)], 2, 0.0),
        ([span(0, 10), span(0, 5)], 2, 0.25),
        ([span(-5, 5), span(5, 20)], 1, 0.0),
    ],
)
def test_idle_cores(compiles: list[Span], cores: int, idle: float) -> None:
    assert idle_share([span(0, 10)], compiles, cores) == pytest.approx(idle)


def test_a_pause_between_steps_is_idle() -> None:
    assert idle_share([span(0, 4), span(6, 10)], [], 1) == pytest.approx(0.2)
    assert idle_share([], [], 4) == 0


def test_the_compilers_log_with_what_the_cache_said(tmp_path: Path) -> None:
    log = CompilerLog(tmp_path / "calls", tmp_path / "results", tmp_path / "sent")
    assert log.read() == []
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    log.calls.write_text(
        f"{uptime - 3} {uptime - 1} 0 gcc ../my x.c\n"
        f"{uptime - 1} {uptime} 0 gcc ../my x.c\n"
        "12.5 half a li\n"
        f"{uptime - 1} {uptime} 1 g++ y.so\n"
    )
    log.results.write_text(
        "# \nno_input_file\n# ../my x.c\ncalled_for_preprocessing\n"
        "# ../my x.c\ncache_miss\nlocal_storage_miss\n# ../my x.c\ndirect_cache_hit\n"
    )
    first, second, link = log.read()
    assert first.name == "../my x.c"
    assert first.facts == {"tool": "gcc", "status": "0", "cache": "miss"}
    assert first.seconds == pytest.approx(2)
    assert first.ended == pytest.approx(time.monotonic() - 1, abs=0.5)
    assert second.facts["cache"] == "hit"
    assert link.facts == {"tool": "g++", "status": "1"}
    log.clear()
    assert log.read() == []


def test_the_log_of_a_build_that_shares(tmp_path: Path) -> None:
    """What ccache and distcc say goes to the calls that it is about, in their order."""
    log = CompilerLog(tmp_path / "calls", tmp_path / "results", tmp_path / "sent")
    units = ("a.c", "b.c", "a.c", "c.c", "d.c", "e.c")
    log.calls.write_text("".join(f"1 2 0 gcc {unit}\n" for unit in units))
    log.results.write_text(
        "# a.c\ncache_miss\ndirect_cache_miss\npreprocessed_cache_miss\nremote_storage_miss\n"
        "# b.c\ndirect_cache_hit\nlocal_storage_miss\nremote_storage_hit\nremote_storage_read_hit\n"
        "# a.c\ndirect_cache_miss\npreprocessed_cache_hit\nlocal_storage_hit\n"
        "# c.c\ncache_miss\nsecondary_storage_error\n"
        "# d.c\ncache_miss\nremote_storage_timeout\n"
    )
    log.sent.write_text(
        "distcc[7] compile from a.c to a.o\n"
        "distcc[7] cpp a.c on localhost completed ok\n"
        "distcc[7] compile a.c on 10.0.0.7:3633/2,lzo completed ok\n"
        "distcc[9] compile (null) on localhost completed ok\n"
        "distcc[8] compile d.c on localhost/2 completed ok\n"
        "distcc[8] ERROR: compile c.c on me@red/2 failed\n"
        "distcc[8] compile e.c on me@red/2 completed ok\n"
    )
    plain = {"tool": "gcc", "status": "0"}
    assert [span.facts for span in log.read()] == [
        {**plain, "cache": "miss", "host": "10.0.0.7:3633"},
        {**plain, "cache": "hit", "storage": "hit"},
        {**plain, "cache": "hit"},
        {**plain, "cache": "miss", "storage": "error"},
        {**plain, "cache": "miss", "storage": "timeout"},
        {**plain, "host": "me@red"},
    ]
    told = Trace((Step("x", 0.0, ended=2.0, compiles=log.read()),), 2)
    assert told.summary.endswith("6 calls of compilers, 2 of 5 cached (1 by others), 2 on the farm")
    assert told.unanswered == 2
    log.clear()
    assert log.read() == []


def test_names_that_a_picture_must_escape() -> None:
    step = Step("a<b & c", 0.0, ended=2.0, compiles=[Span("x<1>.c", 0.0, 1.0)])
    picture = ET.fromstring(Trace((step,), 1).as_svg())
    titles = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["a<b & c: 2.00 s", "x<1>.c: 1.00 s"]


def test_a_run_that_fails_leaves_its_trace(tmp_path: Path) -> None:
    console = Console()

    def fail() -> None:
        with trace.recorded(console, tmp_path, 1), console.step("one") as step:
            with step.phase("first"):
                pass
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    names = [
        one["name"] for one in json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    ]
    assert names == ["process_name", "one", "first"]


def test_a_trace_that_cannot_be_written_does_not_hide_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console()
    (tmp_path / "file").write_text("")
    with trace.recorded(console, tmp_path / "file" / "work", 1), console.step("one"):
        pass
    assert "no timeline: cannot write" in capsys.readouterr().err


@pytest.mark.slow
def test_a_build_traces_each_compile(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "parts", projects.PARTS))
    console = Console()
    with trace.recorded(console, request.target.work, 1):
        make_wheels(request, console)
    events = json.loads((request.target.work / "trace.json").read_text())["traceEvents"]
    phases = [one["name"] for one in events if one.get("cat") == "phase"]
    assert phases == ["download", "cross environment", "build", "repair", "audit"]
    compiled = {one["name"]: one["args"] for one in events if one.get("cat") == "compile"}
    units = {"parts.c", "a.c", "b.c", "c.c"}
    assert units < set(compiled)
    assert all(compiled[unit]["cache"] in {"hit", "miss"} for unit in units)
    (linked,) = set(compiled) - units
    assert linked.endswith("parts.cpython-311-arm-linux-gnueabihf.so")
    build = next(one for one in events if one["name"] == "build")
    for one in events:
        if one.get("cat") == "compile":
            assert build["ts"] - 2e4 <= one["ts"] <= build["ts"] + build["dur"]
    assert "<svg" in (request.target.work / "trace.svg").read_text()
