"""Namespaces of the kernel: a command with mounts of its own, which vanish with it."""

import enum
import os
from collections.abc import Sequence
from functools import cache

from crossbuild.core.command import tethered, try_run

#: What a namespace of mounts is made by.
MOUNTS = ("--mount",)


class Owner(enum.Enum):
    """Who may make namespaces here."""

    USER = "user"  # any user, inside a user namespace
    ROOT = "root"  # root alone


def words(owner: Owner, kinds: Sequence[str], *, tied: bool) -> list[str]:
    """The words in front of a command that gets namespaces of its own.

    :param kinds: options of ``unshare``, such as ``--mount``
    :param tied: whether the command dies with this process, however that ends
    """
    user = ["unshare", "--user", "--map-root-user"] if owner is Owner.USER else []
    return [*user, *(tethered() if tied else []), "unshare", *kinds]


@cache
def owner(kinds: tuple[str, ...]) -> Owner | None:
    """Who may make such namespaces and mount in them, found by trying; None where nobody may.

    Root does without a user namespace, in which files of other users are nobody's.
    """
    owners = (Owner.ROOT, Owner.USER) if os.geteuid() == 0 else (Owner.USER,)
    return next((one for one in owners if may(one, kinds)), None)


def may(owner: Owner, kinds: Sequence[str]) -> bool:
    """Whether this kernel lets this user make namespaces in this way, and mount in them."""
    return try_run(probe(owner, kinds, tied=True)).status == 0


def probe(owner: Owner, kinds: Sequence[str], *, tied: bool) -> list[str]:
    """A command that succeeds where such namespaces can be made, and mounted in."""
    return [*words(owner, kinds, tied=tied), "mount", "-t", "tmpfs", "probe", "/tmp"]  # noqa: S108
