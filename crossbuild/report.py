"""The tables that people read at the end of a run."""

from collections.abc import Sequence

from rich.table import Table

from crossbuild import files
from crossbuild.pipeline import Made


def wheels_table(made: Sequence[Made]) -> Table:
    """Wheel, size, sha256, build time, and whether it was built now."""
    table = Table(title="Wheelhouse")
    for name in ("wheel", "size", "sha256", "build time", "state"):
        table.add_column(name, overflow="fold")
    for one in made:
        table.add_row(
            one.wheel.name,
            files.size_text(one.wheel.stat().st_size),
            one.sha256[:16] + "…",
            f"{one.seconds:.0f} s",
            "up to date" if one.reused else "built",
        )
    return table
