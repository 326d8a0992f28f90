"""Where benchmarks leave what they measured: a JSON file and a Markdown table of the same."""

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crossbuild.core import files

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, str]:
    """What a reader must know of the machine, and how busy it was."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model[1] if model else platform.processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def write(
    name: str, rows: Sequence[Mapping[str, object]], *, title: str = "", notes: Sequence[str] = ()
) -> str:
    """Write ``results/NAME.json`` and ``results/NAME.md``, and return the latter's text.

    :param rows: one table; all have the first one's keys
    :param notes: what else a reader must know, such as the versions that were compared
    """
    facts = machine()
    document = {"version": 1, "machine": facts, "notes": [*notes], "rows": [*rows]}
    files.write_text(RESULTS / f"{name}.json", json.dumps(document, indent=2) + "\n")
    lines = [
        f"# {title or name}",
        "",
        "; ".join(f"{key}: {value}" for key, value in facts.items()),
        "",
        *(f"- {note}" for note in notes),
        *([""] if notes else []),
        _line(rows[0]),
        _line(["---", *["---:"] * (len(rows[0]) - 1)]),
        *(_line(row.values()) for row in rows),
    ]
    text = "\n".join(lines) + "\n"
    files.write_text(RESULTS / f"{name}.md", text)
    return text


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(_text, cells))} |"


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
