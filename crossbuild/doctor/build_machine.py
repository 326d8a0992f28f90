"""The build machine without an SDK: what it has and what it lacks of what crossbuild uses."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from crossbuild.core import system_packages
from crossbuild.core.command import clean_environment, which
from crossbuild.core.errors import ToolMissingError
from crossbuild.core.system_packages import Need

#: Version of the JSON form (docs/doctor.md); it grows when a reader would have to change.
FORMAT = 1


@dataclass(frozen=True)
class BuildMachine:
    """What of the needs is there.

    :ivar found: each need, and which program or file meets it; empty where none does
    """

    found: tuple[tuple[Need, str], ...]

    @property
    def install(self) -> str:
        """The line that installs what is missing; empty where nothing is that most people need."""
        missing = [need for need, path in self.found if not path and not need.extra]
        return system_packages.command(name for need in missing for name in need.any)

    @property
    def exit_code(self) -> int:
        """That of a missing program where one is missing without which nothing is built."""
        lacking = any(need.required and not path for need, path in self.found)
        return ToolMissingError.exit_code if lacking else 0

    def table(self) -> Table:
        """For people: a row for each need."""
        table = Table()
        for name in ("program", "used for", "there"):
            table.add_column(name, overflow="fold")
        for need, path in self.found:
            table.add_row(" or ".join(need.any), need.purpose, "yes" if path else "missing")
        return table

    def verdict(self) -> str:
        """For people: the last line."""
        if self.install:
            sudo = "" if os.geteuid() == 0 else "sudo "
            return f"next: {sudo}{self.install}"
        return "this machine has all that builds need\nnext: crossbuild doctor --sdk DIR"

    def as_json(self) -> dict[str, Any]:
        """For machines (docs/install.md)."""
        programs = [
            {
                "any": list(need.any),
                "purpose": need.purpose,
                "required": need.required,
                "found": path or None,
            }
            for need, path in self.found
        ]
        return {"version": FORMAT, "programs": programs, "install": self.install}


def examine() -> BuildMachine:
    """Look for everything that crossbuild uses of this machine."""
    return BuildMachine(tuple((need, _found(need)) for need in system_packages.needs()))


def _found(need: Need) -> str:
    paths = (_path(name) for name in need.any)
    return next((path for path in paths if path), "")


def _path(name: str) -> str:
    if name.startswith("/"):
        return name if Path(name).exists() else ""
    return which(name, clean_environment()) or ""
