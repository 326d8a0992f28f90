"""ELF files made for tests: real ones by the SDK's compiler, broken ones by hand."""

import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from crossbuild.sdk.model import Sdk

#: An extension module as small as one gets; its code needs nothing of any library.
MODULE = """
extern void *PyModule_Create2(void *, int);
static char definition[64];
void *PyInit_sample(void) { return PyModule_Create2(definition, 1013); }
"""


class Compiler:
    """The SDK's compiler, for sources given as text."""

    def __init__(self, sdk: Sdk, folder: Path) -> None:
        self.sdk, self.folder, self._count = sdk, folder, 0

    def shared(self, source: str, *flags: str, plain: bool = False) -> bytes:
        """A shared object; *flags* come after the SDK's own, which *plain* leaves out."""
        self._count += 1
        text = self.folder / f"{self._count}.c"
        text.write_text(source)
        return self.link(text, self.folder / f"{self._count}.so", *flags, plain=plain)

    def link(self, source: Path, output: Path, *flags: str, plain: bool = False) -> bytes:
        """Compile and link *source*, which need not be C."""
        cc = self.sdk.tools.cc
        sysroot = f"--sysroot={self.sdk.target_sysroot}"
        words = [cc[0], sysroot] if plain else [*cc]
        kind = [] if "-r" in flags else ["-shared"]
        argv = [*words, "-O2", "-fPIC", *kind, "-o", str(output), str(source), *flags]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return output.read_bytes()

    def library(self, soname: str, source: str, *flags: str) -> Path:
        """A library to link against; returns its path."""
        folder = self.folder / f"lib{self._count}"
        folder.mkdir()
        (folder / "l.c").write_text(source)
        path = folder / soname
        self._count += 1
        self.link(folder / "l.c", path, f"-Wl,-soname,{soname}", *flags)
        return path

    def versioned(self, soname: str, version: str, function: str) -> Path:
        """A library whose *function* has a symbol version."""
        script = self.folder / f"{version}.map"
        script.write_text(f"{version} {{ global: {function}; local: *; }};\n")
        source = f"int {function}(void) {{ return 1; }}"
        return self.library(soname, source, f"-Wl,--version-script={script}")


@pytest.fixture(scope="session")
def compiler(bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    return Compiler(bookworm, tmp_path_factory.mktemp("elf-files"))


def header(machine: int, *, kind: int = 3, wide: bool = True) -> bytes:
    """An ELF file of nothing but its header.

    :param machine: EM_* number (183 AArch64, 62 x86-64)
    :param kind: ET_* number (1 object file, 3 shared object)
    """
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    layout = "<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH"
    size, program, section = (64, 56, 64) if wide else (52, 32, 40)
    fields = struct.pack(layout, kind, machine, 1, 0, 0, 0, 0, size, program, 0, section, 0, 0)
    return ident + fields


def static_library(members: Mapping[str, bytes]) -> bytes:
    """An ``ar`` archive."""
    parts = [b"!<arch>\n"]
    for name, data in members.items():
        parts.append(f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        parts.append(data + b"\n" * (len(data) % 2))
    return b"".join(parts)


def bsd_static_library(name: str, data: bytes) -> bytes:
    """An ``ar`` archive of one member, as BSD and macOS write it."""
    head = f"{f'#1/{len(name)}':<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(name) + len(data):<10}`\n"
    return b"!<arch>\n" + head.encode() + name.encode() + data
