"""A board's root file system with a distribution's own, natively built packages in it.

The reference SDKs are made of Debian's packages, and so are the boards made of them: what
Debian built on Arm for the same release runs there too, to be compared with our wheels.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import run
from crossbuild.sdk import debian
from crossbuild.sdk.reference import target
from crossbuild.sdk.reference.definition import Definition

#: What a board's root lacks and Debian's packages need: the library behind libblas.so.3.
_LIBRARIES = ("libopenblas0-pthread",)


def native_root(
    base: Path, definition: Definition, packages: Sequence[str], cache: Path, log: Path
) -> Path:
    """The root file system *base* with Debian's *packages* and all that they need.

    It is made once and then kept in *cache*.

    :param base: what :func:`crossbuild.board.emulated.prepared_root` made of the SDK
    :param definition: says which release the SDK is made of
    :raises IndexUnreachableError: the mirror does not answer
    """
    debian.require_tools()
    mirror = definition.mirror or debian.build_machine_mirror()
    apt = debian.Apt(mirror, definition.suite, "armhf", cache / "apt", log)
    with files.exclusive(cache / "lock"):
        packages_there = apt.download([*packages, *_LIBRARIES], definition.target.omit)
        key = files.content_key(base.name, [path.name for path in packages_there])
        root = cache / "boards" / f"native-{key}"
        if not root.is_dir():
            with files.staged_directory(root) as stage:
                shutil.copytree(base, stage, symlinks=True, dirs_exist_ok=True)
                _add(packages_there, stage, log)
    return root


def _add(packages: Sequence[Path], root: Path, log: Path) -> None:
    """Lay packages into a root, where a reference SDK would have their files."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        stage = Path(folder)
        debian.unpack(packages, stage / "unpacked", log)
        target.flatten(stage / "unpacked", stage / "flat")
        target.finish(stage / "flat")
        run(["cp", "-a", "--remove-destination", f"{stage / 'flat'}/.", root], log=log)
