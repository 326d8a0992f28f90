"""One-word compilers: each an executable that runs the SDK's tool with its words.

Yocto's CC is a compound (``gcc -march=… --sysroot=…``).  distutils, numpy.distutils
and Meson each stumble over that in their own way, and a call that loses the words
makes soft-float code or the build machine's.  So everything above sees plain
programs: ``bin/<triple>-gcc``, ``-g++``, ``-gfortran``, ``-ar`` … and ``pkg-config``.

The compilers are also the guard at the border: an include or library path of the build
machine is an error at the very compile that leaks.  What they do is in
``compiler-wrapper.sh``; what is written here are its settings for one build.
"""

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import attempt, clean_environment, which
from crossbuild.sdk.model import Sdk

#: Exit status of a compiler that refused a path; tells a leak from a compiler's error.
LEAK_STATUS = 97

#: The link to the SDK in the folder that a package is built in.
SDK_LINK = "sdk"

_WRAPPER = Path(__file__).with_name("compiler-wrapper.sh")

_PKG_CONFIG = """#!/bin/sh
# Answers for the target's sysroot only, whatever the build machine has installed.
unset PKG_CONFIG_PATH
export PKG_CONFIG_SYSROOT_DIR={sysroot}
export PKG_CONFIG_LIBDIR={folders}
exec {program} "$@"
"""

#: GCC asks for its own place with all links followed; this tells it another name of it (GCC
#: manual, "Environment Variables").  ccache would count the variable as part of what it compiles.
_DRIVER = """#!/bin/sh
export GCC_EXEC_PREFIX={prefix}
exec {program} "$@"
"""


