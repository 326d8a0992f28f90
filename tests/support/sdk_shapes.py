"""Other shapes that an SDK comes in, made of a copy of a reference SDK."""

import os
import re
from collections.abc import Callable, Mapping

from tests.support.sdk_copy import SdkCopy

_MULTIARCH = "arm-linux-gnueabihf"
_POKY = "arm-poky-linux-gnueabi"


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
