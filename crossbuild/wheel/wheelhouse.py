"""The folder that the board installs from: wheels, hashes, an index, requirements.

pip install --no-index -f wheelhouse scipy
pip install --no-index -f wheelhouse --require-hashes -r wheelhouse/requirements-cp311.txt
pip install -i file:///…/wheelhouse/simple scipy

``SHA256SUMS`` lists all that such a board reads.  Signatures of it lie beside it
(:mod:`crossbuild.export.signing`), and go once it changes.
"""

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from crossbuild.core import files
from crossbuild.core.digests import Digests
from crossbuild.core.errors import DiskError
from crossbuild.core.python_version import PythonVersion
from crossbuild.wheel import simple_index

#: The list of a wheelhouse's files, as ``sha256sum --check`` reads it.
SUMS = "SHA256SUMS"
#: Its signatures: by ssh-keygen, by minisign.
SSH_SIGNATURE, MINISIGN_SIGNATURE = f"{SUMS}.sig", f"{SUMS}.minisig"
#: A number that only grows, and the installer: both of a signed wheelhouse.
SERIAL, INSTALLER = "SERIAL", "install.sh"
#: What the list names beside wheels.
_COMPANIONS = ("requirements-*.txt", "*.provenance.json", SERIAL, INSTALLER)


def publish(
    wheels: Sequence[Path], wheelhouse: Path, python: str, digests: Digests | None = None
) -> list[Path]:
    """Copy wheels into the wheelhouse and bring its lists up to date.

    A wheel lands whole or not at all; one that is there with the same content stays
    untouched, so that a second run changes nothing.  Of no wheels no wheelhouse is made, and
    where the lists cannot be written, no wheel is added.

    :param python: the Python, e.g. ``"3.11"``, whose requirements file is written
    :param digests: what is known of the wheels
    :returns: the wheels in the wheelhouse
    :raises DiskError: it cannot be written
    """
    if not wheels:
        return []
    digests = digests or Digests()
    with files.disk_errors(wheelhouse):
        wheelhouse.mkdir(parents=True, exist_ok=True)
    with files.exclusive(wheelhouse / ".lock"):
        targets = [wheelhouse / wheel.name for wheel in wheels]
        new = [target for target in targets if not target.exists()]
        try:
            for wheel, target in zip(wheels, targets, strict=True):
                _land(wheel, target, digests)
            sums = _sums(wheelhouse, digests)
            _write_requirements(targets, requirements_file(wheelhouse, python), sums)
            _write_lists(wheelhouse, sums, digests)
        except DiskError:
            for target in new:
                target.unlink(missing_ok=True)
            raise
    return targets


def list_again(wheelhouse: Path, digests: Digests) -> None:
    """Bring the lists up to date after a file was put beside the wheels.

    :raises DiskError: they cannot be written
    """
    with files.exclusive(wheelhouse / ".lock"):
        _write_lists(wheelhouse, _sums(wheelhouse, digests), digests)


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


def listed(wheelhouse: Path) -> list[Path]:
    """The files that :data:`SUMS` names, sorted: wheels, and what is read with them."""
    companions = (path for glob in _COMPANIONS for path in wheelhouse.glob(glob))
    return sorted([*contents(wheelhouse), *companions])


def write_sums(wheelhouse: Path, text: str) -> None:
    """Write :data:`SUMS`; signatures of another text go first."""
    path = wheelhouse / SUMS
    if path.exists() and path.read_bytes() == text.encode():
        return
    for name in (SSH_SIGNATURE, MINISIGN_SIGNATURE):
        (wheelhouse / name).unlink(missing_ok=True)
    files.write_text(path, text)


def _is_named(path: Path) -> bool:
    try:
        parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        return False
    return True


def requirements_file(wheelhouse: Path, python: str) -> Path:
    """The requirements with hashes for one Python."""
    return wheelhouse / f"requirements-{PythonVersion(python).tag}.txt"


def _land(path: Path, target: Path, digests: Digests) -> None:
    if target.exists() and digests.of(target) == digests.of(path):
        return
    stage = target.with_name(f".{target.name}.part")
    with files.disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, stage)
            os.replace(stage, target)  # noqa: PTH105 - a rename, atomic within the folder
        finally:
            stage.unlink(missing_ok=True)


def _sums(wheelhouse: Path, digests: Digests) -> dict[Path, str]:
    return {wheel: digests.of(wheel) for wheel in contents(wheelhouse)}


def _write_lists(wheelhouse: Path, sums: Mapping[Path, str], digests: Digests) -> None:
    """:data:`SUMS`, and the PEP 503 index of all wheels that are there."""
    lines = (f"{digests.of(path)}  {path.name}\n" for path in listed(wheelhouse))
    write_sums(wheelhouse, "".join(lines))
    index = simple_index.pages(sums)
    for name, text in index.items():
        _write_if_new(wheelhouse / "simple" / name, text)
    for folder in (wheelhouse / "simple").iterdir():
        if folder.is_dir() and f"{folder.name}/index.html" not in index:
            files.remove_tree(folder)


def _write_requirements(landed: Sequence[Path], path: Path, sums: Mapping[Path, str]) -> None:
    """The pins of this run with their hashes; earlier runs' other packages stay."""
    pins = _old_pins(path, set(sums.values()))
    for wheel in landed:
        name, version, _, _ = parse_wheel_filename(wheel.name)
        pins[str(name)] = f"{name}=={version} --hash=sha256:{sums[wheel]}"
    _write_if_new(path, "".join(f"{pins[name]}\n" for name in sorted(pins)))


def _old_pins(path: Path, sums: Collection[str]) -> dict[str, str]:
    """The lines of an existing file whose wheel is still in the wheelhouse."""
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    return {line.partition("==")[0]: line for line in lines if line.rpartition(":")[2] in sums}


def _write_if_new(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        files.write_text(path, text)
