"""The native sysroot of an SDK with a Python, as oe-core's nativesdk recipes leave it."""

import shutil
from pathlib import Path

from crossbuild.python.build_python import BuildPython
from crossbuild.sdk.model import Sdk, Tools

#: As oe-core's create_wrapper writes it (meta/classes/utils.bbclass).
WRAPPER = """#!/bin/bash
realpath=`readlink -fn $0`
realdir=`dirname $realpath`
export PYTHONHOME="$realdir/.."
exec -a "$0" "$realdir/python{version}.real" "$@"
"""


def nativesdk_python(python: BuildPython, root: Path) -> Path:
    """A native sysroot whose Python is a wrapper, without headers, pip, venv and ensurepip."""
    binaries, library = root / "usr/bin", root / "usr/lib" / f"python{python.version}"
    binaries.mkdir(parents=True, exist_ok=True)
    library.mkdir(parents=True)
    shutil.copy(python.executable, binaries / f"python{python.version}.real")
    wrapper = binaries / f"python{python.version}"
    wrapper.write_text(WRAPPER.format(version=python.version), encoding="utf-8")
    wrapper.chmod(0o755)
    for entry in python.stdlib.iterdir():
        if entry.name not in ("venv", "ensurepip", "site-packages", "__pycache__", "test"):
            copy = shutil.copytree if entry.is_dir() else shutil.copy2
            copy(entry, library / entry.name)
    return wrapper


def sdk_with(native_sysroot: Path) -> Sdk:
    tools = Tools((), (), None, "", "", "", "", "", "", "", ())
    nothing = Path("/nonexistent")
    return Sdk(
        root=native_sysroot,
        script=nothing,
        name="cortexa9hf-neon-poky-linux-gnueabi",
        variables={},
        native_sysroot=native_sysroot,
        target_sysroot=nothing,
        tools=tools,
        triple="arm-poky-linux-gnueabi",
        gcc_version="9.2.0",
        glibc_version="2.30",
        library_dirs=(),
        include_dirs=(),
        content_id="",
    )
