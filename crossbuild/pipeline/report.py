"""The tables that people read at the end of a run."""

from collections import defaultdict
from collections.abc import Sequence

from rich.table import Table

from crossbuild.core import files
from crossbuild.pipeline.run import Made


def wheels_table(made: Sequence[Made]) -> Table:
    """Wheel, size, sha256, build time, and whether it was built now."""
    table = Table(title="Wheelhouse")
    for name in ("wheel", "size", "sha256", "build time", "state"):
        table.add_column(name, overflow="fold")
    for wheel in made:
        table.add_row(
            wheel.wheel.name,
            files.size_text(wheel.wheel.stat().st_size),
            wheel.sha256[:16] + "…",
            f"{wheel.seconds:.0f} s",
            "up to date" if wheel.reused else "built",
        )
    return table


def left_out_table(made: Sequence[Made]) -> Table | None:
    """What slim wheels do not have, by wheel and kind; None where nothing was left out."""
    table = Table(title="Left out by --slim")
    for name in ("wheel", "what", "files", "size"):
        table.add_column(name, overflow="fold")
    for wheel in made:
        sizes: dict[str, list[int]] = defaultdict(list)
        for file in wheel.left_out:
            sizes[file.kind].append(file.size)
        for kind, of_kind in sorted(sizes.items()):
            size = files.size_text(sum(of_kind))
            table.add_row(wheel.wheel.name, kind, str(len(of_kind)), size)
    return table if table.row_count else None
