"""Reading an SDK: what its environment script exports and what its compiler says.

Everything is an SDK: a folder with ``environment-setup-*`` and ``sysroots/``, as
Yocto installs it (meta/classes/toolchain-scripts.bbclass of oe-core).  Nothing here
is learnt from the build machine: the script runs in an empty environment, and
machine, float ABI, sysroot and C library are asked from the SDK's own compiler.
"""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import which
from crossbuild.core.digests import TreeDigest
from crossbuild.core.errors import SdkError
from crossbuild.sdk import compiler, config_programs, environment_script, named_folders
from crossbuild.sdk.model import Sdk, Tools
from crossbuild.sdk.named_folders import NamedFolders


def read_sdk(root: Path, *, environment: str | None = None, cache: Path | None = None) -> Sdk:
    """Read the SDK at *root*, its folder or its environment script.

    :param environment: which environment script, where there are several (its name
        with or without ``environment-setup-``)
    :param cache: folder for the digests of files already read; none is kept where None
    :raises SdkError: no SDK, an SDK for another machine or float ABI, a toolchain
        that does not start
    """
    script = environment_script.choose(root.expanduser().absolute(), environment)
    variables = environment_script.source(script)
    target_sysroot = _folder(variables, "SDKTARGETSYSROOT", "OECORE_TARGET_SYSROOT", script=script)
    native_sysroot = _folder(variables, "OECORE_NATIVE_SYSROOT", script=script)
    root = _as_named(script.parent, target_sysroot)
    tools = compiler.without_conflict(_tools(variables, script, target_sysroot), script)
    answers = compiler.ask(tools, script)
    named = named_folders.read(variables, target_sysroot)
    return Sdk(
        root=root,
        script=script,
        name=script.name.removeprefix(environment_script.SCRIPT_PREFIX),
        variables=variables,
        native_sysroot=native_sysroot,
        target_sysroot=target_sysroot,
        tools=tools,
        triple=answers.triple,
        gcc_version=answers.gcc_version,
        glibc_version=answers.glibc_version,
        library_dirs=(*compiler.library_dirs(tools, target_sysroot), *named.library),
        include_dirs=(*compiler.include_dirs(target_sysroot, answers.multiarch), *named.include),
        content_id=_content_id(
            root, variables, tools, _Linked(target_sysroot, named), answers, cache
        ),
        named=named,
    )


def _folder(variables: Mapping[str, str], *names: str, script: Path) -> Path:
    for name in names:
        if value := variables.get(name):
            path = Path(value)
            if path.is_dir():
                return path
            raise SdkError(
                f"the SDK's {name} does not exist",
                evidence=f"{script} sets {name}={value}",
                cure="the SDK was moved or copied in part: run its installer again, or its "
                "relocate_sdk script",
            )
    raise SdkError(
        f"{script} does not look like a Yocto environment script",
        evidence=f"it does not set {' or '.join(names)}",
        cure="use the script of an SDK made by bitbake -c populate_sdk",
    )


def _as_named(root: Path, sysroot: Path) -> Path:
    """The SDK's folder by the name that its script gives it, not by the user's link to it.

    Compilers write that name into what they make.
    """
    return next((folder for folder in sysroot.parents if folder.samefile(root)), root)


def _tools(variables: Mapping[str, str], script: Path, sysroot: Path) -> Tools:
    cc = _command(variables, "CC", script)
    if not any(word.startswith("--sysroot") for word in cc):
        cc = (*cc, f"--sysroot={sysroot}")
    cxx = (
        _command(variables, "CXX", script)
        if variables.get("CXX")
        else (re.sub(r"gcc$", "g++", cc[0]), *cc[1:])
    )
    if not any(word.startswith("--sysroot") for word in cxx):
        cxx = (*cxx, f"--sysroot={sysroot}")
    plain = {
        name: _command(variables, name.upper(), script, beside=cc[0])[0]
        for name in ("ar", "ranlib", "strip", "nm", "objcopy", "objdump", "readelf")
    }
    return Tools(
        cc=cc,
        cxx=cxx,
        fortran=_fortran(cc, variables),
        ld=_command(variables, "LD", script, beside=cc[0]),
        **plain,
    )


