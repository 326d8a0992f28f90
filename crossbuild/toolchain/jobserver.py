"""One budget of compilers for all that build at the same time, whatever tool starts them.

A FIFO holds a token for each compiler that may run.  A compiler takes one before each
call and gives it back afterwards.  So Meson, numpy.distutils and ``make`` all keep to the budget,
however many jobs each was told to run.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossbuild.core import files

#: The variable that tells compilers of the pool; its path ends in ``-`` and the owner's process.
VARIABLE = "CROSSBUILD_JOB_POOL"

_CGROUP = Path("/sys/fs/cgroup")


@contextmanager
def opened(folder: Path, tokens: int) -> Iterator[Path]:
    """Hold a pool while the block runs.

    :param folder: where its FIFO lies meanwhile
    :param tokens: how many compilers may run at once
    :raises DiskError: the folder cannot be written
    """
    path = folder / f"jobs-{os.getpid()}"
    with files.disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)
    # For reading as well: what is written stays in it as long as somebody can read it.
    handle = os.open(path, os.O_RDWR)
    try:
        os.write(handle, b"\n" * tokens)
        yield path
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)


def fitting(jobs: int, memory_mb: int) -> int:
    """How many compilers may run at once, of *jobs*, with the memory that is free now.

    :param memory_mb: what the hungriest of them needs
    """
    return max(1, min(jobs, free_memory() // memory_mb))


def free_memory() -> int:
    """Memory and swap space that can be had, in MB, within the control group's limit."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    values = {name: int(rest.split()[0]) for name, _, rest in (s.partition(":") for s in lines)}
    free = (values.get("MemAvailable", 0) + values.get("SwapFree", 0)) * 1024
    try:
        limit = (_CGROUP / "memory.max").read_text(encoding="ascii").strip()
        used = (_CGROUP / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return free // 10**6
    return (min(free, int(limit) - int(used)) if limit.isdigit() else free) // 10**6
