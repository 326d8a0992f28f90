"""One-word compilers: each an executable that runs the SDK's tool with its words.

Yocto's CC is a compound (``gcc -march=… --sysroot=…``).  distutils, numpy.distutils
and Meson each stumble over that in their own way, and a call that loses the words
makes soft-float code or the build machine's.  So everything above sees plain
programs: ``bin/<triple>-gcc``, ``-g++``, ``-gfortran``, ``-ar`` … and ``pkg-config``.

The wrappers are also the guard at the border: an include or library path of the build
machine is an error at the very compile that leaks.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from crossbuild.core import files
from crossbuild.core.command import clean_environment, which
from crossbuild.sdk.model import Sdk

#: Exit status of a wrapper that refused a path; tells a leak from a compiler's error.
LEAK_STATUS = 97

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Compilers:
    """The folder of wrappers and the name of each tool in it."""

    directory: Path
    triple: str
    has_fortran: bool

    def path(self, tool: str) -> Path:
        """The wrapper of ``gcc``, ``g++``, ``gfortran``, ``ar``, ``pkg-config`` …"""
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


def create(
    sdk: Sdk,
    directory: Path,
    border: Border,
    *,
    suffix: str,
    headers: Path,
    prefix_map: Mapping[Path, str],
    log: Path,
    pkg_config_dirs: Sequence[Path] = (),
    fortran_flags: Sequence[str] = (),
    launcher: Sequence[str] = (),
    fortran_launcher: Sequence[str] = (),
) -> Compilers:
    """Write the wrappers of an SDK's tools.

    :param directory: where they are written, in the folder that a package is built in
    :param suffix: of the target Python's modules, as in ``.cpython-311-arm-linux-gnueabihf.so``
    :param headers: folder of the target Python's headers; a link to it, whose path tells no
        Python, takes the place of it and of the sysroot's, where Debian has a second one for
        each machine: so ccache finds for one Python what was compiled for another
    :param prefix_map: folders of the build machine and what stands for them in object
        files (``-ffile-prefix-map``, GCC 8 and later)
    :param log: file to which compilers append a line for each call
    :param pkg_config_dirs: folders of .pc files of our own, before the sysroot's
    :param fortran_flags: words for gfortran beyond those of CC
    :param launcher: words in front of a compiler, such as ``ccache``
    :param fortran_launcher: the same for gfortran
    """
    mapped = _prefix_map_words(sdk, prefix_map)
    tools = sdk.tools
    compilers = {"gcc": (*tools.cc, *mapped), "cc": (*tools.cc, *mapped)}
    compilers |= {"g++": (*tools.cxx, *mapped), "cpp": (*tools.cc, "-E")}
    if tools.fortran:
        compilers["gfortran"] = (*tools.fortran, *mapped, *fortran_flags)
    plain: dict[str, tuple[str, ...]] = {
        name: (getattr(tools, name),)
        for name in ("ar", "ranlib", "strip", "nm", "objcopy", "objdump", "readelf")
    }
    plain["ld"] = tools.ld
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - shell scripts, not HTML
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    environment.filters["sh"] = _quote
    link = directory.parent / "python"
    files.link(headers, link)
    wrappers = Compilers(directory, sdk.triple, tools.fortran is not None)
    compiler = environment.get_template("compiler-wrapper.sh.j2")
    for tool, words in compilers.items():
        text = compiler.render(
            words=[*(fortran_launcher if tool == "gfortran" else launcher), *words],
            border=border,
            folder=directory.parent,
            suffix=suffix,
            headers=headers,
            sysroot=sdk.target_sysroot,
            link=link,
            leak_status=LEAK_STATUS,
            tool=tool,
            log=log,
        )
        files.write_text(wrappers.path(tool), text, mode=0o755)
    exec_tool = environment.get_template("tool-wrapper.sh.j2")
    for tool, words in plain.items():
        files.write_text(wrappers.path(tool), exec_tool.render(words=words), mode=0o755)
    pkg_config = environment.get_template("pkg-config-wrapper.sh.j2").render(
        program=_pkg_config(sdk),
        sysroot=sdk.target_sysroot,
        folders=[*pkg_config_dirs, *_sysroot_pkg_config_dirs(sdk)],
    )
    files.write_text(wrappers.path("pkg-config"), pkg_config, mode=0o755)
    return wrappers


def _quote(value: object) -> str:
    """A word for the shell.  Paths with spaces are refused much earlier."""
    text = str(value)
    return "'" + text.replace("'", "'\\''") + "'"


def _prefix_map_words(sdk: Sdk, prefix_map: Mapping[Path, str]) -> tuple[str, ...]:
    old = int(sdk.gcc_version.partition(".")[0] or 0) < 8
    option = "-fdebug-prefix-map" if old else "-ffile-prefix-map"
    return tuple(f"{option}={folder}={name}" for folder, name in prefix_map.items())


def _sysroot_pkg_config_dirs(sdk: Sdk) -> list[Path]:
    folders = [folder / "pkgconfig" for folder in sdk.library_dirs]
    return [*folders, sdk.target_sysroot / "usr/share/pkgconfig"]


def _pkg_config(sdk: Sdk) -> str:
    """The SDK's pkg-config, else the build machine's (it only reads text files)."""
    name = "pkg-config"
    own = which(name, {"PATH": sdk.variables.get("PATH", "")})
    return own or which(name, clean_environment()) or os.devnull
