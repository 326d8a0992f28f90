"""The target's Python: what is read from a sysroot, and the overlay made of it."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbuild.core.command import run
from crossbuild.core.errors import BuildPythonError, TargetPythonError
from crossbuild.python import build_python, overlay, target_python
from crossbuild.python.sysconfigdata import find_module, read_config, read_macros
from crossbuild.sdk.model import Sdk, Tools

PYCONFIG = """\
#ifndef Py_PYCONFIG_H
#define Py_PYCONFIG_H
/* Defined if Python is built as a shared library. */
#define Py_ENABLE_SHARED 1
/* The size of `long', as computed by sizeof. */
#define SIZEOF_LONG 4
#define SIZEOF_SIZE_T 4
#define SIZEOF_VOID_P 4 /* pointers */
/* #undef WITH_DTRACE */
#endif
"""

#: What oe-core's multilib_header.bbclass leaves in place of the real file.
CHOOSER = (
    "#include <bits/wordsize.h>\n#if __WORDSIZE == 32\n#include <python/pyconfig-32.h>\n#endif\n"
)

#: As Poky's Python 3.7.8 has them, less the variables that are alike.
CONFIG: Mapping[str, object] = {
    "ABIFLAGS": "m",
    "AR": "arm-poky-linux-gnueabi-gcc-ar",
    "BASECFLAGS": "-Wno-unused-result -Wsign-compare",
    "BLDSHARED": "arm-poky-linux-gnueabi-gcc -march=armv7-a -mfpu=neon -shared -Wl,-O1",
    "BLDLIBRARY": "-L. -lpython3.7m",
    "BYTESTR_DEPS": "\\",
    "CC": "arm-poky-linux-gnueabi-gcc -march=armv7-a -mthumb -mfpu=neon -mfloat-abi=hard",
    "CFLAGS": "-Wsign-compare -DNDEBUG -fdebug-prefix-map=/work/poky/build=/usr/src/debug -O2 "
    "-fstack-protector-strong -Werror=format-security",
    "CONFINCLUDEPY": "/usr/include/python3.7m",
    "CXX": "arm-poky-linux-gnueabi-g++ -march=armv7-a",
    "EXT_SUFFIX": ".cpython-37m-arm-linux-gnueabihf.so",
    "HOST_GNU_TYPE": "arm-poky-linux-gnueabi",
    "INCLUDEPY": "/usr/include/python3.7m",
    "LDFLAGS": "-Wl,-z,relro,-z,now -L/work/poky/build/lib",
    "LDLIBRARY": "libpython3.7m.so",
    "LDSHARED": "arm-poky-linux-gnueabi-gcc -march=armv7-a -shared -Wl,-O1",
    "LIBDIR": "/usr/lib",
    "LIBS": "-lpthread -ldl -L/work/poky/build/lib -lutil",
    "MACHDEP": "linux",
    "MULTIARCH": "",
    "Py_ENABLE_SHARED": 1,
    "SIZEOF_LONG": 4,
    "SOABI": "cpython-37m-arm-linux-gnueabihf",
    "VERSION": "3.7",
    "prefix": "/usr",
}


@pytest.fixture
def sdk(tmp_path: Path) -> Sdk:
    """A Yocto-shaped SDK as zeus has it, without Python."""
    root = tmp_path / "sysroots/cortexa9hf-neon-poky-linux-gnueabi"
    (root / "usr/lib").mkdir(parents=True)
    return Sdk(
        root=tmp_path,
        script=tmp_path / "environment-setup-cortexa9hf-neon-poky-linux-gnueabi",
        name="cortexa9hf-neon-poky-linux-gnueabi",
        variables={},
        native_sysroot=tmp_path / "sysroots/x86_64-pokysdk-linux",
        target_sysroot=root,
        tools=Tools(("/sdk/gcc",), (), None, "", "", "", "", "", "", "", ()),
        triple="arm-poky-linux-gnueabi",
        gcc_version="9.2.0",
        glibc_version="2.30",
        library_dirs=(root / "lib", root / "usr/lib"),
        include_dirs=(root / "usr/include",),
        content_id="0123",
    )


def add_python(
    sdk: Sdk,
    version: str = "3.7",
    *,
    flags: str = "m",
    pyconfig: str = PYCONFIG,
    config: Mapping[str, object] = CONFIG,
    patch: str = "8",
) -> tuple[Path, Path]:
    """Put a Python into the sysroot as Yocto does; its header folder and its library."""
    usr = sdk.target_sysroot / "usr"
    headers = usr / f"include/python{version}{flags}"
    library = usr / f"lib/python{version}"
    headers.mkdir(parents=True)
    library.mkdir()
    (headers / "Python.h").write_text('#include "pyconfig.h"\n', encoding="utf-8")
    (headers / "patchlevel.h").write_text(
        f'#define PY_MICRO_VERSION        {patch}\n#define PY_VERSION      "{version}.{patch}"\n',
        encoding="utf-8",
    )
    (headers / "pyconfig.h").write_text(CHOOSER, encoding="utf-8")
    (headers / "pyconfig-32.h").write_text(pyconfig, encoding="utf-8")
    module = library / f"_sysconfigdata_{flags}_linux_arm-linux-gnueabihf.py"
    module.write_text(f"build_time_vars = {dict(config)!r}\n", encoding="utf-8")
    return headers, library


def test_sysroots_python_is_described(sdk: Sdk, tmp_path: Path) -> None:
    add_python(sdk)
    python = target_python.describe(sdk, None, tmp_path / "overlay")
    assert python.full_version == "3.7.8"
    assert python.ext_suffix == ".cpython-37m-arm-linux-gnueabihf.so"
    assert python.soabi == "cpython-37m-arm-linux-gnueabihf"
    assert python.abi_tag == "cp37m"
    assert python.origin == "sysroot"
    assert python.config == CONFIG
    assert (python.prefix / "bin/python3.7").is_file()
    # The chooser gave way to the real macros: distutils of 3.5 reads this file as text.
    macros = read_macros((python.include / "pyconfig.h").read_text(encoding="utf-8"))
    assert macros["SIZEOF_VOID_P"] == "4"
    assert "Py_ENABLE_SHARED" not in macros


@pytest.mark.trap(2, 4, 8)
def test_amended_variables_tell_of_the_target_and_nothing_of_its_builder(
    sdk: Sdk, tmp_path: Path
) -> None:
    add_python(sdk)
    prefix = tmp_path / "overlay"
    amended = read_config(target_python.describe(sdk, "3.7", prefix).sysconfigdata)
    for name in ("EXT_SUFFIX", "SOABI", "MULTIARCH", "ABIFLAGS", "SIZEOF_LONG", "VERSION"):
        assert amended[name] == CONFIG[name]
    assert amended["CC"] == "arm-poky-linux-gnueabi-gcc"
    assert amended["LDSHARED"] == "arm-poky-linux-gnueabi-gcc -shared"
    assert amended["LDCXXSHARED"] == "arm-poky-linux-gnueabi-g++ -shared"
    assert amended["CFLAGS"] == "-DNDEBUG -O2 -fwrapv"
    assert amended["CCSHARED"] == "-fPIC"
    assert amended["INCLUDEPY"] == amended["CONFINCLUDEPY"] == f"{prefix}/include/python3.7m"
    assert amended["LIBDIR"] == f"{sdk.target_sysroot}/usr/lib"
    assert amended["LIBS"] == "-lpthread -ldl -lutil"
    assert amended["Py_ENABLE_SHARED"] == 0
    text = repr(amended)
    for foreign in ("/work/poky", "-march", "relro", "stack-protector", "lpython", "'/usr"):
        assert foreign not in text


def test_overlay_is_kept_until_what_it_was_made_from_changes(sdk: Sdk, tmp_path: Path) -> None:
    add_python(sdk)
    first = target_python.describe(sdk, "3.7", tmp_path / "overlay")
    made = first.sysconfigdata.stat().st_ino
    assert target_python.describe(sdk, "3.7", tmp_path / "overlay") == first
    assert first.sysconfigdata.stat().st_ino == made
    other = dataclasses.replace(sdk, content_id="4567")
    target_python.describe(other, "3.7", tmp_path / "overlay")
    assert first.sysconfigdata.stat().st_ino != made


def test_sdk_is_never_written_to(sdk: Sdk, tmp_path: Path) -> None:
    add_python(sdk)
    before = {path: path.stat().st_mtime_ns for path in sdk.target_sysroot.rglob("*")}
    target_python.describe(sdk, "3.7", tmp_path / "overlay")
    assert {path: path.stat().st_mtime_ns for path in sdk.target_sysroot.rglob("*")} == before


def test_newest_of_several_unless_one_is_asked_for(sdk: Sdk, tmp_path: Path) -> None:
    add_python(sdk, "3.7")
    config = {**CONFIG, "VERSION": "3.10", "ABIFLAGS": "", "EXT_SUFFIX": ".cpython-310.so"}
    add_python(sdk, "3.10", flags="", config=config)
    assert target_python.available(sdk) == ("3.10", "3.7")
    assert target_python.describe(sdk, None, tmp_path / "a").abi_tag == "cp310"
    assert target_python.describe(sdk, "3.7", tmp_path / "b").abi_tag == "cp37m"


def test_module_of_a_debug_build_or_of_the_build_machine_is_not_taken(tmp_path: Path) -> None:
    for name in ("_dm_linux_arm-linux-gnueabihf", "_dm", "_m_linux_x86_64-linux-gnu"):
        (tmp_path / f"_sysconfigdata{name}.py").touch()
    assert (
        find_module(tmp_path, "arm-linux")
        == tmp_path / "_sysconfigdata_m_linux_x86_64-linux-gnu.py"
    )
    # Debian's Python 3.5 has a folder for each machine.
    wanted = tmp_path / "plat-arm-linux-gnueabihf/_sysconfigdata_m.py"
    wanted.parent.mkdir()
    wanted.touch()
    assert find_module(tmp_path, "arm-linux") == wanted
    assert find_module(wanted.parent / "nothing", "arm-linux") is None


def test_variables_in_json_alone_do_as_well(sdk: Sdk, tmp_path: Path) -> None:
    """As Python 3.14 has them beside its module."""
    _, library = add_python(sdk)
    (module,) = library.glob("_sysconfigdata_*.py")
    with_module = target_python.describe(sdk, "3.7", tmp_path / "module")
    beside = library / module.name.replace("_sysconfigdata", "_sysconfig_vars")
    debug = library / "_sysconfig_vars_dm_linux_arm-linux-gnueabihf.json"
    debug.write_text("{}")
    beside.with_suffix(".json").write_text(json.dumps(CONFIG))
    module.unlink()
    python = target_python.describe(sdk, "3.7", tmp_path / "json")
    assert python.config == with_module.config == CONFIG
    assert python.sysconfigdata.name == module.name
    beside.with_suffix(".json").write_text("[1, 2")
    with pytest.raises(TargetPythonError, match=r"_sysconfig_vars\S+\.json cannot be read"):
        target_python.describe(sdk, "3.7", tmp_path / "broken")


def test_the_overlay_has_build_details(sdk: Sdk, tmp_path: Path) -> None:
    add_python(sdk, config={**CONFIG, "INSTSONAME": "libpython3.7m.so.1.0"})
    library = sdk.target_sysroot / "usr/lib/libpython3.7m.so.1.0"
    library.touch()
    python = target_python.describe(sdk, "3.7", tmp_path / "overlay")
    details = json.loads(python.build_details.read_text())
    assert details["c_api"]["headers"] == str(python.include)
    assert details["libpython"]["dynamic"] == str(library)
    assert Path(details["base_interpreter"]).is_file()


@pytest.mark.parametrize("name", ["pyconfig-32.h", "patchlevel.h"])
def test_headers_may_be_in_any_encoding(name: str, sdk: Sdk, tmp_path: Path) -> None:
    headers, _ = add_python(sdk)
    with (headers / name).open("ab") as stream:
        stream.write("/* été */\n".encode("latin-1"))
    assert target_python.describe(sdk, "3.7", tmp_path / "overlay").full_version == "3.7.8"


@pytest.mark.trap(3)
def test_python_3_5_has_one_name_for_its_variables(sdk: Sdk, tmp_path: Path) -> None:
    _, library = add_python(sdk, "3.5", config={**CONFIG, "VERSION": "3.5"})
    assert not (library / "_sysconfigdata.py").exists()
    python = target_python.describe(sdk, "3.5", tmp_path / "overlay")
    assert python.sysconfigdata.name == "_sysconfigdata.py"
    assert [path.parent.name for path in python.prefix.rglob("Makefile")] == ["config-3.5m"]


@pytest.mark.trap(3, 4)
def test_old_distutils_reads_the_overlays_makefile_and_header(sdk: Sdk, tmp_path: Path) -> None:
    """Python 3.5's distutils has no other source; 3.6's still has the functions it uses."""
    try:
        old = build_python.find("3.6")
    except BuildPythonError:
        pytest.skip("no Python 3.6 on this machine")
    add_python(sdk)
    python = target_python.describe(sdk, "3.7", tmp_path / "overlay")
    (makefile,) = python.prefix.glob("lib/python3.7/*/Makefile")
    code = (
        "import sys; from distutils.sysconfig import parse_makefile, parse_config_h\n"
        "found = parse_makefile(sys.argv[1], {}); parse_config_h(open(sys.argv[2]), found)\n"
        "print([found.get(n) for n in ('CC', 'LDSHARED', 'EXT_SUFFIX', 'Py_ENABLE_SHARED',"
        " 'SIZEOF_LONG', 'prefix')])"
    )
    said = run([old.executable, "-c", code, makefile, python.include / "pyconfig.h"]).output
    gcc = "arm-poky-linux-gnueabi-gcc"
    suffix = ".cpython-37m-arm-linux-gnueabihf.so"
    assert said.strip() == repr([gcc, f"{gcc} -shared", suffix, 0, 4, str(python.prefix)])


def test_no_python_at_all_asks_for_the_version(sdk: Sdk, tmp_path: Path) -> None:
    with pytest.raises(TargetPythonError) as caught:
        target_python.describe(sdk, None, tmp_path / "overlay")
    text = str(caught.value)
    assert "the SDK's sysroot has no Python" in text
    assert "--python 3.7" in text
    assert 'TOOLCHAIN_TARGET_TASK:append = " python3-dev python3-modules"' in text
    assert not (tmp_path / "overlay").exists()


def test_missing_headers_name_the_package_and_offer_synthesis(sdk: Sdk, tmp_path: Path) -> None:
    headers, _ = add_python(sdk)
    (headers / "Python.h").unlink()
    with pytest.raises(TargetPythonError) as caught:
        target_python.describe(sdk, "3.7", tmp_path / "overlay")
    text = str(caught.value)
    assert "no usr/include/python3.7/Python.h" in text
    assert "versions there: 3.7" in text
    assert "python3-dev" in text
    assert "crossbuild sdk python --python 3.7" in text


def test_missing_sysconfigdata_is_named(sdk: Sdk, tmp_path: Path) -> None:
    _, library = add_python(sdk)
    for path in library.glob("_sysconfigdata*"):
        path.unlink()
    with pytest.raises(TargetPythonError, match=r"no usr/lib/python3\.7/_sysconfigdata\*\.py"):
        target_python.describe(sdk, "3.7", tmp_path / "overlay")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"EXT_SUFFIX": ".cpython-37m-x86_64-linux-gnu.so"}, "EXT_SUFFIX is '.cpython-37m-x86_64"),
        ({"EXT_SUFFIX": ".cpython-37m-arm-linux-gnueabi.so"}, "not for arm-linux-gnueabihf"),
        ({"VERSION": "3.8"}, "sysconfigdata's VERSION is '3.8'"),
        ({"ABIFLAGS": "dm"}, "debug build"),
    ],
)
def test_contradictions_in_sysconfigdata(
    sdk: Sdk, tmp_path: Path, change: Mapping[str, object], said: str
) -> None:
    add_python(sdk, config={**CONFIG, **change})
    with pytest.raises(TargetPythonError, match="contradicts itself or the board") as caught:
        target_python.describe(sdk, "3.7", tmp_path / "overlay")
    assert said in str(caught.value)
    assert not (tmp_path / "overlay").exists()


def test_headers_of_a_64_bit_machine(sdk: Sdk, tmp_path: Path) -> None:
    add_python(sdk, pyconfig=PYCONFIG.replace("SIZEOF_LONG 4", "SIZEOF_LONG 8"))
    with pytest.raises(TargetPythonError, match=r"SIZEOF_LONG is 8 in pyconfig\.h, and 4 on"):
        target_python.describe(sdk, "3.7", tmp_path / "overlay")


@pytest.mark.parametrize("text", ["build_time_vars = dict(a=1)", "def broken(:", "x = 1"])
def test_sysconfigdata_is_read_and_never_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / "_sysconfigdata.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TargetPythonError, match=r"_sysconfigdata\.py cannot be read"):
        read_config(path)


@given(st.integers(0, 99))
def test_patch_version_is_stated_in_the_headers(micro: int) -> None:
    text = '#define PY_MICRO_VERSION        16\n#define PY_VERSION              "3.7.16"\n'
    macros = read_macros(overlay.with_patch_version(text, f"3.7.{micro}"))
    assert macros == {"PY_MICRO_VERSION": str(micro), "PY_VERSION": f'"3.7.{micro}"'}
