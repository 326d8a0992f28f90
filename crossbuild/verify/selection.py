"""Which wheels of a wheelhouse a board needs, whether they fit, and how much room they take."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import (
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import Version

from crossbuild.board.protocol import BoardFacts, Interpreter
from crossbuild.core.errors import BoardError
from crossbuild.core.files import size_text
from crossbuild.packages.wanted import requirement
from crossbuild.wheel import pack as wheel
from crossbuild.wheel.wheelhouse import contents

#: The first pip that knows a tag; older ones call such a wheel "not supported".
_FIRST_PIP = (
    (re.compile(r"manylinux_\d+_\d+_"), Version("20.3")),
    (re.compile(r"manylinux2014_"), Version("19.3")),
)


def select(wheelhouse: Path, packages: Sequence[str], about: Interpreter) -> tuple[Path, ...]:
    """The wheels of *packages* and of all that they require, for the board's Python.

    A package that the wheelhouse lacks is left for pip to name.

    :raises BoardError: no wheel is for this Python
    :raises ConfigurationError: a package's name is no requirement
    """
    fitting = _fitting(wheelhouse, about)
    chosen: dict[NormalizedName, list[Path]] = {}
    pending = [requirement(package) for package in packages]
    seen = set()
    while pending:
        wanted = pending.pop()
        name = canonicalize_name(wanted.name)
        if (name, *sorted(wanted.extras)) in seen:
            continue
        seen.add((name, *sorted(wanted.extras)))
        chosen[name] = fitting.get(name, [])
        for path in chosen[name]:
            pending += _required_by(path, wanted.extras, about)
    return tuple(sorted(path for paths in chosen.values() for path in paths))


def require_space(wheels: Sequence[Path], about: BoardFacts, board: str) -> None:
    """Check that the board has room for the wheels and for what they unpack to.

    :raises BoardError: it has not; the evidence lists what each wheel needs
    """
    needs = {path: path.stat().st_size + _unpacked_size(path) for path in wheels}
    total = sum(needs.values())
    if total > about.free_space:
        each = ", ".join(f"{path.name} {size_text(size)}" for path, size in needs.items())
        raise BoardError(
            f"{board} has {size_text(about.free_space)} free, "
            f"but the wheels need {size_text(total)}",
            evidence=each,
            cure="free some space there, or choose another folder with --board-folder",
        )


def require_pip(wheels: Sequence[Path], version: str, board: str) -> None:
    """Check that the board's pip knows the tags of the wheels.

    :raises BoardError: it is too old for one
    """
    for path in wheels:
        platforms = {tag.platform for tag in parse_wheel_filename(path.name)[3]}
        needed = max(_first_pip(platform) for platform in platforms)
        if Version(version) < needed:
            raise BoardError(
                f"pip {version} on {board} is too old for {path.name}",
                evidence=f"{' '.join(sorted(platforms))} is known since pip {needed}",
                cure=f"on the board: `python3 -m pip install 'pip>={needed}'`, or build wheels "
                "with the plain tag linux_armv7l, as `crossbuild wheels` does by default",
            )


def pins(requirements: Path, wheels: Sequence[Path]) -> str:
    """The lines of a requirements file that are about *wheels*."""
    names = {parse_wheel_filename(path.name)[0] for path in wheels}
    lines = requirements.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if canonicalize_name(line.split("==")[0]) in names)


def _fitting(wheelhouse: Path, about: Interpreter) -> dict[NormalizedName, list[Path]]:
    wheels = contents(wheelhouse)
    fitting: dict[NormalizedName, list[Path]] = {}
    for path in wheels:
        name, _, _, tags = parse_wheel_filename(path.name)
        if any(tag.interpreter in (about.python_tag, "py3") or tag.abi == "abi3" for tag in tags):
            fitting.setdefault(name, []).append(path)
    if not fitting:
        raise BoardError(
            f"the wheelhouse has no wheel for the board's Python {about.python}",
            evidence=f"{wheelhouse}: {', '.join(path.name for path in wheels) or 'no wheels'}",
            cure=f"build for {about.python_tag}, or verify on a board with another Python",
        )
    return fitting


def _required_by(path: Path, extras: set[str], about: Interpreter) -> Iterator[Requirement]:
    """What the wheel requires on this board."""
    environment = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": about.machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": about.python,
        "python_version": about.python_version,
        "sys_platform": "linux",
    }
    with wheel.opened(path) as archive:
        texts = archive.metadata.get_all("Requires-Dist") or []
    for text in texts:
        required = requirement(str(text))
        marker = required.marker
        if marker is None or any(
            marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras)
        ):
            yield required


def _unpacked_size(path: Path) -> int:
    """What the files take when installed: pip compiles modules, to about as much again."""
    with zipfile.ZipFile(path) as archive:
        return sum(
            info.file_size * (2 if info.filename.endswith(".py") else 1)
            for info in archive.infolist()
        )


def _first_pip(platform: str) -> Version:
    for pattern, version in _FIRST_PIP:
        if pattern.match(platform):
            return version
    return Version("1")
