"""The root file system of the emulated board, made from an SDK's target sysroot.

It is what an image would have: no compiler, no header, no static library, no OpenBLAS
and no libgfortran.  What is left out is data: ``emulation/not-on-board.txt``.
"""

import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.errors import BoardError
from crossbuild.wheel import pack as wheel
from crossbuild.wheel.pack import WheelError

EMULATION = Path(__file__).parent / "emulation"

#: Folders that every Linux has, and where they are mounted or written.
_FOLDERS = ("dev", "proc", "sys", "tmp", "run", "root", "etc", "var/tmp", "home", ".board")

_ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": "root:x:0:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost board\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


def make_root(
    sysroot: Path, python_version: str, destination: Path, *, pip_wheel: Path | None = None
) -> Path:
    """Make the board's root file system at *destination*, whole or not at all.

    The sysroot is copied, never linked: what a board writes must not reach the SDK.

    :param sysroot: the SDK's target sysroot
    :param python_version: ``X.Y`` of the Python that must be there
    :param pip_wheel: pip for a sysroot that has none
    :returns: *destination*
    :raises BoardError: the sysroot has no such Python, no shell, or no pip
    """
    with files.staged_directory(destination) as stage:
        _copy(sysroot, stage)
        _furnish(stage)
        _require_programs(stage, sysroot, python_version)
        if pip_folder(stage, python_version) is None:
            _unpack_pip(stage, pip_wheel, sysroot)
    return destination


def pip_folder(root: Path, python_version: str) -> Path | None:
    """The folder below *root* that holds a ``pip`` package for this Python, or None."""
    patterns = (
        f"usr/lib*/python{python_version}/site-packages/pip",
        "usr/lib/python3/dist-packages/pip",
        ".board/pip/pip",
    )
    folders = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    return next((path for path in folders if (path / "__main__.py").is_file()), None)


def python_program(root: Path, python_version: str) -> str | None:
    """The path of ``pythonX.Y`` on the board, or None."""
    for folder in ("/usr/bin", "/usr/local/bin", "/bin"):
        if (root / folder[1:] / f"python{python_version}").is_file():
            return f"{folder}/python{python_version}"
    return None


def _rules() -> list[tuple[bool, str]]:
    """(keep, pattern) in the order in which they are tried."""
    lines = (EMULATION / "not-on-board.txt").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [(line.startswith("+"), line.removeprefix("+").strip()) for line in patterns]


def _kept(relative: str, rules: list[tuple[bool, str]]) -> bool:
    for keep, pattern in rules:
        if fnmatchcase(relative, pattern):
            return keep
    return True


def _copy(sysroot: Path, stage: Path) -> None:
    """Copy what the rules keep; symbolic links stay links, owners become ours."""
    rules = _rules()
    for folder, folders, names in os.walk(sysroot):
        parent = Path(folder)
        inside = parent.relative_to(sysroot)
        links = [name for name in folders if (parent / name).is_symlink()]
        for name in [*names, *links]:
            source = parent / name
            if _kept(str(inside / name), rules) and not _only_for_linking(source):
                _copy_one(source, stage / inside / name)


def _copy_one(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_file():
        shutil.copy2(source, target)
        target.chmod(target.stat().st_mode & 0o777 | 0o600)


def _only_for_linking(path: Path) -> bool:
    """Whether this is ``libx.so``: a link to ``libx.so.N``, or a linker script.

    They come with -dev packages, so an image has none of them.
    """
    if not (path.name.startswith("lib") and path.name.endswith(".so")):
        return False
    if path.is_symlink():
        return path.readlink().name.startswith(f"{path.name}.")
    with path.open("rb") as stream:
        return stream.read(4) != b"\x7fELF"


def _furnish(stage: Path) -> None:
    """Add the folders and the few files that programs take for granted."""
    for folder in _FOLDERS:
        if not (stage / folder).exists() and not (stage / folder).is_symlink():
            (stage / folder).mkdir(parents=True)
    for folder in ("tmp", "var/tmp"):
        if not (stage / folder).is_symlink():
            (stage / folder).chmod(0o1777)
    for name, text in _ETC.items():
        if not (stage / "etc" / name).exists():
            (stage / "etc" / name).write_text(text)


def _require_programs(stage: Path, sysroot: Path, python_version: str) -> None:
    if python_program(stage, python_version) is None:
        pythons = sorted(path.name for path in stage.glob("usr/bin/python3*"))
        raise BoardError(
            f"the target sysroot has no Python {python_version} to run on an emulated board",
            evidence=f"looked for usr/bin/python{python_version} in {sysroot}; there: {pythons}",
            cure="add python3 to the image that the SDK is made of, "
            "or verify on a real board with --board user@host",
        )


def _unpack_pip(stage: Path, pip_wheel: Path | None, sysroot: Path) -> None:
    """Put pip where nothing but a command that names it finds it."""
    if pip_wheel is None:
        raise BoardError(
            "the emulated board has no pip",
            evidence=f"no pip package in {sysroot}/usr/lib/python3*/site-packages",
            cure="add python3-pip to the image that the SDK is made of",
        )
    try:
        with wheel.unpacked(pip_wheel, into=stage) as folder:
            shutil.copytree(folder, stage / ".board/pip")
        (stage / ".board/pip").chmod(0o755)  # the temporary folder is its owner's alone
    except WheelError as error:
        raise BoardError(
            f"{pip_wheel.name} is no wheel",
            evidence=f"{error.what}: {error.evidence}",
            cure="give a pip wheel as the package index has it",
        ) from error
