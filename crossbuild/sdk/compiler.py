"""What the SDK's compiler says of itself, of the board's ABI and of where libraries lie."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from crossbuild.core.command import Completed, run, try_run
from crossbuild.core.errors import CommandError, SdkError, ToolMissingError
from crossbuild.sdk.environment_script import BARE
from crossbuild.sdk.model import Tools

#: GCC's warning that -mcpu says another architecture than -march; old releases write no quotes.
CONFLICT = re.compile(r"switch \W?-mcpu=([\w.+-]+?)\W? conflicts with ")


#: Words of CC that only the C family understands; gfortran warns or fails on them.
_C_ONLY = re.compile(r"-W(?!l,|a,)\S*|-D\S*|-U\S*|-fstack-clash-protection")


def fortran_words(cc: Iterable[str]) -> tuple[str, ...]:
    """Those of the C compiler's words that gfortran takes as well."""
    return tuple(word for word in cc if not _C_ONLY.fullmatch(word))


def without_conflict(tools: Tools, script: Path) -> Tools:
    """The tools without the warning that GCC gives at each call where CC has both words.

    thud's and zeus's scripts say ``-march=armv7-a`` beside ``-mcpu=cortex-a9``.  GCC then takes
    the code from the former and the tuning from the latter; ``-mtune`` says so.  A warning would
    fail each check with -Werror: numpy.distutils finds no NEON by them.
    """
    said = _answer(tools, [*tools.cc, "-E", "-x", "c", "-"], script, stdin="", check=False)
    conflict = CONFLICT.search(said.output)
    if conflict is None:
        return tools
    replacements = {f"-mcpu={conflict[1]}": f"-mtune={conflict[1]}"}

    def agreed(command: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(replacements.get(word, word) for word in command)

    fortran = agreed(tools.fortran) if tools.fortran else None
    return replace(tools, cc=agreed(tools.cc), cxx=agreed(tools.cxx), fortran=fortran)


@dataclass(frozen=True)
class Answers:
    """What the compiler says of itself and of what it compiles for."""

    triple: str
    multiarch: str
    gcc_version: str
    glibc_version: str
    identity: str


def ask(tools: Tools, script: Path) -> Answers:
    """Ask the C compiler what it is and what it compiles for.

    :param script: the SDK's environment script, for messages
    :raises SdkError: it does not start, or compiles for another machine, float ABI or C library
    """
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
    return Answers(
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
        call = run if check else try_run
        return call(argv, env={**BARE, "PATH": path}, stdin=stdin, timeout=60)
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
    flags = " ".join(cc[1:])
    if not triple.startswith("arm") or "__arm__" not in macros:
        raise SdkError(
            f"the SDK is for {triple.partition('-')[0]}, not for 32-bit Arm",
            evidence=f"{cc[0]} -dumpmachine says {triple}",
            cure="use the SDK of an armv7 hard-float machine, such as MACHINE=imx6qdlsabresd",
        )
    if "__ARM_PCS_VFP" not in macros:
        raise SdkError(
            "the SDK is for soft float, not hard float",
            evidence=f"CC's words are: {flags}; the compiler does not define __ARM_PCS_VFP",
            cure='build the SDK with a hard-float tune, e.g. DEFAULTTUNE = "cortexa9hf-neon" '
            "in local.conf",
        )
    if int(macros.get("__ARM_ARCH", "0")) < 7:
        raise SdkError(
            f"the SDK compiles for ARMv{macros.get('__ARM_ARCH')}, not ARMv7",
            evidence=f"CC's words are: {flags}",
            cure='build the SDK with an ARMv7 tune, e.g. DEFAULTTUNE = "cortexa9hf-neon" '
            "in local.conf",
        )


def library_dirs(tools: Tools, sysroot: Path) -> tuple[Path, ...]:
    """The sysroot's library directories, as the linker searches them."""
    path = os.pathsep.join((str(Path(tools.cc[0]).parent), BARE["PATH"]))
    output = run([*tools.cc, "-print-search-dirs"], env={**BARE, "PATH": path}).output
    match = re.search(r"^libraries: =?(.*)$", output, re.MULTILINE)
    listed = [Path(os.path.normpath(text)) for text in (match[1] if match else "").split(":")]
    inside = [folder for folder in listed if folder.is_relative_to(sysroot) and folder.is_dir()]
    flat = [sysroot / "usr/lib", sysroot / "lib"]
    unique = dict.fromkeys([*inside, *(folder for folder in flat if folder.is_dir())])
    return tuple(unique)


def include_dirs(sysroot: Path, multiarch: str) -> tuple[Path, ...]:
    """The sysroot's folders of headers; Debian has a second one for each machine."""
    folders = [sysroot / "usr/include"]
    if multiarch:
        folders.append(sysroot / "usr/include" / multiarch)
    return tuple(folder for folder in folders if folder.is_dir())
