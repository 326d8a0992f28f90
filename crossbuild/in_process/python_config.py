"""``python3-config`` as CPython's own script answers, run by the cross interpreter.

Of the words for linking it names no libpython, as from Python 3.8 on, unless ``--embed`` is given:
an extension module must not need one (https://docs.python.org/3/whatsnew/3.8.html).
"""

import sys
import sysconfig

_OPTIONS = (
    *("prefix", "exec-prefix", "includes", "libs", "cflags", "ldflags", "extension-suffix"),
    *("abiflags", "configdir", "embed", "help"),
)


def words(name):
    return str(sysconfig.get_config_var(name) or "").split()


def includes():
    return ["-I" + sysconfig.get_path("include")]


def libraries(embed):
    version = sysconfig.get_config_var("VERSION") + (sysconfig.get_config_var("ABIFLAGS") or "")
    return ["-lpython" + version] * embed + words("LIBS") + words("SYSLIBS")


def answer(option, embed):
    if option in ("prefix", "exec-prefix"):  # its include folder is there
        return [sysconfig.get_path("include").rpartition("/include/")[0]]
    if option == "includes":
        return includes()
    if option == "cflags":
        return includes() + words("CFLAGS")
    if option in ("libs", "ldflags"):
        return libraries(embed)
    names = {"extension-suffix": "EXT_SUFFIX", "abiflags": "ABIFLAGS", "configdir": "LIBPL"}
    return words(names[option])


def main(arguments):
    options = [argument[2:] for argument in arguments]
    if not options or "help" in options or not set(options) <= set(_OPTIONS):
        sys.exit("Usage: python3-config --" + "|--".join(_OPTIONS))
    for option in options:
        if option != "embed":
            print(" ".join(answer(option, "embed" in options)))


if __name__ == "__main__":
    main(sys.argv[1:])
