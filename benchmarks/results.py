"""How benchmarks find wheels and write what they measured: JSON, and a table in Markdown."""

import json
import platform
from collections.abc import Mapping
from pathlib import Path

from crossbuild import files

FOLDER = Path(__file__).parent / "results"


def wheels_for(wheelhouse: Path, python: str) -> list[Path]:
    """The wheels of a wheelhouse that a Python needs for numpy and scipy."""
    digits = python.replace(".", "")
    patterns = (f"numpy-*-cp{digits}-*.whl", f"scipy-*-cp{digits}-*.whl", "crossbuild_runtime-*")
    return [path for pattern in patterns for path in sorted(wheelhouse.glob(pattern))]


def machine() -> dict[str, str]:
    """The build machine, as far as it matters."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = [line.partition(": ")[2] for line in cpuinfo.splitlines() if "model name" in line]
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    kernel = f"{platform.system()} {platform.release()}"
    return {"cpu": f"{len(names)} x {names[0]}", "system": system, "kernel": kernel}


def write(
    name: str,
    title: str,
    versions: Mapping[str, Mapping[str, str]],
    values: Mapping[str, Mapping[str, int]],
) -> None:
    """Write ``results/<name>.json`` and ``.md``.

    :param versions: of packages, by side
    :param values: what was measured, by side; the last side is what others are compared with
    """
    *sides, reference = values
    rows = {
        key: {
            **{side: values[side][key] for side in values},
            "ratio": {side: round(values[side][key] / wanted, 3) for side in sides},
        }
        for key, wanted in values[reference].items()
    }
    facts = {"version": 1, "machine": machine(), "packages": versions, "measured": rows}
    files.write_text(FOLDER / f"{name}.json", json.dumps(facts, indent=2) + "\n")
    files.write_text(FOLDER / f"{name}.md", _table(title, versions, values))


def _table(
    title: str,
    versions: Mapping[str, Mapping[str, str]],
    values: Mapping[str, Mapping[str, int]],
) -> str:
    *sides, reference = values
    lines = [f"# {title}", "", f"Measured on {', '.join(machine().values())}.", ""]
    for side, packages in versions.items():
        named = ", ".join(f"{name} {number}" for name, number in packages.items())
        lines.append(f"- {side}: {named or 'no wheels'}")
    heads = ["", *values, *(f"{side} / {reference}" for side in sides)]
    lines += ["", f"| {' | '.join(heads)} |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for key, wanted in values[reference].items():
        numbers = [f"{values[side][key]:,}" for side in values]
        ratios = [f"{values[side][key] / wanted:.3f}" for side in sides]
        lines.append(f"| {' | '.join([key, *numbers, *ratios])} |")
    return "\n".join(lines) + "\n"
