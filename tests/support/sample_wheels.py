"""Small wheels made for tests, and the board's Python that they are for."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crossbuild.audit.profile import BoardPython
from crossbuild.wheel import pack as wheel

EXT_SUFFIX = ".cpython-311-arm-linux-gnueabihf.so"
TAG = "cp311-cp311-linux_armv7l"

PYTHON = BoardPython(
    version="3.11",
    full_version="3.11.2",
    abi_tag="cp311",
    ext_suffix=EXT_SUFFIX,
    pip="23.0.1",
    symbols=frozenset({"PyModule_Create2"}),
)


@dataclass
class Sample:
    """A wheel to be: its files, and what its metadata says.

    :ivar headers: further lines of METADATA
    """

    name: str = "sample"
    version: str = "1.0"
    tag: str = TAG
    files: Mapping[str, bytes] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    metadata_name: str = ""
    wheel_tag: str = ""
    headers: str = ""

    def build(self, folder: Path) -> Path:
        """Pack it."""
        tree = folder / f"tree-{self.name}"
        info = f"{self.name}-{self.version}.dist-info"
        requires = "".join(f"Requires-Dist: {text}\n" for text in self.requires)
        metadata = (
            f"Metadata-Version: 2.1\nName: {self.metadata_name or self.name}\n"
            f"Version: {self.version}\n{requires}{self.headers}\n"
        )
        headers = f"Wheel-Version: 1.0\nGenerator: test\nTag: {self.wheel_tag or self.tag}\n\n"
        texts = {f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": headers.encode()}
        for name, data in {**self.files, **texts}.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(data)
            (tree / name).chmod(0o755 if ".data/scripts/" in name else 0o644)
        return wheel.pack(tree, folder / f"{self.name}-{self.version}-{self.tag}.whl", 0)


def rewritten(path: Path, name: str, data: bytes) -> Path:
    """Replace or add a member without telling RECORD."""
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in {**entries, name: data}.items():
            archive.writestr(member, content)
    return path
