"""Appended to f2py's f2py2e.py: keeps what f2py makes of a signature file, and finds it again.

Three values stand before this text, in KEPT: the folder of the cache, an identity, and the folder
that the build lies in.  The identity covers all that f2py reads beside the signature file.  The
build's folder and the Python are no part of a key, so another checkout and another Python hit, as
with Cython's cache (crossbuild/toolchain/cython_cache.py).
"""

import hashlib
import os
import shutil
import sys
import tempfile

#: Words that are known to change nothing but the text that f2py makes.
PLAIN = {"--quiet", "--verbose", "--lower", "--no-lower"}

#: ccache's own words for a cache that is off, and for one that compiles all again.
OFF = ("CCACHE_DISABLE", "CCACHE_RECACHE")

f2py_main = main  # noqa: F821 - f2py's own


def main():
    call = None if any(map(os.environ.get, OFF)) else parse(sys.argv[1:])
    if call is None:
        return f2py_main()
    source, place = call
    try:
        entry = entry_of(source, place)
        if bring(entry, place):
            return None
        os.makedirs(KEPT[0], exist_ok=True)  # noqa: F821
        stage = tempfile.mkdtemp(prefix="stage-", dir=KEPT[0])  # noqa: F821
    except OSError:
        return f2py_main()
    try:
        sys.argv = [stage if word == place else word for word in sys.argv]
        f2py_main()
        hand_over(stage, place, entry)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def parse(words):
    """The signature file and the folder for what is made of it; None for what is no such call."""
    sources, places = [], []
    waiting = iter(words)
    for word in waiting:
        if word == "--build-dir":
            places.append(next(waiting, ""))
        elif word not in PLAIN:
            sources.append(word)
    once = len(sources) == 1 and len(places) == 1
    return (sources[0], places[0]) if once and sources[0].endswith(".pyf") else None


def entry_of(source, place):
    """Where what is made of a signature file lies in the cache, or would.

    :raises OSError: the file cannot be read
    """
    folder, identity, root = KEPT  # noqa: F821
    words = ["" if word == place else word.replace(root, "") for word in sys.argv[1:]]
    told = ["1", identity, os.getcwd().replace(root, ""), repr(words)]
    total = hashlib.sha256("\n".join(told).encode())
    # The second, f2py reads unasked.
    for path in (source, ".f2py_f2cmap"):
        if os.path.exists(path):
            total.update(hashlib.sha256(content(path)).digest())
    name = total.hexdigest()
    return os.path.join(folder, name[:2], name)


def bring(entry, place):
    """Put what an entry has into a folder; tell whether there is one."""
    try:
        names = os.listdir(entry)
        os.makedirs(place, exist_ok=True)
        for name in names:
            shutil.copyfile(os.path.join(entry, name), os.path.join(place, name))
        os.utime(entry)
    except FileNotFoundError:
        return False  # also where it is removed at this moment, for want of room
    return True


def hand_over(stage, place, entry):
    """Put what f2py made into its folder, and keep what names no folder."""
    os.makedirs(place, exist_ok=True)
    keepable = True
    for name in os.listdir(stage):
        text = content(os.path.join(stage, name))
        keepable &= not any(folder.encode() in text for folder in (stage, KEPT[2]))  # noqa: F821
        with open(os.path.join(place, name), "wb") as stream:
            stream.write(text.replace(stage.encode(), place.encode()))
    if keepable:
        try:
            os.makedirs(os.path.dirname(entry), exist_ok=True)
            os.rename(stage, entry)
        except OSError:
            pass  # another has done so, or the disk is full: what was made is in place


def content(path):
    with open(path, "rb") as stream:
        return stream.read()
