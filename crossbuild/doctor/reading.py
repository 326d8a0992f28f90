"""Why an SDK cannot be read: the error that reading it raised, and a look behind it."""

import re
import shlex
from pathlib import Path

from crossbuild.core.command import which
from crossbuild.core.errors import CrossbuildError
from crossbuild.doctor.catalogue import Catalogue, raised_as
from crossbuild.doctor.model import Finding
from crossbuild.elf import file as elf
from crossbuild.elf.file import ElfError
from crossbuild.python.target import TargetRequest
from crossbuild.sdk import environment_script

#: GCC's and its linker's words for a word that they do not know.
_REFUSED = re.compile(
    r"(?:unrecognized|unknown|unsupported|bad value|missing argument).*?[‘'\"]([^’'\"]+)[’'\"]"
)


def explain(request: TargetRequest, error: Exception, catalogue: Catalogue) -> Finding:
    """The finding behind an error of :meth:`TargetRequest.read_sdk`."""
    if isinstance(error, OSError):
        return catalogue.finding(
            "file-unreadable", evidence=str(error), fields={"root": request.root}
        )
    if not isinstance(error, CrossbuildError):
        return catalogue.finding("sdk-unreadable", evidence=f"{type(error).__name__}: {error}")
    name = raised_as(error)
    if name == "toolchain-does-not-start":
        return _not_starting(request, error, catalogue)
    if name is None:
        return catalogue.finding("sdk-unreadable", evidence=f"{error.what}: {error.evidence}")
    return catalogue.of_error(name, error)


def _not_starting(request: TargetRequest, error: CrossbuildError, catalogue: Catalogue) -> Finding:
    """A compiler that fails at its words, or for want of its loader, or otherwise."""
    script = environment_script.choose(request.root.expanduser().absolute(), request.environment)
    variables = environment_script.source(script)
    refused = _REFUSED.findall(error.evidence)
    if refused:
        return catalogue.finding(
            "compiler-words-unknown",
            evidence=f"CC={variables.get('CC', '')}\n{error.evidence}",
            fields={"words": " ".join(dict.fromkeys(refused)), "script": script},
        )
    compiler = which((shlex.split(variables.get("CC", "")) or ["cc"])[0], variables)
    loader = _missing_loader(Path(compiler)) if compiler else None
    if loader is not None:
        return catalogue.finding(
            "sdk-moved",
            evidence=f"{compiler} asks for the loader {loader}, which does not exist",
            fields={"root": request.root},
        )
    return catalogue.of_error("toolchain-does-not-start", error)


def _missing_loader(program: Path) -> str | None:
    """The program's ELF interpreter, where that is a file that does not exist."""
    try:
        file = elf.read(program)
        section = file.section(".interp")
        loader = file.content(section).rstrip(b"\0").decode(errors="replace") if section else ""
    except ElfError:
        return None
    return loader if loader and not Path(loader).exists() else None
