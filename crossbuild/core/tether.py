"""Programs that end with crossbuild, however that ends: also by a kill that it cannot see."""

import os

#: Between the start and the request for the signal, crossbuild may be gone already.
_CHECK = 'test "$PPID" = "$0" && exec "$@"'


def tethered() -> list[str]:
    """The words before a command line that the kernel kills when this process dies.

    Entering a user namespace clears the death signal, so that must come before.
    """
    return ["setpriv", "--pdeathsig", "KILL", "sh", "-c", _CHECK, str(os.getpid())]
