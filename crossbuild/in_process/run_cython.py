"""Runs Cython so that no module holds the folder in which its source lay.

Cython names a source by its path from the working folder, but in full where it lies elsewhere,
as with Meson.  Such a path is cut to the file's name in a module's table of sources, but before
release 3.1 not in its code objects.  Here it is cut in both.

It also runs without Python's search for garbage in cycles, a tenth of its time: one module is
translated, and what it took is gone with the process.
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
