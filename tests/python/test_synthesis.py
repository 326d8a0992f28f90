"""A synthesised target Python equals the one that Debian built on armhf itself."""

import dataclasses
import functools
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbuild.core.command import clean_environment, run
from crossbuild.core.errors import BuildPythonError, ConfigurationError, TargetPythonError
from crossbuild.python import build_python, overlay, probes, synthesis, target_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.sysconfigdata import read_config, read_macros
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk.model import Sdk, Tools
from crossbuild.sdk.read import read_sdk

SDKS = Path(__file__).parents[2] / "sysroots"
SUITES = {"3.9": "debian-bullseye", "3.11": "debian-bookworm", "3.13": "debian-trixie"}

OWN_MODULES = (
    "a library that the interpreter's own modules use; no header that a module includes reads it"
)
OPTION = "an option of Debian's interpreter; no header that a module includes reads it"
PATCH = "other patch releases' configure looks for it (3.9.2, 3.13.5 against the build Python's)"
GLIBC = "glibc 2.34 took these libraries into libc; extensions are not linked with them"

#: Every macro and variable that may differ from Debian's, and why that changes no wheel.
EXPLAINED: Mapping[str, str] = {
    "HAVE_BLUETOOTH_BLUETOOTH_H": OWN_MODULES,
    "HAVE_BZLIB_H": OWN_MODULES,
    "HAVE_DB_H": OWN_MODULES,
    "HAVE_GDBM_H": OWN_MODULES,
    "HAVE_LIBDB": OWN_MODULES,
    "HAVE_LIBUUID": OWN_MODULES,
    "HAVE_RL_COMPDISP_FUNC_T": OWN_MODULES,
    "Py_RL_STARTUP_HOOK_TAKES_ARGS": OWN_MODULES,
    "PY_SQLITE_ENABLE_LOAD_EXTENSION": OWN_MODULES,
    "WINDOW_HAS_FLAGS": OWN_MODULES,
    "PY_SSL_DEFAULT_CIPHERS": OPTION,
    "USE_COMPUTED_GOTOS": OPTION,
    "WITH_DTRACE": OPTION,
    "HAVE_MEMORY_H": "an older autoconf looks for it; no header that a module includes reads it",
    "Py_SUNOS_VERSION": PATCH,
    "FLOAT_WORDS_BIGENDIAN": PATCH,
    "HAVE_DECL_UT_NAMESIZE": PATCH,
    "HAVE_GETLOGIN_R": PATCH,
    "HAVE_LINUX_AUXVEC_H": PATCH,
    "HAVE_LINUX_LIMITS_H": PATCH,
    "HAVE_MAXLOGNAME": PATCH,
    "HAVE_NON_UNICODE_WCHAR_T_REPRESENTATION": PATCH,
    "HAVE_SEM_CLOCKWAIT": PATCH,
    "HAVE_SYS_AUXV_H": PATCH,
    "HAVE_SYS_PIDFD_H": PATCH,
    "HAVE_TTYNAME": PATCH,
    "HAVE_TTYNAME_R": PATCH,
    "HAVE_UT_NAMESIZE": PATCH,
    "LIBS": GLIBC,
    "SHLIBS": GLIBC,
}

#: What a module sees of its Python: sizes, version, and macros that its headers test.
MODULE = """
#include <Python.h>
_Static_assert(sizeof(long) == 4 && SIZEOF_LONG == 4, "long");
_Static_assert(sizeof(void *) == SIZEOF_VOID_P && sizeof(size_t) == SIZEOF_SIZE_T, "pointers");
_Static_assert(sizeof(long double) == 8, "long double");
_Static_assert(sizeof(time_t) == SIZEOF_TIME_T && sizeof(off_t) == SIZEOF_OFF_T, "time, files");
_Static_assert(sizeof(wchar_t) == SIZEOF_WCHAR_T && sizeof(Py_hash_t) == 4, "wide characters");
static PyObject *about(PyObject *self, PyObject *arg) {
    return Py_BuildValue("sinn", PY_VERSION, PY_VERSION_HEX, PyObject_Hash(arg),
                         (Py_ssize_t)sizeof(PyObject));
}
static PyMethodDef methods[] = {{"about", about, METH_O, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "m", "", -1, methods};
PyMODINIT_FUNC PyInit_m(void) { return PyModule_Create(&module); }
"""


NAMES = st.sampled_from(["A", "AB", "HAVE_A", "HAVE_AB", "SIZEOF_A", "Py_A", "_A"])


