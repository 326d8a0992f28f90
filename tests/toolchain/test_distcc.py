"""A farm: its hosts' words, what is asked of each host, and wheels that were compiled there."""

import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crossbuild.cli import inputs
from crossbuild.core import defaults
from crossbuild.core.errors import ConfigurationError, ToolMissingError
from crossbuild.packages.project.configuration import Configuration
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress import trace
from crossbuild.progress.console import Console
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import distcc as farm
from crossbuild.toolchain import jobserver
from crossbuild.toolchain.capacity import Capacity
from crossbuild.toolchain.distcc import Farm
from tests.support import projects
from tests.support.distcc_hosts import Host, hosts, until_logged
from tests.support.programs import program
from tests.support.requests import changed

#: Four modules of a C and a C++ file each, compiled side by side; one has Fortran, too.
MODULES = {
    "setup.cfg": """
        [build_ext]
        parallel = 4
        """,
    "setup.py": """
        import os, subprocess
        from setuptools import Extension, setup
        subprocess.run([os.environ["FC"], "-c", "-fPIC", "zero.f90", "-o", "zero.o"], check=True)
        names = ["one", "two", "three", "four"]
        modules = [Extension(name, [name + ".c", name + "_parts.cc"]) for name in names]
        modules[0].extra_objects = ["zero.o"]
        setup(ext_modules=modules)
        """,
    "zero.f90": """
        integer function zero()
          zero = 0
        end
        """,
    **{
        f"{name}.c": f"""
            #include <Python.h>
            long {name}_sum(long count);
            static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "{name}", "", -1, NULL}};
            PyMODINIT_FUNC PyInit_{name}(void) {{
                if ({name}_sum(3) != 6) {{ PyErr_SetString(PyExc_SystemError, __FILE__); }}
                return PyModule_Create(&module);
            }}
            """
        for name in ("one", "two", "three", "four")
    },
    **{
        f"{name}_parts.cc": f"""
            #include <numeric>
            #include <stdexcept>
            #include <vector>
            extern "C" long {name}_sum(long count) {{
                if (count < 0) throw std::invalid_argument(__FILE__);
                std::vector<long> all(count);
                std::iota(all.begin(), all.end(), 1);
                return std::accumulate(all.begin(), all.end(), 0L);
            }}
            """
        for name in ("one", "two", "three", "four")
    },
}
UNITS = {name + end for name in ("one", "two", "three", "four") for end in (".c", "_parts.cc")}


#: Each host is asked once for C and once for C++.
PROBES = 2


@pytest.fixture(autouse=True)
def distcc() -> str:
    return program("distcc", "distcc")


def refused(*words: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        farm.named(words)
    return caught.value


def test_hosts_in_distccs_words() -> None:
    found = farm.named(["--randomize", "a/3", "b:3633,lzo", "user@c/7", "[::1]/2", "localhost/5"])
    assert found.hosts == {"a/3": 3, "b:3633,lzo": 4, "user@c/7": 7, "[::1]/2": 2}
    assert (found.slots, found.here, found.options) == (16, 5, ("--randomize",))
    assert farm.named(["a", "localhost"]).here == 2, "distcc's own number"
    assert farm.named(["a"]).here == defaults.JOBS


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("a/x", 'bad multiplier "/x" in host specification'),
        ("a/2,gzip", "unrecognized option in host specification: ,gzip"),
        ("#a", "$DISTCC_HOSTS contained no hosts; can't distribute work"),
        ("a/2,cpp,lzo", "this is pump mode, whose objects differ from those made here"),
        ("--localslots=3", "localhost/N says how many compilers run here"),
        ("+zeroconf", "hosts must be named, since each one's compiler is looked at"),
    ],
)
def test_words_that_are_no_host(word: str, why: str) -> None:
    error = refused("b/2", word)
    assert error.what == f"{word!r} is no host of a farm"
    assert error.evidence == why
    assert "hostA/4 10.0.0.7:3632/8,lzo" in error.cure


def test_a_machine_without_distcc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError) as caught:
        farm.named(["a"])
    assert caught.value.what == "a farm needs distcc, which is missing"
    assert str(tmp_path) in caught.value.evidence
    assert "apt-get install distcc" in caught.value.cure


def test_the_jobs_of_a_farm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobserver, "free_memory", lambda: 3000)
    wide = Farm("distcc", {"a/6": 6, "b/2": 2}, here=4)
    assert Capacity(12, wide).at_once(100) == 12
    assert Capacity(12, wide).at_once(1500) == 10, "memory is asked of this machine alone"
    assert Capacity(5, wide).at_once(1500) == 5
    assert Capacity(12, None).at_once(1500) == 2
    assert [Capacity(12, wide).cores, Capacity(12, wide).jobs_here] == [12, 4]
    assert [Capacity(1, None).cores, Capacity(9, None).jobs_here] == [1, 9]


def test_what_is_compiled_here_fits_the_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jobserver, "free_memory", lambda: 3000)
    wide = Farm("/usr/bin/distcc", {"a/6": 6}, here=4, options=("--randomize",))
    found = wide.variables(tmp_path / "state", tmp_path / "log", 1500)
    local = "localhost/2 --localslots=2 --localslots_cpp=8"
    assert found["DISTCC_HOSTS"] == f"--randomize a/6 {local}"
    assert found["DISTCC_DIR"] == str(tmp_path / "state")
    assert (tmp_path / "state").is_dir()


