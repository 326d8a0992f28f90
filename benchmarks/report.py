"""Where benchmarks leave what they measured: a JSON file and a Markdown table of the same."""

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

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
    name: str, rows: Sequence[Mapping[str, object]], machine: Mapping[str, str]
) -> tuple[Path, Path]:
    """Write ``results/NAME.json`` and ``results/NAME.md``.

    :param rows: one table; all have the first one's keys
    """
    RESULTS.mkdir(exist_ok=True)
    data, table = RESULTS / f"{name}.json", RESULTS / f"{name}.md"
    data.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
    lines = [
        f"# {name}",
        "",
        "; ".join(f"{key}: {value}" for key, value in machine.items()),
        "",
        _line(rows[0]),
        _line(["---"] * len(rows[0])),
        *(_line(row.values()) for row in rows),
    ]
    table.write_text("\n".join(lines) + "\n")
    return data, table


def _line(cells: Iterable[object]) -> str:
    texts = (f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in cells)
    return f"| {' | '.join(texts)} |"
