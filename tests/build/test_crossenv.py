"""crossenv, run from an environment of ours and pointed at an overlay of ours."""

import functools
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from crossbuild import in_process
from crossbuild.build import crossenv
from crossbuild.core.command import run
from crossbuild.core.errors import BuildPythonError
from crossbuild.elf import file as elf
from crossbuild.index import download
from crossbuild.packages import lock
from crossbuild.python import build_python, target_python
from crossbuild.python.build_python import BuildPython
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.toolchain import compilers
from crossbuild.toolchain.compilers import Border, CompilerSpec
from tests.support.nativesdk import nativesdk_python, sdk_with

SDK = Path(__file__).parents[2] / "sysroots/debian-bookworm"

MODULE = """
#include <Python.h>
_Static_assert(SIZEOF_LONG == 4 && sizeof(long) == 4, "the build machine's headers");
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "m", "", -1, NULL};
PyMODINIT_FUNC PyInit_m(void) { return PyModule_Create(&module); }
"""

#: Compiles as distutils does, which is no longer there from 3.12 on.
BUILD = """
import os, shlex, subprocess, sys, sysconfig
var = sysconfig.get_config_var
assert sysconfig.get_platform() == "linux-armv7l", sysconfig.get_platform()
assert sysconfig.get_path("include") == var("INCLUDEPY"), sysconfig.get_path("include")
assert os.path.isfile(sysconfig.get_config_h_filename())
assert sys.prefix.endswith("/cross"), sys.prefix
words = shlex.split(var("CC")) + shlex.split(var("CFLAGS")) + [var("CCSHARED"), "-c", "m.c"]
subprocess.check_call(words + ["-I" + var("INCLUDEPY")])
subprocess.check_call(shlex.split(var("LDSHARED")) + ["m.o", "-o", "m" + var("EXT_SUFFIX")])
print("m" + var("EXT_SUFFIX"))
"""

#: What a setup.py asks of its machine.
QUESTIONS = """
import ctypes.util, os, pickle, platform, struct, sys, sysconfig
assert platform.architecture()[0] == "32bit", platform.architecture()
assert platform.machine() == platform.uname().machine == os.uname().machine == "armv7l"
assert sysconfig.get_config_var("SIZEOF_VOID_P") == sysconfig.get_config_var("SIZEOF_LONG") == 4
assert sys.byteorder == "little"
assert struct.calcsize("P") == struct.calcsize("@P") == ctypes.sizeof(ctypes.c_void_p) == 4
assert ctypes.util.find_library("z") == "libz.so.1", ctypes.util.find_library("z")
assert ctypes.util.find_library("png16") is None
# Packing goes on as the process needs it.
assert struct.calcsize("l") == struct.calcsize("2P") // 2 == len(struct.pack("P", 1)) == 8
assert pickle.loads(pickle.dumps([sys.maxsize], 4)) == [2**63 - 1]
exec(compile('assert struct.calcsize("P") == 8 and sys.maxsize', "/usr/lib/other.py", "exec"))
exec(compile("\\nsys.maxsize", "<string>", "exec"), {"__file__": "setup.py", "sys": sys})
"""


@functools.cache
def reference_sdk() -> Sdk:
    if not SDK.is_dir():
        pytest.skip("make it with `crossbuild sdk create debian-bookworm`")
    return read_sdk(SDK)


def crossenv_wheel(release: str, cache: Path) -> Path:
    """The wheel of a release from the locks, as builds get it."""
    for path in sorted(lock.LOCKS.glob("pylock.*.toml")):
        for artifact in lock.read(path).build:
            if artifact.name == "crossenv" and artifact.version.startswith(release):
                return download.fetch(artifact, cache)
    return pytest.fail(f"no lock holds crossenv {release}")


