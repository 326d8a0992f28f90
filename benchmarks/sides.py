"""Benchmarks of ours beside Debian's: which wheels count, and both sides with their ratio."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks import report


def wheels_for(wheelhouse: Path, python: str) -> list[Path]:
    """The wheels of a wheelhouse that a Python needs for numpy and scipy."""
    digits = python.replace(".", "")
    patterns = (f"numpy-*-cp{digits}-*.whl", f"scipy-*-cp{digits}-*.whl", "crossbuild_runtime-*")
    return [path for pattern in patterns for path in sorted(wheelhouse.glob(pattern))]


def write(
    name: str,
    title: str,
    versions: Mapping[str, Mapping[str, str]],
    values: Mapping[str, Mapping[str, int]],
) -> str:
    """Write the report, and return its text.

    :param versions: of packages, by side
    :param values: what was measured, by side; the last side is what others are compared with
    """
    *sides, reference = values
    rows = [
        {
            "what": key,
            **{side: values[side][key] for side in values},
            **{f"{side} / {reference}": values[side][key] / wanted for side in sides},
        }
        for key, wanted in values[reference].items()
    ]
    return report.write(name, rows, title=title, notes=named(versions))


def named(versions: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is compared, a line for each side."""
    return [f"{side}: {_named(packages)}" for side, packages in versions.items()]


def _named(packages: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in packages.items()) or "no wheels"
