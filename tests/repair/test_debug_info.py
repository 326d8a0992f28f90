"""``--keep-debug``: the same modules on the board, and beside them what reads a crash."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core.errors import RepairError
from crossbuild.elf import file as elf
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.repair import debug_info
from crossbuild.sdk.model import Sdk
from crossbuild.wheel import pack as wheel
from tests.support import projects
from tests.support.requests import changed

#: Its line 3 reads at address 0.
CRASHING = {
    "{name}.c": """
        #include <Python.h>
        int crash(void) {
            return *(volatile int *)0;
        }
        static PyObject *call(PyObject *self, PyObject *none) { return PyLong_FromLong(crash()); }
        static PyMethodDef methods[] = {{"crash", call, METH_NOARGS, ""}, {0}};
        static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "{name}", "", -1, methods};
        PyMODINIT_FUNC PyInit_{name}(void) { return PyModule_Create(&module); }
        """
}


def test_the_flags_come_after_a_projects_own() -> None:
    own = BuildOptions(environment={"CFLAGS": "-O1 -g0", "OTHER": "x"})
    environment = debug_info.compiling(own).environment
    assert environment["CFLAGS"].startswith("-O1 -g0 -g ")
    assert environment["FFLAGS"].startswith("$FFLAGS -g ")
    assert environment["OTHER"] == "x"


def test_a_module_without_a_build_id(bookworm: Sdk, tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int x;\n")
    module = tmp_path / "x.so"
    flags = ["-shared", "-Wl,--build-id=none", str(tmp_path / "x.c"), "-o", str(module)]
    subprocess.run([*bookworm.tools.cc, *flags], check=True)
    with pytest.raises(RepairError) as caught:
        debug_info.keep([module], tmp_path / "debug", bookworm, tmp_path / "log")
    assert caught.value.what.startswith("x.so has no build id")
    assert ".note.gnu.build-id" in caught.value.evidence
    assert "--keep-debug" in caught.value.cure


@pytest.mark.slow
def test_the_module_is_the_same_and_a_crash_can_be_read(
    request_in: Callable[..., BuildRequest], bookworm: Sdk, tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny", CRASHING))
    plain = _module(request)
    assert not (request.wheelhouse / "debug").exists()
    request = changed(request, keep_debug=True)
    kept = _module(request)
    # The build id is the linker's digest of all that it wrote, debug information too.
    assert kept.build_id != plain.build_id
    digests = [bytes.fromhex(one.build_id) for one in (kept, plain)]
    assert kept.data.replace(digests[0], digests[1]) == plain.data

    debug = request.wheelhouse / f"debug/.build-id/{kept.build_id[:2]}/{kept.build_id[2:]}.debug"
    told = _told(debug, "crash", bookworm)
    assert told == ["crash", "tiny.c:3"]
    assert str(tmp_path).encode() not in _unpacked(debug, bookworm)

    # The store has it for another wheelhouse, and another folder gives the same bytes.
    again = replace(request, wheelhouse=tmp_path / "other")
    assert _module(again).data == kept.data
    assert (again.wheelhouse / debug.relative_to(request.wheelhouse)).exists()
    elsewhere = changed(request, work=tmp_path / "elsewhere", wheelhouse=tmp_path / "third")
    before = debug.read_bytes()
    assert _module(elsewhere).data == kept.data
    assert (elsewhere.wheelhouse / debug.relative_to(request.wheelhouse)).read_bytes() == before


def _module(request: BuildRequest) -> elf.Elf:
    (made,) = make_wheels(request, Console())
    with wheel.unpacked(made.wheel) as tree:
        return elf.read(next(tree.glob("*.so")))


def _told(debug: Path, function: str, sdk: Sdk) -> list[str]:
    """What the SDK's addr2line says of a function's second instruction: name, file and line."""
    nm = subprocess.run([sdk.tools.nm, debug], capture_output=True, text=True, check=True).stdout
    (address,) = (line.split()[0] for line in nm.splitlines() if line.endswith(f" {function}"))
    addr2line = sdk.tools.nm.removesuffix("nm") + "addr2line"
    words = [
        addr2line,
        "--functions",
        "--basenames",
        "--exe",
        str(debug),
        f"{int(address, 16) + 2:#x}",
    ]
    out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return out.split(" (discriminator")[0].split()


def _unpacked(debug: Path, sdk: Sdk) -> bytes:
    whole = debug.with_suffix(".whole")
    shutil.copyfile(debug, whole)
    subprocess.run([sdk.tools.objcopy, "--decompress-debug-sections", whole], check=True)
    return whole.read_bytes()
