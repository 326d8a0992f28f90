"""The tables that people read at the end of a run."""

from collections import defaultdict
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from crossbuild.core import files
from crossbuild.pipeline.run import Made
from crossbuild.progress.console import spell
from crossbuild.repair.repaired import Told


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
            spell(wheel.seconds),
            _state(wheel),
        )
    return table


def _state(wheel: Made) -> str:
    if not wheel.origin:
        return "up to date" if wheel.reused else "built"
    return f"pure, {wheel.origin}" if wheel.wheel.name.endswith("-any.whl") else wheel.origin


def left_out_table(made: Sequence[Made]) -> Table | None:
    """What wheels do not have, by wheel and kind; None where nothing was left out."""
    table = Table(title="Left out")
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


def told_table(made: Sequence[Made]) -> Table | None:
    """What the audit tells of wheels that it does not refuse, by rule; None where nothing."""
    table = Table(title="Told by the audit")
    for name in ("wheel", "verdict", "rule", "file", "fact"):
        table.add_column(name, overflow="fold")
    groups: dict[tuple[str, str, str], list[Told]] = defaultdict(list)
    # A wheel that came along with several is told of once.
    for one in dict.fromkeys(one for wheel in made for one in wheel.told):
        groups[one.wheel, one.verdict, one.rule].append(one)
    for (wheel, verdict, rule), group in groups.items():
        more = f" and {len(group) - 1} more" if len(group) > 1 else ""
        words = (wheel, verdict, rule, f"{group[0].file}{more}", group[0].fact)
        table.add_row(*map(Text, words))
    return table if table.row_count else None
