"""Lets the cross interpreter answer for the target where crossenv does not.

It is imported as the interpreter starts.  What is the interpreter's own, and cannot be changed, is
watched: who asks in a package's source stands in a log, a line each: file, line, question.
"""

import os
import struct
import sys
import types

#: Whether a package is built, the folder of its source, and the log.
_BUILDS = "CROSSBUILD_SOURCE" in os.environ
_SOURCE = os.path.join(os.environ.get("CROSSBUILD_SOURCE", os.devnull), "")
_LOG = os.environ.get("CROSSBUILD_QUESTIONS", os.devnull)

#: Where the target's libraries are: Yocto's folders, and Debian's below them.
_SYSROOT = os.environ.get("SDKTARGETSYSROOT", os.devnull)
_LIBRARIES = ("usr/lib", "lib", "usr/lib/*-linux-*", "lib/*-linux-*")

#: Formats of one native number whose size differs between the machines.
_NATIVE = ("l", "L", "n", "N", "@l", "@L", "@n", "@N")
_POINTER = ("P", "@P", "0P")

#: What the target has: a pointer's bytes, and the name of its word size.
_POINTER_SIZE = 4
_BITS = "32bit"


def asker():
    """File and line of the package's source that asked, as ``file:line``; empty for others.

    Code on a command line counts: CMake's modules and Makefiles ask so.
    """
    frame = sys._getframe(2)  # noqa: SLF001
    name = frame.f_code.co_filename
    if name.startswith("<"):  # code that setuptools read from a file and runs
        name = frame.f_globals.get("__file__") or ""
        if not name and _BUILDS and frame.f_globals.get("__name__") == "__main__":
            return "python -c"
    path = os.path.abspath(name)
    if not path.startswith(_SOURCE):
        return ""
    return "%s:%d" % (path[len(_SOURCE) :], frame.f_lineno)


def watch(place, question):
    """Note that the build machine's answer was given to the package's source."""
    if place:
        with open(_LOG, "a") as log:
            log.write("%s: %s\n" % (place, question))


class WatchedSys(types.ModuleType):
    """The module ``sys``, which tells who asks for the word size of the interpreter."""

    @property
    def maxsize(self):
        watch(asker(), "sys.maxsize")
        return self.__dict__["maxsize"]


def calcsize(own):
    """``struct.calcsize`` that answers for the target where a package's source asks for a pointer.

    Others pack data in this process: they, and who asks for numbers, get its sizes.
    """

    def answer(wanted):
        place = asker()
        text = wanted.decode() if isinstance(wanted, bytes) else wanted
        if place and text in _POINTER:
            return _POINTER_SIZE
        if text in _NATIVE:
            watch(place, 'struct.calcsize("%s")' % text)
        return own(wanted)

    return answer


def sizeof(own):
    """``ctypes.sizeof`` with the same answers."""

    def answer(value):
        place = asker()
        name = getattr(value, "__name__", "")
        if place and name == "c_void_p":
            return _POINTER_SIZE
        if name in ("c_long", "c_ulong"):
            watch(place, "ctypes.sizeof(%s)" % name)
        return own(value)

    return answer


def architecture(own):
    """``platform.architecture`` that answers for the target, but where a file is named."""

    def answer(*args, **kwargs):
        return own(*args, **kwargs) if args or kwargs else (_BITS, "ELF")

    return answer


def find_library(own):
    """``ctypes.util.find_library`` that looks in the sysroot where a package's source asks."""

    def answer(name):
        if not asker():
            return own(name)
        import glob  # slow to load, and seldom needed

        root, pattern = glob.escape(_SYSROOT), "lib%s.so*" % glob.escape(name)
        found = (glob.glob(os.path.join(root, folder, pattern)) for folder in _LIBRARIES)
        names = {os.path.basename(path) for paths in found for path in paths}
        # libz.so.1 stands before libz.so.1.2.13, and a link name comes last.
        return min(names, key=lambda one: (one.endswith(".so"), len(one)), default=None)

    return answer


# crossenv's patches of other modules call the rest, when these are imported.
sys.__class__ = WatchedSys
struct.calcsize = calcsize(struct.calcsize)
