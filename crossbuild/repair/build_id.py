"""Build ids that say nothing of the machine that linked.

A linker's build id is a digest of what it wrote, and so of what strip takes away: ld up to
binutils 2.35 writes the full path of ``crti.o`` among the symbols, whose length counts.  Where a
module named a folder of the build machine, its id is made anew, of what the board gets.
"""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from crossbuild.elf import file as elf
from crossbuild.repair.strip import stripped
from crossbuild.sdk.model import Sdk


def renew(modules: Iterable[Path], sdk: Sdk, log: Path) -> None:
    """Make the build id of modules that are not stripped yet of what strip leaves of them."""
    for module in modules:
        if length := len(elf.read(module).build_id) // 2:
            with tempfile.TemporaryDirectory() as folder:
                output = Path(folder) / module.name
                stripped(module, output, sdk, log)
                shipped = _with_build_id(output, bytes(length))
            identity = hashlib.shake_256(shipped).digest(length)
            module.write_bytes(_with_build_id(module, identity))


def _with_build_id(path: Path, identity: bytes) -> bytes:
    """The bytes of an ELF file with another build id of the same length."""
    module = elf.read(path)
    section = module.section(".note.gnu.build-id")
    assert section is not None
    end = section.offset + section.size
    return module.data[: end - len(identity)] + identity + module.data[end:]