def built_in_crossenv(python: BuildPython, release: str, folder: Path) -> str:
    """The file name of a module built in a cross environment of *python*."""
    reference = reference_sdk()
    donor = build_python.find(python.version)
    target = target_python.describe(
        reference, python.version, folder / "target", build_python=donor
    )
    allowed = (folder, reference.root)
    spec = CompilerSpec(
        reference,
        folder,
        Border(allowed=allowed),
        suffix=target.ext_suffix,
        headers=target.include,
        prefix_map={folder: "/crossbuild"},
        log=folder / "compilers.log",
    )
    tools = compilers.write(spec)
    made = crossenv.create(
        python,
        target,
        tools,
        [crossenv_wheel(release, folder / "cache")],
        folder / "crossenv",
        log=folder / "crossenv.log",
    )
    build = run([made.directory / "build/bin/python", "-B", "-c", "import sys; print(sys.prefix)"])
    assert build.output.strip() == str(made.directory / "build")
    # A build starts it a hundred times.
    told = run([made.python, "-c", "import sys; print(*sys.modules)"], env=made.environment({}))
    assert not {"pathlib", "tempfile"} & {*told.output.split()}
    config: list[str | Path] = [
        made.scripts / "python3-config",
        "--includes",
        "--extension-suffix",
        "--ldflags",
    ]
    include, suffix, libraries = run(config, env=made.environment({})).output.splitlines()
    assert (include, suffix) == (f"-I{target.include}", target.ext_suffix)
    assert "-lm" in libraries.split()
    assert "-lpython" not in libraries
    assert "-lpython" in run([*config, "--embed"], env=made.environment({})).output
    (folder / "m.c").write_text(MODULE, encoding="utf-8")
    (folder / "build.py").write_text(BUILD, encoding="utf-8")
    source, log = folder / "source", folder / "questions.log"
    source.mkdir()
    (source / "questions.py").write_text(QUESTIONS, encoding="utf-8")
    asking = {
        "CROSSBUILD_SOURCE": str(source),
        "CROSSBUILD_QUESTIONS": str(log),
        "SDKTARGETSYSROOT": str(reference.target_sysroot),
    }
    run([made.python, "questions.py"], env=made.environment(asking), cwd=source)
    assert log.read_text(encoding="utf-8").splitlines() == [
        'questions.py:11: struct.calcsize("l")',
        "questions.py:12: sys.maxsize",
        "setup.py:2: sys.maxsize",
    ]
    ask = "import struct; assert struct.calcsize('@P') == 4"
    run([made.python, "-c", ask], env=made.environment(asking), cwd=folder)
    finished = run([made.python, "build.py"], env=made.environment({}), cwd=folder)
    name = finished.output.splitlines()[-1]
    facts = elf.read(folder / name)
    assert facts.machine == "Arm"
    assert not [needed for needed in facts.needed if "python" in needed]
    return name


@pytest.mark.trap(1, 2, 4)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("3.5", "1.5"),
        ("3.6", "1.5"),
        ("3.6", "1.6"),
        ("3.7", "1.6"),
        ("3.9", "1.6"),
        ("3.11", "1.6"),
        ("3.13", "1.6"),
    ],
)
def test_crossenv_makes_a_module_for_the_target(version: str, release: str, tmp_path: Path) -> None:
    try:
        python = build_python.find(version)
    except BuildPythonError:
        pytest.skip(f"no Python {version} on this machine")
    name = built_in_crossenv(python, release, tmp_path)
    flags = "m" if version in ("3.5", "3.6", "3.7") else ""
    assert name == f"m.cpython-{version.replace('.', '')}{flags}-arm-linux-gnueabihf.so"


@pytest.mark.trap(10, 11)
@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.7", "3.11"])
def test_crossenv_from_an_sdks_wrapper_without_venv(version: str, tmp_path: Path) -> None:
    try:
        donor = build_python.find(version)
    except BuildPythonError:
        pytest.skip(f"no Python {version} on this machine")
    root = tmp_path / "poky/sysroots/x86_64-pokysdk-linux"
    nativesdk_python(donor, root)
    python = build_python.find(version, sdk=sdk_with(root))
    assert "venv" in python.missing
    before = sorted(root.rglob("*"))
    assert built_in_crossenv(python, "1.6", tmp_path).endswith("-arm-linux-gnueabihf.so")
    assert sorted(root.rglob("*")) == before  # no package and no byte code


def test_extensions_that_share_a_source_are_in_one_group() -> None:
    sources = [["a.c"], ["b.pyx", "d.c"], ["./c.c"], ["x/b.c"], ["c.c", "b.c"], ["e.c", "a.cpp"]]
    extensions = [SimpleNamespace(sources=each) for each in sources]
    found = runpy.run_path(str(in_process.FOLDER / "apart.py"))["groups"](extensions)
    assert [[extensions.index(one) for one in group] for group in found] == [[1, 2, 4], [0, 5], [3]]
