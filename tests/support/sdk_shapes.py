"""Other shapes that an SDK comes in, made of a copy of a reference SDK."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from crossbuild.python.build_python import BuildPython
from tests.support.nativesdk import nativesdk_python
from tests.support.sdk_copy import SdkCopy, edit, hard_linked

_MULTIARCH = "arm-linux-gnueabihf"
_POKY = "arm-poky-linux-gnueabi"

#: What hardened distributions (security_flags.inc of oe-core) put into CC and LDFLAGS.
_HARDENED = (
    "-fstack-protector-strong -D_FORTIFY_SOURCE=2 "
    "-Wformat -Wformat-security -Werror=format-security"
)


def _multiarch(copy: SdkCopy) -> None:
    """The libraries lie in a folder named after the triple, as Debian has them."""
    flat = copy.sysroot / "usr/lib"
    folder = flat / _MULTIARCH
    folder.mkdir(exist_ok=True)
    for path in [*flat.iterdir()]:
        place = folder / path.name
        if (
            path == folder
            or path.name.startswith("python3")
            or place.is_symlink()
            or place.exists()
        ):
            continue
        path.rename(place)
    for path in folder.glob("*.so"):
        if path.is_file() and b"GNU ld script" in path.read_bytes():
            moved = re.sub(r"(/lib/)(?!arm-)", rf"\1{_MULTIARCH}/", path.read_text())
            path.unlink()
            path.write_text(moved)


def _poky_triple(copy: SdkCopy) -> None:
    """The tools have poky's names: the float ABI is in the flags alone."""
    folder = copy.tools.parent / _POKY
    folder.mkdir()
    for path in copy.tools.iterdir():
        name = path.name.replace(f"{_MULTIARCH}-", f"{_POKY}-")
        (folder / name).symlink_to(os.path.relpath(path.resolve(), folder))
    text = copy.script.read_text().replace(f"{_MULTIARCH}-", f"{_POKY}-")
    _rewrite(copy, text.replace(f"usr/bin/{_MULTIARCH}:", f"usr/bin/{_POKY}:"))


def _nameless(copy: SdkCopy) -> None:
    """Nothing says which release it is: no ``version-*``, no OECORE_*_VERSION."""
    for path in copy.root.glob("version-*"):
        path.unlink()
    text = re.sub(r"export OECORE_(DISTRO|SDK)_VERSION=.*\n", "", copy.script.read_text())
    _rewrite(copy, text)


def _rewrite(copy: SdkCopy, text: str) -> None:
    script = copy.script
    script.unlink()
    script.write_text(text)


#: They change the copy for good.
SHAPES: Mapping[str, Callable[[SdkCopy], None]] = {
    "multiarch": _multiarch,
    "poky-triple": _poky_triple,
    "nameless": _nameless,
}


def zeus_shaped(root: Path, destination: Path, python: BuildPython) -> Path:
    """A copy with what makes zeus's SDKs hard.

    Its native Python is a shell wrapper without pip, venv and headers; the script exports
    PYTHONHOME; CC carries the words of a hardened distribution.
    """
    hard_linked(root, destination)
    native = next(destination.glob("sysroots/x86_64-*"))
    nativesdk_python(python, native)
    script = next(destination.glob("environment-setup-*"))
    edit(script, "-mcpu=cortex-a9 ", f"-mcpu=cortex-a9 {_HARDENED} ")
    edit(script, 'OECORE_DISTRO_VERSION="11"', 'OECORE_DISTRO_VERSION="3.0"')
    edit(script, 'LDFLAGS="-Wl,-O1', 'LDFLAGS="-Wl,-z,relro,-z,now -Wl,-O1')
    script.write_text(f'{script.read_text()}\nexport PYTHONHOME="{native}/usr"\n')
    return destination
