"""A cache of what Cython makes of a package's modules: a tenth of the time of scipy's build.

It is a program in front of Cython, as ccache is in front of a compiler.  Its arguments are the
folder of the cache, an *identity*, the folder that the build lies in, then Cython's command line.

The identity covers all that Cython reads beside the module itself: the package's source and
recipe, and the versions of its build requirements.  All of these are locked, so the cache need
not look for the files that a ``cimport`` or ``include`` names.  The build's folder and the Python
that runs Cython are no part of a key: another checkout and another Python hit.
"""

import os
import sys

from crossbuild.toolchain import compile_cache
from crossbuild.toolchain.compile_cache import content, place

#: ccache's own words for a cache that is off, and for one that compiles all again.
_OFF = ("CCACHE_DISABLE", "CCACHE_RECACHE")
#: Words that are known to make nothing but the module's code.
_PLAIN = {"-2", "-3", "--3str", "--fast-fail", "--cplus", "-+", "-Werror", "-Wextra"}
_OPTIONS = {"-o", "--output-file", "-I", "--include-dir", "-X", "--directive"}
#: Write what the module was made of beside the code, with full paths.
_DEPENDENCIES = {"-M", "--depfile"}
#: Stands for the folder there while it is kept.
_ROOT = b"@crossbuild-root@"


def parse(words: list[str]) -> tuple[str, str] | None:
    """The module's source and the file for its code; None for what is no such call."""
    sources, products = [], []
    waiting = iter(words)
    for word in waiting:
        if word in _OPTIONS:
            value = next(waiting, "")
            products += [value] if word in {"-o", "--output-file"} else []
        elif not word.startswith("-"):
            sources.append(word)
        elif word not in _PLAIN | _DEPENDENCIES and not word.startswith(("-I", "-X")):
            return None
    if len(sources) != 1 or len(products) != 1:
        return None
    return sources[0], products[0]


def products_of(product: str) -> dict[str, str]:
    """The files that Cython may write: the code, what its public parts need, dependencies."""
    stem = os.path.splitext(product)[0]
    return {"code": product, "h": f"{stem}.h", "api": f"{stem}_api.h", "dep": f"{product}.dep"}


def key(words: list[str], source: str, product: str, identity: str, root: str) -> str:
    """The name under which a module's code is kept.

    :raises OSError: the source cannot be read
    """
    # Meson's folder for the product has the Python in its name; the code has not.
    told = [os.path.basename(word) if word == product else word for word in words]
    told = [word.replace(root, "") for word in (os.getcwd(), *told)]
    parts = [(part, b"") for part in ("1", identity, *told)]
    return compile_cache.key([*parts, ("", content(source))])


def restore(entry: str, product: str, root: str) -> bool:
    """Put what is kept of a module where Cython would; tell whether there is anything."""
    try:
        said = content(os.path.join(entry, "said"))
        for name, path in products_of(product).items():
            kept = os.path.join(entry, name)
            if os.path.isfile(kept):
                place(content(kept).replace(_ROOT, root.encode()), path)
        os.utime(entry)
    except FileNotFoundError:
        return False  # also where it is removed at this moment, for want of room
    os.write(2, said)
    return True


def translate_and_keep(argv: list[str], stage: str, entry: str, product: str, root: str) -> int:
    """Run Cython and keep what it makes under *entry*; the exit status.

    :param stage: an empty folder, which becomes the entry
    """
    said = os.path.join(stage, "said")
    try:
        status = 0 if _served(argv[1:], said) else compile_cache.run(argv, said)
        os.write(2, content(said))
        if status == 0 and _collected(product, stage, root.encode()):
            compile_cache.keep(stage, entry)
    finally:
        compile_cache.remove(stage)
    return status


def _served(words: list[str], said: str) -> bool:
    """Let the build's Cython server translate the module; tell whether it did.

    :param said: the file for its warnings
    """
    folder, name = os.path.split(os.environ.get("CROSSBUILD_CYTHON", ""))
    if not name:
        return False
    import json
    import socket

    request = {"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}
    try:
        # A socket's path holds no more than 107 bytes; this one always does.
        place = os.open(folder, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as server, open(said, "wb") as stream:
            server.connect(f"/proc/self/fd/{place}/{name}")
            socket.send_fds(server, [b"!"], [1, stream.fileno()])
            server.sendall(json.dumps(request).encode())
            server.shutdown(socket.SHUT_WR)
            return server.recv(1) == b"+"
    except OSError:
        return False


def _collected(product: str, stage: str, root: bytes) -> bool:
    """Copy what Cython made to the stage; tell whether it may be kept.

    Code that names the folder is not that of another one.
    """
    for name, path in products_of(product).items():
        if os.path.isfile(path):
            text = content(path)
            if name == "dep":
                text = text.replace(root, _ROOT)
            elif root in text:
                return False
            place(text, os.path.join(stage, name))
    return True


def main(arguments: list[str]) -> int:
    """Run Cython through the cache; the exit status."""
    folder, identity, root, python, script, *words = arguments
    argv = [python, script, *words]
    call = None if any(map(os.environ.get, _OFF)) else parse(words)
    # What is there already might be taken for what Cython made.
    if call is None or any(map(os.path.exists, products_of(call[1]).values())):
        os.execv(python, argv)
    product = call[1]
    try:
        entry = compile_cache.entry_of(folder, key(words, *call, identity, root))
        if restore(entry, product, root):
            return 0
        stage = compile_cache.stage_in(folder)
    except (OSError, ValueError):  # ValueError: a name in no encoding of ours
        os.execv(python, argv)
    return translate_and_keep(argv, stage, entry, product, root)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
