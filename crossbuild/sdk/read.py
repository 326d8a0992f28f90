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
from dataclasses import dataclass, replace
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import Completed, run, which
from crossbuild.core.errors import CommandError, SdkError, ToolMissingError
from crossbuild.core.tree_digest import TreeDigest
from crossbuild.sdk import environment_script
from crossbuild.sdk.environment_script import BARE

#: Words of CC that only the C family understands; gfortran warns or fails on them.
_C_ONLY = re.compile(r"-W(?!l,|a,)\S*|-D\S*|-U\S*|-fstack-clash-protection")


#: GCC's warning that -mcpu says another architecture than -march; old releases write no quotes.
CONFLICT = re.compile(r"switch \W?-mcpu=([\w.+-]+?)\W? conflicts with ")


@dataclass(frozen=True)
class Tools:
    """The toolchain's programs: each an argument list that starts with a full path.

    ``fortran`` is None where the SDK has no gfortran.
    """

    cc: tuple[str, ...]
    cxx: tuple[str, ...]
    fortran: tuple[str, ...] | None
    ar: str
    ranlib: str
    strip: str
    nm: str
    objcopy: str
    objdump: str
    readelf: str
    ld: tuple[str, ...]


@dataclass(frozen=True)
class Sdk:
    """An SDK that was read and whose compiler answered.

    ``variables`` are those that the environment script sets or changes;
    ``library_dirs`` and ``include_dirs`` lie inside the target sysroot;
    ``content_id`` changes when, and only when, what a wheel is made of changes.
    """

    root: Path
    script: Path
    name: str
    variables: Mapping[str, str]
    native_sysroot: Path
    target_sysroot: Path
    tools: Tools
    triple: str
    gcc_version: str
    glibc_version: str
    library_dirs: tuple[Path, ...]
    include_dirs: tuple[Path, ...]
    content_id: str

    def find_library(self, file_name: str) -> Path | None:
        """The file of that name in the sysroot's library directories, or None."""
        candidates = (folder / file_name for folder in self.library_dirs)
        return next((path for path in candidates if path.exists()), None)


def read(root: Path, *, environment: str | None = None, cache: Path | None = None) -> Sdk:
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
    tools = _without_conflict(_tools(variables, script, target_sysroot), script)
    answers = _ask(tools, script)
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
        library_dirs=_library_dirs(tools, target_sysroot),
        include_dirs=_include_dirs(target_sysroot, answers.multiarch),
        content_id=_content_id(root, variables, tools, target_sysroot, answers, cache),
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
    words = shlex.split(variables.get(name, ""))
    if words and Path(words[0]).name in {"ccache", "distcc", "icecc"}:
        words = words[1:]
    if not words and beside is not None:
        words = [re.sub(r"g?cc$", name.lower(), beside)]
    if not words:
        raise SdkError(
            f"the SDK does not say what its {name} is",
            evidence=f"{script} sets no {name}",
            cure="use the script of an SDK made by bitbake -c populate_sdk",
        )
    program = which(words[0], variables) or (
        which(str(Path(beside).parent / words[0]), variables) if beside else None
    )
    if program is None:
        raise SdkError(
            f"the SDK's {name} is missing",
            evidence=f"{script} names {words[0]!r}, which is not on its PATH",
            cure="the SDK was moved or copied in part: run its installer again",
        )
    return (program, *words[1:])


def _fortran(cc: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...] | None:
    """Gfortran with the words of CC; Yocto's script never exports one.

    Only one beside the SDK's own gcc, or elsewhere in its native sysroot, counts: a gfortran of
    the build machine on PATH would make x86 code, or Arm code of another ABI.
    """
    compiler = Path(cc[0])
    name = re.sub(r"gcc(-[\d.]+)?$", r"gfortran\1", compiler.name)
    native = variables["OECORE_NATIVE_SYSROOT"]
    path = variables.get("PATH", "").split(os.pathsep)
    folders = [str(compiler.parent), *(one for one in path if Path(one).is_relative_to(native))]
    program = which(name, {"PATH": os.pathsep.join(folders)})
    if program is None or name == compiler.name:
        return None
    return (program, *(word for word in cc[1:] if not _C_ONLY.fullmatch(word)))