def test_where_the_hosts_are_named() -> None:
    configured = Configuration.model_validate({"distcc": "a/2 b/4"})
    for wanted, named in ((None, {"a/2": 2, "b/4": 4}), ("c/1", {"c/1": 1})):
        found = inputs.capacity(None, wanted, None, configured)
        assert found.farm is not None
        assert found.farm.hosts == named
        assert found.jobs == found.farm.compilers
        assert inputs.capacity(5, wanted, None, configured).jobs == 5
    off = inputs.capacity(None, "", None, configured)
    assert off.farm is None, "an empty word turns the project's off"
    assert off.jobs == defaults.JOBS
    assert inputs.capacity(None, None, None, Configuration()).farm is None


def elsewhere(sdk: Sdk, folder: Path, script: str) -> list[Path]:
    """The SDK's C and C++ compilers in another folder, as they may lie on a host."""
    copy = shutil.copytree(sdk.native_sysroot, folder / "sdk", symlinks=True)
    made = []
    for words in (sdk.tools.cc, sdk.tools.cxx):
        compiler = copy / Path(words[0]).relative_to(sdk.native_sysroot)
        path = folder / compiler.name
        path.write_text(f"#!/bin/sh\n{script.format(compiler=compiler)}\n")
        path.chmod(0o755)
        made.append(path)
    return made


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may read, as hosts do; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.slow
def test_hosts_that_are_of_no_use(bookworm: Sdk, open_folder: Path) -> None:
    """No host is believed: not one that is down, nor one that has other compilers, or one alone."""
    good = elsewhere(bookworm, open_folder / "good", 'exec {compiler} "$@"')
    odd = elsewhere(bookworm, open_folder / "odd", 'exec {compiler} "$@" -fno-ident')
    with hosts(good, odd, good[:1]) as (first, second, third):
        words = [f"{host.address}/2" for host in (first, second, third)]
        down = f"{first.address}:9/3"
        left, reasons = farm.named([*words, down]).examined(bookworm, debug=False)
        none, why = farm.named(words).examined(bookworm, debug=True)
    assert left.hosts == {words[0]: 2}
    other, lacking, refusing = reasons
    assert other == f"{words[1]}: its compiler makes other objects than the SDK's"
    assert lacking.startswith(f"{words[2]}: server provided no answer. Is the server configured")
    assert refusing.startswith(f"{down}: nonblocking connect to {first.address}:9 failed: ")
    assert none.hosts == {}
    assert why == ("any host: debug information has columns, which preprocessing changes",)


@pytest.fixture
def two(bookworm: Sdk, open_folder: Path) -> Iterator[list[Host]]:
    compilers = elsewhere(bookworm, open_folder / "sdk", 'exec {compiler} "$@"')
    with hosts(compilers, compilers) as found:
        yield found


def build(request: BuildRequest, monkeypatch: pytest.MonkeyPatch, words: str = "") -> Path:
    """The wheel of a request, with an empty cache of objects.

    :param words: the farm's hosts, in distcc's words; none where all is compiled here
    """
    monkeypatch.setenv("HOME", str(request.target.work.parent))
    hosts = farm.named(words.split()) if words else None
    wanted = changed(request, jobs=4, farm=hosts, keep=True)
    console = Console()
    with trace.recorded(console, wanted.target.work, wanted.capacity.cores):
        (made,) = make_wheels(wanted, console)
    assert not made.reused
    return made.wheel


def compiled_on(folder: Path) -> Mapping[str, str]:
    """Each unit of the build with the host that compiled it, as the trace tells."""
    events = json.loads((folder / "work/trace.json").read_text())["traceEvents"]
    calls = [one for one in events if one.get("cat") == "compile"]
    found = {one["name"]: one["args"].get("host", "here") for one in calls if one["name"] in UNITS}
    assert all(one["args"]["cache"] == "miss" for one in calls if one["name"] in UNITS)
    return found


@pytest.mark.slow
def test_wheels_from_a_farm_are_those_from_here(
    request_in: Callable[..., BuildRequest],
    two: list[Host],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = projects.write(tmp_path / "sums", MODULES)
    first, second = two
    here = build(request_in(project, within=tmp_path / "here"), monkeypatch)
    assert set(compiled_on(tmp_path / "here").values()) == {"here"}

    words = f"{first.address}/2 {second.address}/2"
    away = build(request_in(project, within=tmp_path / "away"), monkeypatch, words)
    assert away.read_bytes() == here.read_bytes()
    told = Counter(compiled_on(tmp_path / "away").values())
    assert told.total() == len(UNITS)
    assert set(told) >= {first.address, second.address}
    assert all(host.compiled == told[host.address] + PROBES for host in two)
    (log,) = (tmp_path / "away/work").glob("*/cp311/sums-*/distcc.log")
    assert re.search(
        r"exec on localhost: .*/arm-linux-gnueabihf-gfortran .*zero.f90", log.read_text()
    )
    sent = told[first.address] + told[second.address]
    assert f" cached, {sent} on the farm (" in capsys.readouterr().err

    with ThreadPoolExecutor() as pool:
        losing = pool.submit(lose, first, tmp_path / "lost/work")
        lost = build(request_in(project, within=tmp_path / "lost"), monkeypatch, words)
        losing.result()
    assert lost.read_bytes() == here.read_bytes()
    assert first.address not in compiled_on(tmp_path / "lost").values()
    assert first.compiled == told[first.address] + 2 * PROBES
    assert second.compiled > told[second.address] + 2 * PROBES


def lose(host: Host, work: Path) -> None:
    """Once it is found fit: it hangs with what it is sent, and then it is gone."""
    until_logged(host.log.parent, host.log.name, "COMPILE_OK", host.compiled + PROBES)
    host.stop()
    until_logged(
        work, "*/cp311/sums-*/distcc.log", f'note state 5, file "(NULL)", host "{host.address}"'
    )
    host.kill()
