"""The overlay: a prefix of crossbuild's own at which crossenv is pointed.

One shape for every SDK and every Python: a placeholder interpreter, the amended
sysconfigdata, a Makefile, a build-details.json, and the headers with the target's ``pyconfig.h``.
"""

import os
import re
import shutil
from pathlib import Path

from crossbuild.core import abi, files
from crossbuild.core.errors import TargetPythonError
from crossbuild.python import build_details
from crossbuild.python.sysconfigdata import (
    Description,
    ToolNames,
    amended_config,
    config_folder,
    config_module,
    header_text,
    makefile,
    without_shared_libpython,
)
from crossbuild.sdk.model import Sdk

_PLACEHOLDER = """#!/bin/sh
echo "$0 stands for the target's Python; it does not run on this machine" >&2
exit 126
"""


def write(source: Description, sdk: Sdk, overlay: Path) -> tuple[Path, Path]:
    """Make the overlay, replacing what is there.

    The compilers in it are bare names (``arm-poky-linux-gnueabi-gcc``), to be found on PATH.

    :returns: its header folder and its sysconfigdata file
    """
    version = str(source.config["VERSION"])
    amended = amended_config(source.config, overlay, _toolchain(sdk))
    headers = Path("include") / f"python{version}{source.config.get('ABIFLAGS') or ''}"
    library = Path("lib") / f"python{version}"
    # Python 3.5 imports it by this name, whatever the file in the sysroot is called.
    name = "_sysconfigdata" if version == "3.5" else source.module
    module = library / f"{name}.py"
    with files.staged_directory(overlay) as stage:
        _copy_headers(source, stage / headers)
        note = f"{source.evidence}; amended for cross-building"
        files.write_text(stage / module, config_module(amended, note))
        folder = stage / library / config_folder(source.config)
        files.write_text(folder / "Makefile", makefile(amended, abi.PLATFORM))
        details = build_details.text(
            source.full_version, source.config, overlay, overlay / headers, _libpython(source, sdk)
        )
        files.write_text(stage / library / build_details.NAME, details)
        files.write_text(stage / "bin" / f"python{version}", _PLACEHOLDER, mode=0o755)
    return overlay / headers, overlay / module


def _toolchain(sdk: Sdk) -> ToolNames:
    usr = (
        folder for folder in sdk.library_dirs if folder.is_relative_to(sdk.target_sysroot / "usr")
    )
    return ToolNames(
        cc=f"{sdk.triple}-gcc",
        cxx=f"{sdk.triple}-g++",
        ar=f"{sdk.triple}-ar",
        ranlib=f"{sdk.triple}-ranlib",
        triple=sdk.triple,
        library_dir=next(usr, sdk.target_sysroot / "usr/lib"),
    )


def _libpython(source: Description, sdk: Sdk) -> Path | None:
    """The sysroot's shared libpython, where that Python has one."""
    name = str(source.config.get("INSTSONAME") or source.config.get("LDLIBRARY") or "")
    return sdk.find_library(name) if ".so" in name else None


def _copy_headers(source: Description, folder: Path) -> None:
    try:
        shutil.copytree(source.headers, folder)
    except shutil.Error as error:  # files that cannot be read, links in a circle
        if files.is_full(error):
            raise
        raise TargetPythonError(
            "the target Python's headers cannot be read",
            evidence=str(error)[:600],
            cure="the sysroot's Python is damaged: reinstall the SDK",
        ) from error
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o755)  # a shared SDK's folders may be read-only
    # The SDK's own may be a read-only file, or a chooser between machines.
    files.remove_tree(folder / "pyconfig.h")
    files.write_text(folder / "pyconfig.h", without_shared_libpython(source.pyconfig))
    patchlevel = folder / "patchlevel.h"
    if not patchlevel.is_file():
        return
    text = header_text(patchlevel)
    stated = with_patch_version(text, source.full_version)
    if stated != text:
        patchlevel.unlink()
        files.write_text(patchlevel, stated)


def with_patch_version(patchlevel: str, full_version: str) -> str:
    """``patchlevel.h`` saying another X.Y.Z (the board's own, where headers are borrowed)."""
    _, _, micro = full_version.rpartition(".")
    pattern = r"^(#define[ \t]+PY_{}[ \t]+).*$"
    text = re.sub(
        pattern.format("VERSION"), rf'\g<1>"{full_version}"', patchlevel, flags=re.MULTILINE
    )
    return re.sub(pattern.format("MICRO_VERSION"), rf"\g<1>{micro}", text, flags=re.MULTILINE)
