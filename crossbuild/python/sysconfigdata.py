"""A Python's description of itself: ``_sysconfigdata`` and ``pyconfig.h``, read and rewritten.

Both are read as text: a target's module is never imported, its macros never compiled.
"""

import ast
import json
import pprint
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core.errors import TargetPythonError

Config = dict[str, object]

_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:[ \t]+(.*?))?[ \t]*$", re.MULTILINE)
_LARGEST = 10_000_000
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)

#: The texts that tell of the target; all others tell of the machine, the folders and the
#: options with which its interpreter was compiled.  Numbers (SIZEOF_…, HAVE_…) are all kept.
_TARGETS_OWN = (
    "ABIFLAGS ALT_SOABI EXE EXT_SUFFIX GNULD LDVERSION MACHDEP MULTIARCH PLATFORM_TRIPLET "
    "PLATLIBDIR PY_BUILTIN_HASHLIB_HASHES PY_FORMAT_SIZE_T PYTHONFRAMEWORK PYTHONFRAMEWORKDIR "
    "PYTHONFRAMEWORKPREFIX RETSIGTYPE SHLIB_SUFFIX SO SOABI SOABI_PLATFORM VERSION"
)

#: ``-lm``, ``-ldl``: the words of LIBS and its like that mean the same on any machine.
_LIBRARY_WORD = re.compile(r"-l[\w.+-]+")


def find_module(library: Path, machine: str) -> Path | None:
    """The ``_sysconfigdata*.py`` of a ``lib/pythonX.Y``, or None.

    Python 3.14 has the same variables in ``_sysconfig_vars*.json``, which does where it is alone.

    :param machine: preferred where one names it ("arm"): some sysroots also hold the build
        machine's.  Those of debug builds, which are another ABI, do not count.
    """
    modules = [
        path
        for pattern in ("_sysconfigdata*.py", "plat-*/_sysconfigdata*.py", "_sysconfig_vars*.json")
        for path in sorted(library.glob(pattern))
        if not re.match(r"_sysconfig(data|_vars)_[a-z]*d[a-z]*[_.]", path.name)
    ]
    named = (path for path in modules if machine in str(path.relative_to(library)))
    return next(named, modules[0] if modules else None)


def read_config(path: Path) -> Config:
    """The ``build_time_vars`` of a ``_sysconfigdata*.py``, without running it; or those of JSON.

    :raises TargetPythonError: the file does not assign a plain dictionary to that name, or is none
    """
    try:
        if path.suffix == ".json":
            return dict(json.loads(read_text(path)))
        module = ast.parse(read_text(path))
        for node in module.body:
            names = [getattr(target, "id", "") for target in getattr(node, "targets", [])]
            if isinstance(node, ast.Assign) and "build_time_vars" in names:
                return dict(ast.literal_eval(node.value))
        problem = "no assignment to build_time_vars"
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        problem = str(error)
    raise _damaged(path, problem)


def find_pyconfig(headers: Path, multiarch: str, bits: int) -> Path | None:
    """The file with the macros: some ``pyconfig.h`` only choose another by machine.

    Debian puts the real one into a multiarch folder, Yocto beside it as ``pyconfig-32.h``
    (meta/classes/multilib_header.bbclass).

    :param headers: the folder with ``Python.h``
    :raises TargetPythonError: one of them cannot be read
    """
    candidates = (
        headers / "pyconfig.h",
        headers / f"pyconfig-{bits}.h",
        headers.parent / multiarch / headers.name / "pyconfig.h",
    )
    there = (path for path in candidates if path.is_file())
    return next((path for path in there if "SIZEOF_LONG" in read_macros(header_text(path))), None)


def read_text(path: Path, *, errors: str = "strict") -> str:
    """The text of a file of the target's Python.

    :param errors: what is done about bytes that are no UTF-8, as ``bytes.decode`` takes it

    :raises TargetPythonError: it cannot be read, is no text, or far too long for one
    """
    try:
        if (size := path.stat().st_size) > _LARGEST:
            raise _damaged(path, f"{size} bytes are no text")
        return path.read_text(encoding="utf-8", errors=errors)
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, problem: str) -> TargetPythonError:
    return TargetPythonError(
        f"the target Python's {path.name} cannot be read",
        evidence=f"{path}: {problem}",
        cure="the sysroot's Python is damaged: reinstall the SDK",
    )


def config_module(config: Mapping[str, object], note: str) -> str:
    """The text of a ``_sysconfigdata*.py``."""
    variables = pprint.pformat(dict(config), compact=True)
    return f"# {note}\nbuild_time_vars = {variables}\n"


def makefile(config: Mapping[str, object], host_platform: str) -> str:
    """A Makefile of the variables alone.

    crossenv asks it for the platform; Python 3.5's distutils takes all variables from it.
    """
    lines = [f"_PYTHON_HOST_PLATFORM={host_platform}"]
    for name, value in sorted(config.items()):
        text = str(value).replace("$", "$$")
        if "\n" not in text:
            lines.append(f"{name}=\t{text}")
    return "\n".join(lines) + "\n"


def header_text(path: Path) -> str:
    """A C header's text; its comments may be in any encoding.

    :raises TargetPythonError: it cannot be read, or is far too long for a text
    """
    return read_text(path, errors="replace")


def read_macros(text: str) -> dict[str, str]:
    """The object-like macros that a ``pyconfig.h`` defines, comments left out."""
    plain = _COMMENT.sub(" ", text)
    return {name: (value or "").strip() for name, value in _DEFINE.findall(plain)}


