"""What caches of compiles share: entries, each a folder named by a key, and room for them.

Such a cache is a program of its own in front of a compiler and starts once for each file.  So
what is slow to import stands where it is needed, and what is not needed at all is done without.
"""

import os
import sys
import time

#: A compile that was killed so long ago, in seconds, has left what stands there.
_ABANDONED = 86_400


def program(module: str) -> tuple[str, ...]:
    """The words that start a module of this package as such a cache.

    Imported, not run by its name: only then is its byte code kept.
    """
    root = os.path.abspath(__file__)
    for _ in __name__.split("."):
        root = os.path.dirname(root)
    code = (
        f"import sys; sys.path.append({root!r}); "
        f"from {__package__}.{module} import main; sys.exit(main(sys.argv[1:]))"
    )
    return (sys.executable, "-I", "-S", "-c", code)


def key(parts: list[tuple[str, bytes]]) -> str:
    """The name of an entry: that of all its parts, each a name and a content."""
    try:
        from _blake2 import blake2b  # hashlib loads OpenSSL: half of all that a hit takes
    except ImportError:
        from hashlib import blake2b
    total = blake2b(digest_size=20)
    for name, text in parts:
        total.update(b"%d %s %d " % (len(name), name.encode(), len(text)) + text)
    return total.hexdigest()


def entry_of(folder: str, name: str) -> str:
    """Where the entry of a key lies in the cache at *folder*, or would."""
    return os.path.join(folder, name[:2], name)


def stage_in(folder: str) -> str:
    """A new folder, in which an entry is made.

    :raises OSError: it cannot be made
    """
    # tempfile would take longer to load than many a compile takes.
    stage = os.path.join(folder, f"stage-{os.getpid()}-{time.monotonic_ns()}")
    os.makedirs(stage)
    return stage


def keep(stage: str, entry: str) -> None:
    """Make a finished stage an entry; of two that compile the same at once, the first."""
    try:
        os.makedirs(os.path.dirname(entry), exist_ok=True)
        os.rename(stage, entry)
    except OSError:
        return  # the products are in place; that they are not kept is no reason to fail


def content(path: str) -> bytes:
    """A file's bytes.

    :raises OSError: it cannot be read
    """
    with open(path, "rb") as stream:
        return stream.read()


def place(text: bytes, target: str) -> None:
    """Write a file so that no reader sees a part of it."""
    stage = f"{target}.{os.getpid()}"
    with open(stage, "wb") as stream:
        stream.write(text)
    os.replace(stage, target)


def run(argv: list[str], said: str) -> int:
    """Run a compiler whose complaints go to the file *said*; its exit status."""
    opened = (os.POSIX_SPAWN_OPEN, 2, said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    child = os.posix_spawn(argv[0], argv, os.environ, file_actions=[opened])
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


def listing(folder: str) -> list[str]:
    """The names in a folder; none where there is no such folder."""
    return os.listdir(folder) if os.path.isdir(folder) else []


def remove(folder: str) -> None:
    """Remove a folder of files and folders of files, where it is there."""
    for name in listing(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            remove(path)
        else:
            os.unlink(path)
    if os.path.isdir(folder):
        os.rmdir(folder)


def trim(folder: str, limit: int) -> None:
    """Remove what was not used for longest, until no more than *limit* bytes are left.

    One process at a time may do so; others may go on compiling.
    """
    entries = []
    for name in listing(folder):
        path = os.path.join(folder, name)
        if not name.startswith("stage-"):
            entries += [
                (os.stat(f"{path}/{key}").st_mtime, f"{path}/{key}") for key in listing(path)
            ]
        elif _age(path) > _ABANDONED:
            remove(path)
    left = sum(_size(path) for _, path in entries)
    for _, path in sorted(entries):
        if left <= limit:
            return
        left -= _size(path)
        # Renamed first: what is left of an entry must not look like one.
        doomed = os.path.join(folder, f"stage-{os.path.basename(path)}")
        os.rename(path, doomed)
        remove(doomed)


def _age(stage: str) -> float:
    try:
        return time.time() - os.path.getmtime(stage)
    except FileNotFoundError:
        return 0.0  # finished at this moment


def _size(folder: str) -> int:
    walked = os.walk(folder)
    return sum(os.path.getsize(f"{at}/{name}") for at, _, names in walked for name in names)