def native_sdk() -> Sdk:
    """The build machine's own compiler in an Sdk's clothes: probes can be checked by it."""
    gcc = shutil.which("gcc") or pytest.skip("no gcc on this machine")
    nothing = Path("/nonexistent")
    return Sdk(
        root=nothing,
        script=nothing,
        name="native",
        variables={},
        native_sysroot=nothing,
        target_sysroot=Path("/"),
        tools=Tools((gcc,), (), None, "", "", "", "", "", "", "", ()),
        triple="x86_64-linux-gnu",
        gcc_version="12",
        glibc_version="2.36",
        library_dirs=(),
        include_dirs=(),
        content_id="",
    )


def installed(version: str) -> BuildPython:
    try:
        return build_python.find(version)
    except BuildPythonError:
        pytest.skip(f"no Python {version} on this machine")


@functools.cache
def reference_sdk(version: str) -> Sdk:
    root = SDKS / SUITES[version]
    if not root.is_dir():
        pytest.skip(f"make it with `crossbuild sdk create {root.name}`")
    return read_sdk(root)


def test_probes_answer_as_the_machine_is() -> None:
    with probes.prober(native_sdk(), ["stdint.h", "no/such/header.h", "pthread.h"]) as ask:
        assert ask.includes == ("stdint.h", "pthread.h")
        sizes = {"L": "sizeof(long)", "D": "sizeof(long double)", "negative": "-3"}
        assert ask.numbers(sizes) == {"L": 8, "D": 16, "negative": -3}
        assert ask.double_layout() == "little"
        # `linux` is a macro of GCC's own: a name must not be expanded on its way back.
        assert ask.headers(["linux/limits.h", "linux/nothing.h"]) == {"linux/limits.h"}
        bodies = {"GOOD": "pthread_t t; (void)t;", "BAD": "struct absent a;", "WORSE": "(((;"}
        assert ask.compile({"GOOD": bodies["GOOD"], "BAD": bodies["BAD"]}) == {"GOOD"}
        assert "WORSE" not in ask.compile({"WORSE": bodies["WORSE"]})
        x64 = {"X64": '__asm__("movq %rcx, %rax");', "ARM": '__asm__("vmov.f64 d0, d1");'}
        assert ask.assemble(x64) == {"X64"}
        # chflags is a stub of glibc: it links, and always fails.
        assert ask.link(["open", "sin", "chflags", "no_such"], ["m"]) == {"open", "sin"}


def test_broken_compiler_is_told_apart_from_a_missing_feature() -> None:
    broken = dataclasses.replace(
        native_sdk(), tools=Tools(("/bin/false",), (), None, "", "", "", "", "", "", "", ())
    )
    with (
        pytest.raises(TargetPythonError, match="does not compile a plain C program"),
        probes.prober(broken, ["stdint.h"]),
    ):
        pass


@given(
    st.dictionaries(NAMES, st.sampled_from(["", "1", "8"]), min_size=1),
    st.dictionaries(NAMES, st.sampled_from(["", "0", "4"])),
)
def test_with_macros_sets_what_is_named_and_leaves_the_rest(
    before: dict[str, str], change: dict[str, str]
) -> None:
    template = "".join(
        f"/* about {name} */\n"
        + (f"#define {name} {value}\n\n" if value else f"/* #undef {name} */\n\n")
        for name, value in before.items()
    )
    expected = {name: change.get(name, value) for name, value in before.items()}
    macros = read_macros(synthesis.with_macros(template, change))
    assert macros == {name: value for name, value in expected.items() if value}


def test_impossible_patch_version_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be 3\.8\.1") as caught:
        synthesis.synthesise(native_sdk(), installed("3.7"), patch_version="3.8.1")
    assert "a version such as 3.7." in str(caught.value)


def test_build_python_without_headers_is_named() -> None:
    bare = dataclasses.replace(installed("3.7"), include=None)
    with pytest.raises(TargetPythonError, match="has no headers to synthesise from") as caught:
        synthesis.synthesise(native_sdk(), bare)
    assert "python3.7-dev" in str(caught.value)


def test_a_build_python_of_debians_shape_serves_as_well(tmp_path: Path) -> None:
    """Debian's ``pyconfig.h`` only chooses another: /usr/include/x86_64-linux-gnu/pythonX.Y's."""
    plain = installed("3.7")
    assert plain.include is not None
    headers = tmp_path / plain.include.name
    shutil.copytree(plain.include, headers)
    chosen = tmp_path / "x86_64-linux-gnu" / headers.name / "pyconfig.h"
    chosen.parent.mkdir(parents=True)
    (headers / "pyconfig.h").rename(chosen)
    (headers / "pyconfig.h").write_text(f"# include <{chosen.relative_to(tmp_path)}>\n")
    made = synthesis.synthesise(native_sdk(), dataclasses.replace(plain, include=headers))
    assert made.pyconfig == synthesis.synthesise(native_sdk(), plain).pyconfig
    chosen.unlink()
    with pytest.raises(TargetPythonError, match="no headers to synthesise from"):
        synthesis.synthesise(native_sdk(), dataclasses.replace(plain, include=headers))


