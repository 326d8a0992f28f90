"""Runs Cython so that no module holds the folder in which its source lay.

Cython names a source by its path from the working folder; where the source lies elsewhere, as
with Meson, by its full path.  A module's table of sources holds the file's name alone.  Its code
objects hold the full path before release 3.1.  Here both are cut to the name.

Python's garbage collector is off, which saves a tenth of the time: the process translates one
module, and its memory goes with it.
"""

import gc
import os.path
import sys


def main():
    gc.disable()
    from Cython.Compiler import Main, Scanning

    source = Scanning.FileSourceDescriptor
    if not hasattr(source, "get_relative_path"):  # Cython 3.3 and later name none in full
        entry = source.get_filenametable_entry
        source.get_filenametable_entry = lambda self: without_folder(entry(self))
    return Main.setuptools_main()


def without_folder(path):
    return os.path.basename(path) if os.path.isabs(path) else path


if __name__ == "__main__":
    # This script's folder holds modules that are not meant for Cython.
    del sys.path[0]
    sys.exit(main())
