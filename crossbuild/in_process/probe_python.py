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


def main():
    import os

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
                "missing": [name for name in sys.argv[1:] if not readable(name)],
            }
        )
    )


main()
