"""A Linux kernel and a device tree for the whole emulated board: Debian's armmp flavour."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import run
from crossbuild.core.errors import BoardError
from crossbuild.sdk import debian

#: Its kernel serves any user land, so it need not be the SDK's suite.
_SUITE = "bookworm"
_PACKAGE = "linux-image-armmp"

_DMA, _NO_DMA = b"\0dma-names\0", b"\0-no-dma--\0"


@dataclass(frozen=True)
class Kernel:
    """The files that QEMU boots."""

    image: Path
    device_tree: Path


def fetch(device_tree: str, cache: Path, log: Path) -> Kernel:
    """The kernel and the board's device tree, fetched once.

    :param device_tree: name of the board's file, e.g. ``imx6q-sabrelite.dtb``
    :raises IndexUnreachableError: Debian's mirror does not answer
    :raises BoardError: the kernel package lacks the device tree
    """
    folder = cache / f"kernel-{_SUITE}"
    kernel = Kernel(folder / "vmlinuz", folder / device_tree)
    with files.exclusive(cache / "kernel.lock"):
        if not (kernel.image.is_file() and kernel.device_tree.is_file()):
            with files.staged_directory(folder) as stage:
                _unpack(device_tree, cache, stage, log)
    return kernel


def _unpack(device_tree: str, cache: Path, stage: Path, log: Path) -> None:
    debian.require_tools()
    mirror = debian.build_machine_mirror()
    apt = debian.Apt(mirror, _SUITE, "armhf", cache / "apt", log)
    (package,) = apt.download([_PACKAGE], [], dependencies=False)
    depends = run(["dpkg-deb", "--field", package, "Depends"]).output
    name = re.findall(r"linux-image-\S+", depends)[0]
    tree = stage / "tree"
    debian.unpack(apt.download([name], [], dependencies=False), tree, log)
    trees = sorted(tree.glob(f"usr/lib/linux-image-*/{device_tree}"))
    if not trees:
        raise BoardError(
            f"the kernel {name} has no device tree {device_tree}",
            evidence=f"{tree}/usr/lib/linux-image-*/",
            cure="choose another board",
        )
    shutil.copy(next(tree.glob("boot/vmlinuz-*")), stage / "vmlinuz")
    (stage / device_tree).write_bytes(without_dma(trees[0].read_bytes()))
    files.remove_tree(tree)


def without_dma(tree: bytes) -> bytes:
    """The device tree without DMA channels, behind which QEMU has no engine.

    A serial line that waits for one says nothing; without the property that names them
    its driver does without.
    """
    return tree.replace(_DMA, _NO_DMA)
