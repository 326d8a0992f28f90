"""SDKs as old Yocto releases leave them, made out of a reference SDK."""

import os
import shutil
from pathlib import Path

from crossbuild.python.build_python import BuildPython
from tests.python.test_build_python import nativesdk_python

#: What hardened distributions (security_flags.inc of oe-core) put into CC and LDFLAGS.
HARDENED = (
    "-fstack-protector-strong -D_FORTIFY_SOURCE=2 "
    "-Wformat -Wformat-security -Werror=format-security"
)


def copied(root: Path, destination: Path) -> Path:
    """A hard-linked copy of an SDK, as if it had been moved there."""
    shutil.copytree(root, destination, symlinks=True, copy_function=os.link)
    return destination


def edit(path: Path, old: str, new: str) -> None:
    """Change a file of a copy without touching what it is linked to."""
    text = path.read_text()
    assert old in text
    path.unlink()
    path.write_text(text.replace(old, new))


def zeus_shaped(root: Path, destination: Path, python: BuildPython) -> Path:
    """A copy with what makes zeus's SDKs hard.

    Its native Python is a shell wrapper without pip, venv and headers; the script exports
    PYTHONHOME; CC carries the words of a hardened distribution.
    """
    copied(root, destination)
    native = next(destination.glob("sysroots/x86_64-*"))
    nativesdk_python(python, native)
    script = next(destination.glob("environment-setup-*"))
    edit(script, "-mcpu=cortex-a9 ", f"-mcpu=cortex-a9 {HARDENED} ")
    edit(script, 'OECORE_DISTRO_VERSION="11"', 'OECORE_DISTRO_VERSION="3.0"')
    edit(script, 'LDFLAGS="-Wl,-O1', 'LDFLAGS="-Wl,-z,relro,-z,now -Wl,-O1')
    script.write_text(f'{script.read_text()}\nexport PYTHONHOME="{native}/usr"\n')
    return destination
