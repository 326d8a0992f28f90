"""A target Python's description made from the build Python of the same X.Y.

Many SDKs lack python3-dev.  The headers of one X.Y are the same for every machine but for
``pyconfig.h``; that one is derived here by asking the SDK's compiler, with the build
Python's file as the template: autoconf's comment beside each macro says what it means.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossbuild.core import documents, system_packages
from crossbuild.core.abi import MULTIARCH
from crossbuild.core.errors import ConfigurationError, TargetPythonError
from crossbuild.core.python_version import PythonVersion
from crossbuild.python.build_python import BuildPython
from crossbuild.python.probes import Prober, prober
from crossbuild.python.sysconfigdata import (
    Config,
    Description,
    find_module,
    find_pyconfig,
    header_text,
    read_config,
    read_macros,
)
from crossbuild.sdk.model import Sdk

_BUILD_MULTIARCH = "x86_64-linux-gnu"

_PROBES = Path(__file__).with_name("pyconfig_probes.toml")

#: A comment and, on the next line, its macro, defined or not.
_ENTRY = re.compile(
    r"/\*(?P<comment>(?:(?!\*/).)*)\*/[ \t]*\n"
    r"(?:/\*[ \t]*#[ \t]*undef[ \t]+(?P<undefined>\w+)[ \t]*\*/"
    r"|#[ \t]*define[ \t]+(?P<defined>\w+))",
    re.DOTALL,
)
_HEADER = re.compile(r"you have the <([\w./+-]+)> header")
_FUNCTION = re.compile(r"(?:you have|if) the [`']?(\w+)(?:\(\))?'? function\b")
_DECLARATION = re.compile(r"declaration of [`'](\w+)'")
_MEMBER = re.compile(r"[`']([\w.]+)' is a member of [`']([\w ]+)'")

#: Macro to its value, "" where it is undefined.
Macros = dict[str, str]


def synthesise(
    sdk: Sdk, build: BuildPython, *, patch_version: str | None = None, shared: bool | None = None
) -> Description:
    """Describe the target's Python of *build*'s X.Y without having one.

    :param patch_version: the board's "3.7.8"; the build Python's where None
    :param shared: whether the board's interpreter is linked with a shared libpython; as the
        build Python's where None
    :raises TargetPythonError: the build Python has no headers or no sysconfigdata
    :raises ConfigurationError: *patch_version* is not one of this X.Y
    """
    if patch_version and not re.fullmatch(rf"{re.escape(build.version)}\.\d+", patch_version):
        raise ConfigurationError(
            f"the board's Python cannot be {patch_version}",
            evidence=f"the description asked for is of Python {build.version}",
            cure=f"give a version such as {build.full_version}",
        )
    source = find_pyconfig(build.include, _BUILD_MULTIARCH, 64) if build.include else None
    if build.include is None or source is None:
        headers = system_packages.python_headers(build.version)
        raise TargetPythonError(
            f"Python {build.version} of the build machine has no headers to synthesise from",
            evidence=f"{build.executable} ({build.origin}): no Python.h, or no pyconfig.h to it",
            cure=", or ".join(filter(None, (headers, "name another by --build-python"))),
        )
    template = header_text(source)
    macros = _macros(sdk, template)
    if shared is not None:
        macros["Py_ENABLE_SHARED"] = "1" if shared else ""
    pyconfig = with_macros(template, macros)
    flags = str(_build_config(build).get("ABIFLAGS") or "")
    return Description(
        full_version=patch_version or build.full_version,
        headers=build.include,
        pyconfig=pyconfig,
        config=_config(build, sdk, pyconfig),
        module=f"_sysconfigdata_{flags}_linux_{MULTIARCH}",
        origin="synthesised",
        evidence=f"synthesised from {build.executable} and the compiler {sdk.tools.cc[0]}",
    )


def _macros(sdk: Sdk, template: str) -> Macros:
    """Every macro of the template that the target decides, by probes."""
    table: Mapping[str, Any] = documents.read_toml(_PROBES)
    comments = {
        entry["defined"] or entry["undefined"]: entry["comment"]
        for entry in _ENTRY.finditer(template)
    }
    kept = re.compile("|".join(table["kept"]))
    asked = {name: text for name, text in comments.items() if not kept.fullmatch(name)}
    with prober(sdk, table["includes"]) as ask:
        decided = _commented(ask, asked, _there(sdk, table["libraries"]))
        decided |= _tabled(ask, table)
        decided |= _layout(ask)
        decided |= _threads(ask, read_macros(template))
    # AC_CHECK_DECLS defines its macro as 1 or 0: an undefined one was not looked for.
    unasked = {name for name in decided if name.startswith("HAVE_DECL_")} - set(
        read_macros(template)
    )
    return {name: value for name, value in decided.items() if name in asked and name not in unasked}


def _there(sdk: Sdk, libraries: list[str]) -> list[str]:
    return [
        name
        for name in libraries
        if sdk.find_library(f"lib{name}.so") or sdk.find_library(f"lib{name}.a")
    ]


def _commented(ask: Prober, comments: Mapping[str, str], libraries: list[str]) -> Macros:
    """Macros whose meaning autoconf wrote beside them."""
    headers = _matching(_HEADER, comments)
    functions = _matching(_FUNCTION, comments)
    declared = _matching(_DECLARATION, comments)
    present = ask.headers(headers.values())
    linked = ask.link(sorted(set(functions.values())), libraries)
    bodies = {name: f"#ifndef {what}\n(void){what};\n#endif\n" for name, what in declared.items()}
    members = {
        name: member.expand(r"\2 s; (void)sizeof(s.\1);")
        for name, comment in comments.items()
        if (member := _MEMBER.search(comment))
    }
    compiled = ask.compile(bodies | members)
    decided = {name: "1" if header in present else "" for name, header in headers.items()}
    decided |= {name: "1" if what in linked else "" for name, what in functions.items()}
    decided |= {name: "1" if name in compiled else "0" for name in declared}
    return decided | {name: "1" if name in compiled else "" for name in members}


def _matching(pattern: re.Pattern[str], comments: Mapping[str, str]) -> dict[str, str]:
    matches = {name: pattern.search(" ".join(text.split())) for name, text in comments.items()}
    return {name: match[1] for name, match in matches.items() if match}


def _tabled(ask: Prober, table: Mapping[str, Any]) -> Macros:
    """Macros with a probe of their own in pyconfig_probes.toml."""
    decided = {name: str(value) for name, value in ask.numbers(table["numbers"]).items()}
    truths = ask.numbers(table["truths"])
    compiled = ask.compile(table["compiles"]) | ask.assemble(table["assembles"])
    decided |= {name: "1" if value else "" for name, value in truths.items()}
    decided |= {
        name: "1" if name in compiled else "" for name in (*table["compiles"], *table["assembles"])
    }
    return decided | dict(table["fixed"])


def _layout(ask: Prober) -> Macros:
    layout = ask.double_layout()
    names = {
        "little": "DOUBLE_IS_LITTLE_ENDIAN_IEEE754",
        "big": "DOUBLE_IS_BIG_ENDIAN_IEEE754",
        "mixed": "DOUBLE_IS_ARM_MIXED_ENDIAN_IEEE754",
    }
    return {name: "1" if name == names[layout] else "" for name in names.values()}


def _threads(ask: Prober, template: Mapping[str, str]) -> Macros:
    """What changed when glibc 2.34 took threads and shared memory into libc itself."""
    needs = not ask.link(["shm_open"], ()) and ask.link(["shm_open"], ("rt",))
    decided = {"SHM_NEEDS_LIBRT": "1" if needs else ""}
    if "_REENTRANT" in template and not ask.link(["pthread_create"], ()):
        decided["_REENTRANT"] = ""
    return decided


def with_macros(template: str, macros: Mapping[str, str]) -> str:
    """A ``pyconfig.h`` in which these macros have these values ("": undefined)."""

    def line(match: re.Match[str]) -> str:
        name = match["undefined"] or match["defined"]
        if name not in macros:
            return match[0]
        value = macros[name]
        return f"#define {name} {value}" if value else f"/* #undef {name} */"

    pattern = (
        r"^(?:/\*[ \t]*#[ \t]*undef[ \t]+(?P<undefined>\w+)[ \t]*\*/"
        r"|#[ \t]*define[ \t]+(?P<defined>\w+)\b.*)$"
    )
    return re.sub(pattern, line, template, flags=re.MULTILINE)


def _build_config(build: BuildPython) -> Config:
    path = find_module(build.stdlib, "x86_64")
    if path is None:
        raise TargetPythonError(
            f"Python {build.version} of the build machine has no sysconfigdata",
            evidence=f"no _sysconfigdata*.py in {build.stdlib}",
            cure="name another Python by --build-python",
        )
    return read_config(path)


def _config(build: BuildPython, sdk: Sdk, pyconfig: str) -> Config:
    """The build Python's variables, less its machine, plus the target's."""
    config = _build_config(build)
    flags = str(config.get("ABIFLAGS") or "")
    digits = PythonVersion(build.version).tag.removeprefix("cp")
    soabi = f"cpython-{digits}{flags}-{MULTIARCH}"
    multiarch = str(config.get("MULTIARCH") or "x86_64-linux-gnu")
    prefix = str(config.get("prefix") or build.home)
    renamed = {
        name: value.replace(multiarch, MULTIARCH).replace(prefix, "/usr")
        if isinstance(value, str)
        else value
        for name, value in config.items()
    }
    return (
        renamed
        | _macro_variables(pyconfig)
        | {
            "SOABI": soabi,
            "EXT_SUFFIX": f".{soabi}.so",
            "MULTIARCH": MULTIARCH,
            "HOST_GNU_TYPE": sdk.triple,
            "BUILD_GNU_TYPE": sdk.triple,
            "Py_ENABLE_SHARED": 1 if read_macros(pyconfig).get("Py_ENABLE_SHARED") else 0,
        }
    )


def _macro_variables(pyconfig: str) -> Config:
    """The macros as sysconfig.parse_config_h gives them: numbers, and 0 for undefined ones."""
    undefined = re.findall(r"^/\* #undef ([A-Z]\w+) \*/", pyconfig, re.MULTILINE)
    variables: Config = dict.fromkeys(undefined, 0)
    for name, value in re.findall(r"^#define ([A-Z]\w+) (.*)$", pyconfig, re.MULTILINE):
        try:
            variables[name] = int(value)
        except ValueError:
            variables[name] = value
    return variables
