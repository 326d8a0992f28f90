"""Modules without what neither the board's loader nor the audit reads."""

from collections.abc import Sequence
from pathlib import Path

from crossbuild.audit.policy import policy
from crossbuild.core.command import run
from crossbuild.elf import file as elf
from crossbuild.isa import scan
from crossbuild.sdk.model import Sdk


def strip(modules: Sequence[Path], sdk: Sdk, log: Path) -> None:
    """Strip modules where they lie.

    In Arm state names alone tell the audit what is chosen at run time, so these names stay.
    """
    plain = []
    for module in modules:
        if names := _telling(module):
            run([*_words(sdk, names), module], log=log)
        else:
            plain.append(module)
    if plain:
        run([*_words(sdk), *plain], log=log)


def stripped(module: Path, output: Path, sdk: Sdk, log: Path) -> None:
    """Write to *output* what :func:`strip` makes of a module."""
    run([*_words(sdk, _telling(module)), "-o", output, module], log=log)


def _telling(module: Path) -> frozenset[str]:
    return scan.telling_names(elf.read(module), policy().dispatch_symbols)


def _words(sdk: Sdk, names: frozenset[str] = frozenset()) -> list[str | Path]:
    kept = (f"--keep-symbol={name}" for name in sorted(names))
    return [sdk.tools.strip, "--strip-unneeded", *kept]
