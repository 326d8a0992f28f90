# ruff: noqa: PTH
# mypy: ignore-errors
"""What an interpreter says about itself, printed as one Python literal.

Runs inside any Python from 3.5 on, also one without json, sysconfig data or zlib.
"""

import sys


def readable(name):
    try:
        __import__(name)
    except Exception:  # noqa: BLE001 - a broken extension module may raise anything
        return False
    return True


def include_directory():
    try:
        import sysconfig

        return sysconfig.get_path("include", vars={"base": sys.base_prefix})
    except Exception:  # noqa: BLE001 - the sysconfigdata file may be missing or broken
        return None


def libraries():
    """The shared libraries that it has loaded, its own and those of its modules."""
    with open("/proc/self/maps") as maps:
        paths = {line.rstrip("\n").partition("/")[2] for line in maps}
    return sorted("/" + path for path in paths if ".so" in path)


def main():
    import os

    missing = [name for name in sys.argv[1:] if not readable(name)]
    print(
        repr(
            {
                "exe": os.readlink("/proc/self/exe"),
                "implementation": sys.implementation.name,
                "version": list(sys.version_info[:3]),
                "maxsize": sys.maxsize,
                "abiflags": getattr(sys, "abiflags", ""),
                "prefix": sys.prefix,
                "base_prefix": sys.base_prefix,
                "stdlib": os.path.dirname(os.__file__),
                "include": include_directory(),
                "missing": missing,
                "libraries": libraries(),
            }
        )
    )


main()
