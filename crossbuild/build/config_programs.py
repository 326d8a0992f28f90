"""Programs such as ``xml2-config`` in a build: they tell of the sysroot, or refuse."""

from pathlib import Path

from crossbuild.core import files
from crossbuild.sdk import config_programs

_BUILD_MACHINE_FOLDERS = (Path("/usr/local/bin"), Path("/usr/bin"))

_REFUSAL = """#!/bin/sh
echo "crossbuild: {name} tells of the build machine, and the sysroot has none that runs here:" \\
    "let the package ask pkg-config, which tells of the sysroot" >&2
exit 1
"""


def write(sysroot: Path, directory: Path) -> None:
    """Write a program for each that the sysroot or the build machine has.

    Those of the build machine alone refuse to answer, which packages take for a missing library.
    """
    there = {path.name: b"" for path in config_programs.found(*_BUILD_MACHINE_FOLDERS)}
    for name, script in {**there, **config_programs.of_sysroot(sysroot)}.items():
        content = script or _REFUSAL.format(name=name).encode()
        files.write_bytes(directory / name, content, mode=0o755)
