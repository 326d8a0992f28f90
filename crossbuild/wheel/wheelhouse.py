"""The folder that the board installs from: wheels, hashes, an index, requirements.

pip install --no-index -f wheelhouse scipy
pip install --no-index -f wheelhouse --require-hashes -r wheelhouse/requirements-cp311.txt
pip install -i file:///…/wheelhouse/simple scipy
"""

import html
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from crossbuild.core import files
from crossbuild.core.digests import Digests
from crossbuild.core.python_version import PythonVersion


def publish(
    wheels: Sequence[Path], wheelhouse: Path, python: str, digests: Digests | None = None
) -> list[Path]:
    """Copy wheels into the wheelhouse and bring its lists up to date.

    A wheel lands whole or not at all; one that is there with the same content stays
    untouched, so that a second run changes nothing.

    :param python: the Python, e.g. ``"3.11"``, whose requirements file is written
    :param digests: what is known of the wheels
    :returns: the wheels in the wheelhouse
    """
    digests = digests or Digests()
    with files.disk_errors(wheelhouse):
        wheelhouse.mkdir(parents=True, exist_ok=True)
    with files.exclusive(wheelhouse / ".lock"):
        landed = [_land(wheel, wheelhouse / wheel.name, digests) for wheel in wheels]
        _write_lists(wheelhouse, digests)
        _write_requirements(landed, wheelhouse, python, digests)
    return landed


def publish_debug(paths: Sequence[Path], wheelhouse: Path, digests: Digests) -> None:
    """Copy files of debug information to where gdb looks for them.

    Its ``debug-file-directory`` is the wheelhouse's ``debug`` then.

    :param paths: each file named after its module's build id
    """
    folder = wheelhouse / "debug/.build-id"
    with files.exclusive(wheelhouse / ".lock"):
        for path in paths:
            _land(path, folder / path.name[:2] / path.name[2:], digests)


def contents(wheelhouse: Path) -> list[Path]:
    """The wheels of a wheelhouse, sorted by name; not files that only end as wheels do."""
    return sorted(path for path in wheelhouse.glob("*.whl") if _is_named(path))


def _is_named(path: Path) -> bool:
    try:
        parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        return False
    return True


def requirements_file(wheelhouse: Path, python: str) -> Path:
    """The requirements with hashes for one Python."""
    return wheelhouse / f"requirements-{PythonVersion(python).tag}.txt"


def _land(path: Path, target: Path, digests: Digests) -> Path:
    if target.exists() and digests.of(target) == digests.of(path):
        return target
    stage = target.with_name(f".{target.name}.part")
    with files.disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, stage)
            os.replace(stage, target)  # noqa: PTH105 - a rename, atomic within the folder
        finally:
            stage.unlink(missing_ok=True)
    return target


def _write_lists(wheelhouse: Path, digests: Digests) -> None:
    """``SHA256SUMS`` and the PEP 503 index of all wheels that are there."""
    sums = {wheel: digests.of(wheel) for wheel in contents(wheelhouse)}
    lines = (f"{digest}  {wheel.name}\n" for wheel, digest in sums.items())
    _write_if_new(wheelhouse / "SHA256SUMS", "".join(lines))
    projects: dict[str, list[str]] = {}
    for wheel, digest in sums.items():
        name: str = canonicalize_name(parse_wheel_filename(wheel.name)[0])
        link = f'<a href="../../{html.escape(wheel.name)}#sha256={digest}">{wheel.name}</a><br>'
        projects.setdefault(name, []).append(link)
    for name, links in projects.items():
        _write_if_new(wheelhouse / "simple" / name / "index.html", _page(name, links))
    listing = [f'<a href="{name}/">{name}</a><br>' for name in projects]
    _write_if_new(wheelhouse / "simple/index.html", _page("Simple index", listing))
    for folder in (wheelhouse / "simple").iterdir():
        if folder.is_dir() and folder.name not in projects:
            files.remove_tree(folder)


def _page(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    head = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
    return f"{head}\n<body>\n{body}\n</body></html>\n"


def _write_requirements(
    landed: Sequence[Path], wheelhouse: Path, python: str, digests: Digests
) -> None:
    """The pins of this run with their hashes; earlier runs' other packages stay."""
    path = requirements_file(wheelhouse, python)
    pins = _old_pins(path, wheelhouse)
    for wheel in landed:
        name, version, _, _ = parse_wheel_filename(wheel.name)
        pins[str(name)] = f"{name}=={version} --hash=sha256:{digests.of(wheel)}"
    _write_if_new(path, "".join(f"{pins[name]}\n" for name in sorted(pins)))


def _old_pins(path: Path, wheelhouse: Path) -> dict[str, str]:
    """The lines of an existing file whose wheel is still in the wheelhouse."""
    if not path.exists():
        return {}
    sums = set(re.findall(r"^(\w{64}) ", (wheelhouse / "SHA256SUMS").read_text(), re.MULTILINE))
    lines = path.read_text().splitlines()
    return {line.partition("==")[0]: line for line in lines if line.rpartition(":")[2] in sums}


def _write_if_new(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        files.write_text(path, text)