def _without_conflict(tools: Tools, script: Path) -> Tools:
    """The tools without the warning that GCC gives at each call where CC has both words.

    thud's and zeus's scripts say ``-march=armv7-a`` beside ``-mcpu=cortex-a9``.  GCC then takes
    the code from the former and the tuning from the latter; ``-mtune`` says so.  A warning would
    fail each check with -Werror: numpy.distutils finds no NEON by them.
    """
    said = _answer(tools, [*tools.cc, "-E", "-x", "c", "-"], script, stdin="", check=False)
    conflict = CONFLICT.search(said.output)
    if conflict is None:
        return tools
    words = {f"-mcpu={conflict[1]}": f"-mtune={conflict[1]}"}

    def agreed(command: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(words.get(word, word) for word in command)

    fortran = agreed(tools.fortran) if tools.fortran else None
    return replace(tools, cc=agreed(tools.cc), cxx=agreed(tools.cxx), fortran=fortran)


@dataclass(frozen=True)
class _Answers:
    """What the compiler says of itself and of what it compiles for."""

    triple: str
    multiarch: str
    gcc_version: str
    glibc_version: str
    identity: str


def _ask(tools: Tools, script: Path) -> _Answers:
    cc = tools.cc
    triple = _answer(tools, [cc[0], "-dumpmachine"], script).output.strip()
    # GCC before 7 knows but the second, which says less from 7 on.
    asked = [cc[0], "-dumpfullversion", "-dumpversion"]
    version = _answer(tools, asked, script).output.strip()
    dump = [*cc, "-dM", "-E", "-x", "c", "-"]
    _demand_armv7hf(triple, _macros(_answer(tools, dump, script, stdin="")), cc)
    done = _answer(tools, dump, script, stdin="#include <features.h>\n", check=False)
    macros = _macros(done)
    if done.status != 0:
        raise SdkError(
            "the SDK's compiler does not find the C library's headers",
            evidence=done.output.strip()[-600:],
            cure="the target sysroot lacks glibc's development files; populate_sdk puts them "
            "there unless SDK_EXCLUDE or a partial copy left them out",
        )
    if "__GLIBC__" not in macros:
        raise SdkError(
            "the SDK's C library is not glibc",
            evidence=f"its <features.h> does not define __GLIBC__; the triple is {triple}",
            cure='build the SDK, and the board\'s image, with TCLIBC = "glibc" in local.conf',
        )
    return _Answers(
        triple=triple,
        multiarch=_answer(tools, [cc[0], "-print-multiarch"], script).output.strip(),
        gcc_version=version,
        glibc_version=f"{macros['__GLIBC__']}.{macros.get('__GLIBC_MINOR__', '')}",
        identity=_answer(tools, [*cc, "--version"], script).output,
    )


def _answer(
    tools: Tools, argv: list[str], script: Path, *, stdin: str | None = None, check: bool = True
) -> Completed:
    """Run the compiler with the SDK's own PATH only."""
    path = os.pathsep.join((str(Path(tools.cc[0]).parent), BARE["PATH"]))
    try:
        return run(argv, env={**BARE, "PATH": path}, stdin=stdin, check=check, timeout=60)
    except (CommandError, ToolMissingError) as error:
        raise SdkError(
            "the SDK's compiler does not start",
            evidence=f"{argv[0]}: {getattr(error, 'evidence', '') or error}",
            cure=f"check that {script.parent} was installed by its own installer on this kind "
            "of machine (an SDK that was moved must be relocated, and an SDK made for another "
            "build machine does not run here)",
        ) from error


def _macros(dump: Completed) -> dict[str, str]:
    return dict(re.findall(r"^#define (\w+) (.*)$", dump.output, re.MULTILINE))


def _demand_armv7hf(triple: str, macros: Mapping[str, str], cc: tuple[str, ...]) -> None:
    words = " ".join(cc[1:])
    if not triple.startswith("arm") or "__arm__" not in macros:
        raise SdkError(
            f"the SDK is for {triple.partition('-')[0]}, not for 32-bit Arm",
            evidence=f"{cc[0]} -dumpmachine says {triple}",
            cure="use the SDK of an armv7 hard-float machine, such as MACHINE=imx6qdlsabresd",
        )
    if "__ARM_PCS_VFP" not in macros:
        raise SdkError(
            "the SDK is for soft float, not hard float",
            evidence=f"CC's words are: {words}; the compiler does not define __ARM_PCS_VFP",
            cure='build the SDK with a hard-float tune, e.g. DEFAULTTUNE = "cortexa9hf-neon" '
            "in local.conf",
        )
    if int(macros.get("__ARM_ARCH", "0")) < 7:
        raise SdkError(
            f"the SDK compiles for ARMv{macros.get('__ARM_ARCH')}, not ARMv7",
            evidence=f"CC's words are: {words}",
            cure='build the SDK with an ARMv7 tune, e.g. DEFAULTTUNE = "cortexa9hf-neon" '
            "in local.conf",
        )


def _library_dirs(tools: Tools, sysroot: Path) -> tuple[Path, ...]:
    """The sysroot's library directories, as the linker searches them."""
    path = os.pathsep.join((str(Path(tools.cc[0]).parent), BARE["PATH"]))
    output = run([*tools.cc, "-print-search-dirs"], env={**BARE, "PATH": path}).output
    match = re.search(r"^libraries: =?(.*)$", output, re.MULTILINE)
    listed = [Path(os.path.normpath(text)) for text in (match[1] if match else "").split(":")]
    inside = [folder for folder in listed if folder.is_relative_to(sysroot) and folder.is_dir()]
    flat = [sysroot / "usr/lib", sysroot / "lib"]
    unique = dict.fromkeys([*inside, *(folder for folder in flat if folder.is_dir())])
    return tuple(unique)


def _include_dirs(sysroot: Path, multiarch: str) -> tuple[Path, ...]:
    folders = [sysroot / "usr/include"]
    if multiarch:
        folders.append(sysroot / "usr/include" / multiarch)
    return tuple(folder for folder in folders if folder.is_dir())


def _content_id(
    root: Path,
    variables: Mapping[str, str],
    tools: Tools,
    sysroot: Path,
    answers: _Answers,
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
    words = {name: text.replace(str(root), "") for name, text in texts.items()}
    digest = TreeDigest(
        cache / f"sysroot-{files.content_key(str(sysroot))}.json" if cache else None
    )
    linked = digest.of(sysroot, [Path("usr/include"), Path("usr/lib"), Path("lib")])
    return files.content_key(words, answers.identity.replace(str(root), ""), linked)