@dataclass(frozen=True)
class Compilers:
    """The folder of one-word compilers and the name of each tool in it."""

    directory: Path
    triple: str
    has_fortran: bool

    def path(self, tool: str) -> Path:
        """The program for ``gcc``, ``g++``, ``gfortran``, ``ar``, ``pkg-config`` …"""
        name = tool if tool == "pkg-config" else f"{self.triple}-{tool}"
        return self.directory / name

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables by which builds find the tools."""
        tools = {"CC": "gcc", "CXX": "g++", "CPP": "cpp", "LD": "ld", "PKG_CONFIG": "pkg-config"}
        tools |= {name.upper(): name for name in ("ar", "ranlib", "strip", "nm", "objcopy")}
        if self.has_fortran:
            tools |= {"FC": "gfortran", "F77": "gfortran", "F90": "gfortran"}
        return {name: str(self.path(tool)) for name, tool in tools.items()}


@dataclass(frozen=True)
class Border:
    """Which folders a compile may see.

    :param allowed: folders whose files may be included and linked
    :param refused: folders inside those that are the build machine's all the same
        (the build environment's own headers and libraries)
    :param dropped: folders whose mention is taken off the line without an error,
        because a package names them out of habit
    :param dropped_macros: macros that are taken off the line in the same way
    """

    allowed: tuple[Path, ...]
    refused: tuple[Path, ...] = ()
    dropped: tuple[Path, ...] = ()
    dropped_macros: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompilerSpec:
    """What the compilers of one build are.

    :ivar workspace: the folder that a package is built in.  Compilers see the SDK by a link in it,
        so that ccache finds what was compiled with an SDK at another path
    :ivar border: which folders a compile may see
    :ivar suffix: of the target Python's modules, as in ``.cpython-311-arm-linux-gnueabihf.so``
    :ivar headers: folder of the target Python's headers.  A link to it in the workspace, whose
        path tells no Python, takes the place of it and of the sysroot's, where Debian has a second
        one for each machine: so ccache finds for one Python what was compiled for another
    :ivar prefix_map: folders of the build machine and what stands for them in object
        files (``-ffile-prefix-map``, GCC 8 and later)
    :ivar log: file to which compilers append a line for each call
    :ivar pkg_config_dirs: folders of .pc files of our own, before the sysroot's
    :ivar fortran_flags: words for gfortran beyond those of CC
    :ivar launcher: words in front of a compiler, such as ``ccache``
    :ivar fortran_launcher: the same for gfortran
    """

    sdk: Sdk
    workspace: Path
    border: Border
    suffix: str
    headers: Path
    prefix_map: Mapping[Path, str]
    log: Path
    pkg_config_dirs: Sequence[Path] = ()
    fortran_flags: Sequence[str] = ()
    launcher: Sequence[str] = ()
    fortran_launcher: Sequence[str] = ()

    @property
    def directory(self) -> Path:
        """Where the compilers are written."""
        return self.workspace / "bin"

    @property
    def sdk_link(self) -> Path:
        """What the compilers call the SDK's folder."""
        return self.workspace / SDK_LINK

    @property
    def commands(self) -> dict[str, tuple[str, ...]]:
        """The command line of each compiler, to which a call's words are added."""
        mapped = self._prefix_map_words
        cc, cxx = self._below_link(self.sdk.tools.cc), self._below_link(self.sdk.tools.cxx)
        # Else GCC names a header by its path without links, where that is shorter.
        linked = self.sdk.tools.cc[0] in self.exec_prefixes
        named = (*mapped, "-fno-canonical-system-headers") if linked else mapped
        commands = {
            "gcc": (*self.launcher, *cc, *named),
            "cc": (*self.launcher, *cc, *named),
            "g++": (*self.launcher, *cxx, *named),
            "cpp": (*self.launcher, *cc, "-E"),
        }
        if self.sdk.tools.fortran:
            words = (*self._below_link(self.sdk.tools.fortran), *mapped, *self.fortran_flags)
            commands["gfortran"] = (*self.fortran_launcher, *words)
        return commands

    @cached_property
    def exec_prefixes(self) -> dict[str, str]:
        """For each compiler's program, where its parts are by the link's name.

        A compiler that does not find them so, such as one outside the SDK, is left out.
        """
        tools = self.sdk.tools
        programs = {words[0] for words in (tools.cc, tools.cxx, tools.fortran) if words}
        found = {program: _exec_prefix(program, self.sdk, self.sdk_link) for program in programs}
        return {program: prefix for program, prefix in found.items() if prefix}

    def driver(self, program: str) -> Path:
        """What runs a compiler so that it finds its parts by the link's name."""
        # Of the same name as the program: distcc's hosts know it by that.
        return self.directory / "drivers" / Path(program).name

    def _below_link(self, words: Sequence[str]) -> tuple[str, ...]:
        """A compiler's words with the link for the SDK."""
        program, *rest = words
        driver = self.driver(program) if program in self.exec_prefixes else program
        named = (word.replace(f"{self.sdk.root}/", f"{self.sdk_link}/") for word in rest)
        return (str(driver), *named)

    @property
    def _prefix_map_words(self) -> tuple[str, ...]:
        old = int(self.sdk.gcc_version.partition(".")[0] or 0) < 8
        option = "-fdebug-prefix-map" if old else "-ffile-prefix-map"
        return tuple(f"{option}={folder}={name}" for folder, name in self.prefix_map.items())

    def settings(self, tool: str) -> dict[str, object]:
        """What ``compiler-wrapper.sh`` is told of a compiler."""
        command = self.commands[tool]
        return {
            "tool": tool,
            "command": shlex.join(command),
            # Words are changed for it: they tell no Python.
            "ccache": "yes:" if command[0].endswith("/ccache") else "",
            "log": self.log,
            "leak_status": LEAK_STATUS,
            "allowed": _lines(self.border.allowed),
            "refused": _lines(self.border.refused),
            "dropped": _lines(self.border.dropped),
            "dropped_macros": _lines(self.border.dropped_macros),
            "workspace": self.workspace,
            "sdk": self.sdk.root,
            "sdk_link": self.sdk_link,
            "sysroot": self.sdk.target_sysroot,
            "headers": self.headers,
            "suffix": self.suffix,
        }


def write(spec: CompilerSpec) -> Compilers:
    """Write the compilers of a build, and the SDK's other tools beside them."""
    compilers = Compilers(spec.directory, spec.sdk.triple, spec.sdk.tools.fortran is not None)
    files.link(spec.headers, spec.workspace / "python")
    files.link(spec.sdk.root, spec.sdk_link)
    # A copy: a build that goes on after crossbuild was updated goes on as it began.
    wrapper = spec.directory / _WRAPPER.name
    files.write_bytes(wrapper, _WRAPPER.read_bytes())
    texts = {tool: _sourcing(wrapper, spec.settings(tool)) for tool in spec.commands}
    texts |= {tool: _calling(words) for tool, words in _plain_tools(spec.sdk).items()}
    texts["pkg-config"] = _PKG_CONFIG.format(
        sysroot=shlex.quote(str(spec.sdk.target_sysroot)),
        folders=shlex.quote(":".join(map(str, _pkg_config_dirs(spec)))),
        program=shlex.quote(_pkg_config(spec.sdk)),
    )
    written = {compilers.path(tool): text for tool, text in texts.items()}
    for program, prefix in spec.exec_prefixes.items():
        quoted = {"prefix": shlex.quote(prefix), "program": shlex.quote(program)}
        written[spec.driver(program)] = _DRIVER.format_map(quoted)
    for path, text in written.items():
        files.write_text(path, text, mode=0o755)
    return compilers


def _lines(entries: Iterable[object]) -> str:
    return "\n".join(map(str, entries))


def _sourcing(wrapper: Path, settings: Mapping[str, object]) -> str:
    """A shell script of settings, which goes on in the wrapper."""
    lines = [f"{name}={shlex.quote(str(value))}\n" for name, value in settings.items()]
    return f"#!/bin/sh\n{''.join(lines)}. {shlex.quote(str(wrapper))}\n"


def _calling(words: Sequence[str]) -> str:
    """A shell script that calls a tool."""
    return f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'


def _exec_prefix(program: str, sdk: Sdk, link: Path) -> str:
    """Where GCC's own programs and headers are by the link's name; empty where they are not."""
    root = f"{sdk.root.resolve()}/"
    told = _answer(program, "-print-search-dirs")
    match = re.search(r"^install: (.*/)[^/]+/[^/]+/$", told, re.MULTILINE)
    # GCC puts the path of its plug-in into a spec, where % begins a word of its own.
    if match is None or not match[1].startswith(root) or "%" in str(link):
        return ""
    prefix = match[1].replace(root, f"{link}/", 1)
    own, linked = (
        Path(_answer(program, "-print-prog-name=collect2", **variables))
        for variables in ({}, {"GCC_EXEC_PREFIX": prefix})
    )
    found = own.is_absolute() and linked.is_absolute() and linked.samefile(own)
    return prefix if found else ""


def _answer(driver: str, question: str, **variables: str) -> str:
    return attempt(
        [driver, question], env=clean_environment(**variables), timeout=60
    ).output.strip()


def _plain_tools(sdk: Sdk) -> dict[str, tuple[str, ...]]:
    """The tools that compile nothing, each with its words."""
    names = ("ar", "ranlib", "strip", "nm", "objcopy", "objdump", "readelf")
    return {**{name: (getattr(sdk.tools, name),) for name in names}, "ld": sdk.tools.ld}


def _pkg_config_dirs(spec: CompilerSpec) -> list[Path]:
    folders = [folder / "pkgconfig" for folder in spec.sdk.library_dirs]
    return [*spec.pkg_config_dirs, *folders, spec.sdk.target_sysroot / "usr/share/pkgconfig"]


def _pkg_config(sdk: Sdk) -> str:
    """The SDK's pkg-config, else the build machine's (it only reads text files)."""
    name = "pkg-config"
    own = which(name, {"PATH": sdk.variables.get("PATH", "")})
    return own or which(name, clean_environment()) or os.devnull