def _command(
    variables: Mapping[str, str], name: str, script: Path, *, beside: str | None = None
) -> tuple[str, ...]:
    """A tool's argument list with its program found on the SDK's own PATH.

    :param beside: the C compiler; a tool that the script does not name (READELF
        before dunfell) is the one with the same prefix beside it
    """
    command = shlex.split(variables.get(name, ""))
    if command and Path(command[0]).name in {"ccache", "distcc", "icecc"}:
        command = command[1:]
    if not command and beside is not None:
        command = [re.sub(r"g?cc$", name.lower(), beside)]
    if not command:
        raise SdkError(
            f"the SDK does not say what its {name} is",
            evidence=f"{script} sets no {name}",
            cure="use the script of an SDK made by bitbake -c populate_sdk",
        )
    program = which(command[0], variables) or (
        which(str(Path(beside).parent / command[0]), variables) if beside else None
    )
    if program is None:
        raise SdkError(
            f"the SDK's {name} is missing",
            evidence=f"{script} names {command[0]!r}, which is not on its PATH",
            cure="the SDK was moved or copied in part: run its installer again",
        )
    return (program, *command[1:])


def _fortran(cc: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...] | None:
    """Gfortran with the words of CC; Yocto's script never exports one.

    Only one beside the SDK's own gcc, or elsewhere in its native sysroot, counts: a gfortran of
    the build machine on PATH would make x86 code, or Arm code of another ABI.
    """
    gcc = Path(cc[0])
    name = re.sub(r"gcc(-[\d.]+)?$", r"gfortran\1", gcc.name)
    native = variables["OECORE_NATIVE_SYSROOT"]
    path = variables.get("PATH", "").split(os.pathsep)
    folders = [
        str(gcc.parent),
        *(entry for entry in path if Path(entry).is_relative_to(native)),
    ]
    program = which(name, {"PATH": os.pathsep.join(folders)})
    if program is None or name == gcc.name:
        return None
    return (program, *compiler.fortran_words(cc[1:]))


@dataclass(frozen=True)
class _Linked:
    """What of a sysroot wheels are made of."""

    sysroot: Path
    named: NamedFolders

    @property
    def folders(self) -> list[Path]:
        named = (*self.named.include, *self.named.library)
        usual = [Path(name) for name in ("usr/include", "usr/lib", "lib", "usr/local", "opt")]
        return [*usual, *(folder.relative_to(self.sysroot) for folder in named)]


def _content_id(
    root: Path,
    variables: Mapping[str, str],
    tools: Tools,
    linked: "_Linked",
    answers: compiler.Answers,
    cache: Path | None,
) -> str:
    """A key of the toolchain's words and version and of what can be linked.

    The SDK's own place is left out of it: a moved SDK is the same SDK.
    """
    compilers = {"cc": tools.cc, "cxx": tools.cxx, "fortran": tools.fortran or ()}
    texts = {name: " ".join(words) for name, words in compilers.items()}
    texts |= {
        name: variables.get(name, "") for name in ("CPPFLAGS", "CFLAGS", "CXXFLAGS", "LDFLAGS")
    }
    programs = config_programs.of_sysroot(linked.sysroot)
    texts |= {name: os.fsdecode(script) for name, script in programs.items()}
    words = {name: text.replace(str(root), "") for name, text in texts.items()}
    digest = TreeDigest(
        cache / f"sysroot-{files.content_key(str(linked.sysroot))}.json" if cache else None
    )
    content = digest.of(linked.sysroot, linked.folders)
    return files.content_key(words, answers.identity.replace(str(root), ""), content)