def number(macros: Mapping[str, str], name: str) -> int | None:
    """The macro's value where it is a plain number, else None."""
    try:
        return int(macros[name], 0)
    except (KeyError, ValueError):
        return None


def without_shared_libpython(pyconfig: str) -> str:
    """``pyconfig.h`` with Py_ENABLE_SHARED undefined.

    distutils of 3.5 reads that macro and would link every extension with libpython; the
    headers themselves give it no meaning on Linux.
    """
    pattern = r"^[ \t]*#[ \t]*define[ \t]+Py_ENABLE_SHARED\b.*$"
    return re.sub(pattern, "/* #undef Py_ENABLE_SHARED */", pyconfig, flags=re.MULTILINE)


@dataclass(frozen=True)
class Description:
    """What a Python's own files say of it.

    ``pyconfig`` is the text of the ``pyconfig.h`` with the macros, ``module`` the name of
    the sysconfigdata module; ``origin`` is "sysroot" or "synthesised".
    """

    full_version: str
    headers: Path
    pyconfig: str
    config: Config
    module: str
    origin: str
    evidence: str


@dataclass(frozen=True)
class ToolNames:
    """The one-word commands that the amended variables name, and where things lie."""

    cc: str
    cxx: str
    ar: str
    ranlib: str
    triple: str
    library_dir: Path  # of the sysroot


def amended_config(config: Mapping[str, object], overlay: Path, tools: ToolNames) -> Config:
    """The variables as a build on this machine must see them.

    What tells of the target is kept.  What tells how its interpreter was compiled is replaced
    or left out: no path of that machine, no hardening, prefix map or profile option of its
    distribution, and nothing that links an extension with libpython.
    """
    kept = {
        name: value
        for name, value in config.items()
        if name in _TARGETS_OWN.split() or not isinstance(value, str)
    }
    libraries: Config = {
        name: " ".join(_LIBRARY_WORD.findall(str(config.get(name, ""))))
        for name in ("LIBS", "SYSLIBS", "SHLIBS", "LIBM", "LIBC")
    }
    return kept | libraries | _tool_variables(tools) | _place_variables(config, overlay, tools)


def _tool_variables(tools: ToolNames) -> Config:
    flags = "-DNDEBUG -O2 -fwrapv"
    link, link_cxx = f"{tools.cc} -shared", f"{tools.cxx} -shared"
    empty = (
        "BASECFLAGS BLDLIBRARY CFLAGS_NODIST CONFIGURE_CFLAGS CONFIGURE_CFLAGS_NODIST "
        "CONFIGURE_CPPFLAGS CONFIGURE_LDFLAGS CONFIGURE_LDFLAGS_NODIST CPPFLAGS EXTRA_CFLAGS "
        "LDFLAGS LDFLAGS_NODIST LIBPYTHON PY_CFLAGS_NODIST PY_CPPFLAGS PY_LDFLAGS "
        "PY_LDFLAGS_NODIST RUNSHARED CONFIG_ARGS"
    )
    nothing: Config = dict.fromkeys(empty.split(), "")
    return nothing | {
        "CC": tools.cc,
        "MAINCC": tools.cc,
        "LINKCC": tools.cc,
        "CXX": tools.cxx,
        "CPP": f"{tools.cc} -E",
        "AR": tools.ar,
        "ARFLAGS": "rcs",
        "RANLIB": tools.ranlib,
        "LDSHARED": link,
        "BLDSHARED": link,
        "LDCXXSHARED": link_cxx,
        "CCSHARED": "-fPIC",
        "CFLAGSFORSHARED": "-fPIC",
        "LINKFORSHARED": "-Xlinker -export-dynamic",
        "OPT": flags,
        "CFLAGS": flags,
        "PY_CFLAGS": flags,
        "HOST_GNU_TYPE": tools.triple,
        "BUILD_GNU_TYPE": tools.triple,
        "SHELL": "/bin/sh",
        "INSTALL": "install -c",
    }


def _place_variables(config: Mapping[str, object], overlay: Path, tools: ToolNames) -> Config:
    version = str(config["VERSION"])
    headers = f"python{version}{config.get('ABIFLAGS') or ''}"
    include = overlay / "include"
    library = overlay / "lib" / f"python{version}"
    sysroot_library = str(tools.library_dir)
    places: dict[str, Path | str] = {
        "prefix": overlay,
        "exec_prefix": overlay,
        "BINDIR": overlay / "bin",
        "INCLUDEDIR": include,
        "CONFINCLUDEDIR": include,
        "INCLUDEPY": include / headers,
        "CONFINCLUDEPY": include / headers,
        "INCLDIRSTOMAKE": f"{include} {include / headers}",
        "LIBDEST": library,
        "BINLIBDEST": library,
        "DESTLIB": library,
        "MACHDESTLIB": library,
        "DESTSHARED": library / "lib-dynload",
        "SCRIPTDIR": library.parent,
        "LIBPL": library / config_folder(config),
        "srcdir": library / config_folder(config),
        "LIBDIR": sysroot_library,
        "LIBPC": f"{sysroot_library}/pkgconfig",
    }
    static = f"lib{headers}.a"
    return {name: str(path) for name, path in places.items()} | {
        "Py_ENABLE_SHARED": 0,
        "LDLIBRARY": static,
        "LIBRARY": static,
        "INSTSONAME": static,
    }


def config_folder(config: Mapping[str, object]) -> str:
    """``config-3.7m-arm-linux-gnueabihf``: where a Python keeps its Makefile."""
    multiarch = config.get("MULTIARCH") or ""
    parts = ["config", f"{config['VERSION']}{config.get('ABIFLAGS') or ''}", str(multiarch)]
    return "-".join(part for part in parts if part)
