"""What the audit tells of a wheel that it does not refuse, at the end of a run."""

import io
from pathlib import Path

from rich.console import Console

from crossbuild.pipeline import report
from crossbuild.pipeline.run import Made
from crossbuild.pipeline.store import Store
from crossbuild.repair.repaired import Repaired, Told

NOTE = Told("x-1.0-py3-none-any.whl", "note", "dispatch", "x/a.so", "vst1.8 {d0}, [r1]!")


def test_it_is_kept_with_the_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / NOTE.wheel
    wheel.write_bytes(b"")
    store = Store(tmp_path / "store")
    store.put_repaired("key", Repaired(wheel, told=(NOTE,)))
    kept = store.repaired("key")
    assert kept is not None
    assert kept.told == (NOTE,)


def test_each_rule_has_a_row() -> None:
    other = Told(NOTE.wheel, "note", "dispatch", "x/b.so", "2 instructions")
    accepted = Told(NOTE.wheel, "accepted", "needed", "x/b.so", "it needs libx.so")
    made = [
        Made("x", Path(NOTE.wheel), "", 0, reused=True, told=(NOTE, other, accepted)),
        Made("y", Path("y.whl"), "", 0, reused=True, told=(NOTE,)),
    ]
    table = report.told_table(made)
    assert table is not None
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(table)
    rows = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert len([row for row in rows if "x-1.0" in row]) == 2
    assert any("note │ dispatch │ x/a.so and 1 more │ vst1.8 {d0}, [r1]!" in row for row in rows)
    assert report.told_table([Made("x", Path("x.whl"), "", 0, reused=True)]) is None