def test_sysroot_without_python_gets_a_synthesised_one(tmp_path: Path) -> None:
    """With x86-64's compiler the description must be refused, not written."""
    empty = dataclasses.replace(native_sdk(), target_sysroot=tmp_path / "sysroot")
    with pytest.raises(TargetPythonError, match="SIZEOF_LONG is 8") as caught:
        target_python.describe(empty, "3.7", tmp_path / "overlay", build_python=installed("3.7"))
    assert "synthesised from" in str(caught.value)
    assert not (tmp_path / "overlay").exists()


def differences(ours: Mapping[str, object], theirs: Mapping[str, object]) -> set[str]:
    return {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}


@pytest.mark.slow
@pytest.mark.parametrize("version", SUITES)
def test_synthesised_description_equals_debians(version: str, tmp_path: Path) -> None:
    reference, python = reference_sdk(version), installed(version)
    place = tmp_path / "overlay"
    theirs = target_python.describe(reference, version, place)
    their_macros, their_config = seen(theirs.include, theirs.sysconfigdata)
    made = synthesis.synthesise(reference, python, patch_version=theirs.full_version)
    our_macros, our_config = seen(*overlay.write(made, reference, place))
    differing = differences(our_macros, their_macros) | differences(our_config, their_config)
    assert differing - set(EXPLAINED) == set()
    # What modules are compiled by is among what was compared, and is never explained away.
    compared = {name for name in their_macros if name.startswith(("SIZEOF_", "ALIGNOF_"))}
    assert len(compared) >= 18
    assert our_config["EXT_SUFFIX"] == theirs.ext_suffix
    assert made.config["SOABI"] == theirs.soabi


def seen(include: Path, module: Path) -> tuple[dict[str, str], dict[str, object]]:
    """What a wheel's build sees of a target Python."""
    return read_macros((include / "pyconfig.h").read_text(encoding="utf-8")), read_config(module)


@pytest.mark.slow
@pytest.mark.parametrize("version", SUITES)
def test_explained_macros_are_read_by_no_header_of_a_module(version: str, tmp_path: Path) -> None:
    reference = reference_sdk(version)
    python = target_python.describe(reference, version, tmp_path / "overlay")
    (tmp_path / "m.c").write_text("#include <Python.h>\n", encoding="utf-8")
    argv = [*reference.tools.cc, f"-I{python.include}", "-M", str(tmp_path / "m.c")]
    read = {Path(word) for word in run(argv).output.split() if word.endswith(".h")}
    headers = {path for path in read if path.is_relative_to(python.include)}
    headers -= {python.include / "pyconfig.h"}
    assert python.include / "object.h" in headers
    words = {word for path in headers for word in re.findall(r"\w+", path.read_text("utf-8"))}
    assert words & set(EXPLAINED) == set()


@pytest.mark.slow
@pytest.mark.parametrize("version", SUITES)
def test_module_made_either_way_is_the_same_byte_for_byte(version: str, tmp_path: Path) -> None:
    reference, python = reference_sdk(version), installed(version)
    place = tmp_path / "overlay"
    theirs = target_python.describe(reference, version, place)
    first = compiled(reference, theirs.include, tmp_path)
    made = synthesis.synthesise(reference, python, patch_version=theirs.full_version)
    include, _ = overlay.write(made, reference, place)
    assert compiled(reference, include, tmp_path) == first


def compiled(reference: Sdk, include: Path, folder: Path) -> bytes:
    source, result = folder / "m.c", folder / "m.so"
    source.write_text(MODULE, encoding="utf-8")
    flags = ["-O2", "-fwrapv", "-DNDEBUG", "-fPIC", "-shared", f"-I{include}"]
    run([*reference.tools.cc, *flags, source, "-o", result], env=clean_environment())
    return result.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.6", "3.7"])
def test_python_that_no_sdk_has(version: str, tmp_path: Path) -> None:
    reference = reference_sdk("3.9")
    python: TargetPython = target_python.describe(
        reference,
        version,
        tmp_path / "overlay",
        build_python=installed(version),
        patch_version=f"{version}.8",
        shared=False,
    )
    digits = version.replace(".", "")
    assert python.origin == "synthesised"
    assert python.full_version == f"{version}.8"
    assert python.ext_suffix == f".cpython-{digits}m-arm-linux-gnueabihf.so"
    assert python.abi_tag == f"cp{digits}m"
    assert python.config["Py_ENABLE_SHARED"] == 0
    image = compiled(reference, python.include, tmp_path)
    assert f"{version}.8".encode() in image
    text = python.sysconfigdata.read_text(encoding="utf-8")
    assert "x86_64" not in text.partition("build_time_vars")[2]
