"""How far the emulated board is apart from the build machine: what the kernel allows."""

import enum

from crossbuild.core.command import tethered, try_run
from crossbuild.isolation import namespaces as kernel
from crossbuild.isolation.namespaces import Owner

_NAMESPACES = ("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child=KILL")


class Isolation(enum.Enum):
    """How far a command on the board is apart from the build machine."""

    USER = "user"  # namespaces without root; child programs by a private binfmt_misc
    ROOT = "root"  # namespaces made by root, where user namespaces are forbidden
    CHROOT = "none"  # the root folder alone (root in a container without capabilities)
    PREFIX = "prefix"  # not even that: QEMU looks into the root first (qemu-arm -L)


#: What a board of each kind cannot do, for its report.
NOTES: dict[Isolation, tuple[str, ...]] = {
    Isolation.USER: (),
    Isolation.ROOT: (),
    Isolation.CHROOT: (
        "no namespaces: this board shares the build machine's network and has no /proc",
    ),
    Isolation.PREFIX: (
        "no namespaces and no root: this board shares the build machine's network, /proc and /tmp",
    ),
}

NO_CHILDREN = (
    "child programs do not run on this board (Linux < 6.7 and no handler for Arm programs): "
    "tests that start programs fail here for the board's reasons"
)


def find_isolation() -> Isolation:
    """The best that this kernel and this user allow, found by trying."""
    for owner in (Owner.USER, Owner.ROOT):
        if kernel.may(owner, _NAMESPACES):
            return Isolation(owner.value)
    if try_run(["chroot", "/", "true"]).status == 0:
        return Isolation.CHROOT
    return Isolation.PREFIX


def namespaces(isolation: Isolation, *, tied: bool = True) -> list[str]:
    """The words that make the namespaces; *tied* ones die with crossbuild, however it ends."""
    if isolation in (Isolation.USER, Isolation.ROOT):
        return kernel.words(Owner(isolation.value), _NAMESPACES, tied=tied)
    return tethered() if tied else []
