"""A hard-linked copy of a reference SDK that can be spoilt, and healed again."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crossbuild.core.command import run
from crossbuild.sdk import environment_script
from crossbuild.sdk.model import Sdk


@dataclass
class SdkCopy:
    """The copy.  No file that it shares with the original is ever written to."""

    original: Sdk
    root: Path
    stash: Path
    _undo: list[tuple[Path, Path | None]] = field(default_factory=list)

    @property
    def script(self) -> Path:
        return next(self.root.glob("environment-setup-*"))

    @property
    def sysroot(self) -> Path:
        return self.root / self.original.target_sysroot.relative_to(self.original.root)

    @property
    def native(self) -> Path:
        return self.root / self.original.native_sysroot.relative_to(self.original.root)

    @property
    def tools(self) -> Path:
        """The folder of the compilers."""
        compiler = Path(self.original.tools.cc[0])
        return self.root / compiler.parent.relative_to(self.original.root)

    def tool(self, name: str) -> Path:
        return self.tools / f"{self.original.triple}-{name}"

    def hide(self, *patterns: str) -> None:
        """Take the files away that match, relative to the copy's root."""
        for pattern in patterns:
            found = [path for path in self.root.glob(pattern) if path.is_symlink() or path.exists()]
            assert found, f"{pattern} matches nothing"
            for path in found:
                self._put_aside(path)

    def put(self, path: Path, content: str | bytes | Path, mode: int = 0o644) -> Path:
        """Put a file (a copy of another where that is given) in the place of what is there."""
        if path.is_symlink() or path.exists():
            self._put_aside(path)
        else:
            self._undo.append((path, None))
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            content = content.read_bytes()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def link(self, path: Path, target: str) -> None:
        """Put a symbolic link in the place of what is there."""
        self._put_aside(path)
        path.symlink_to(target)

    def folder(self, path: Path) -> None:
        """Put a folder in the place of what is there."""
        self._put_aside(path)
        path.mkdir()

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        self.put(path, text.replace(old, new), path.stat().st_mode & 0o777)

    def wrap(self, name: str, answers: str) -> None:
        """Put a shell script before a tool: a ``case "$*"`` with *answers*, else the tool."""
        real = self.tool(name).resolve()
        self.put(
            self.tool(name),
            f'#!/bin/sh\ncase "$*" in\n{answers}\nesac\nexec {real} "$@"\n',
            0o755,
        )

    def library(
        self, path: Path, functions: Sequence[str], text: str, *words: str, soname: str = ""
    ) -> Path:
        """Put a small shared library there, compiled by the original's compiler.

        :param text: a string in it
        """
        source, result = self.stash / "library.c", self.stash / "library.so"
        body = "".join(f"void {name}(void) {{ }}\n" for name in functions)
        source.write_text(f'{body}const char *crossbuild_text(void) {{ return "{text}"; }}\n')
        cc = [word for word in self.original.tools.cc if not words or "-mcpu" not in word]
        flags = ["-shared", "-fPIC", f"-Wl,-soname,{soname or 'libopenblas.so.0'}"]
        run([*cc, *words, *flags, source, "-o", result])
        return self.put(path, result)

    def heal(self) -> None:
        """Undo everything."""
        while self._undo:
            path, kept = self._undo.pop()
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.is_dir():
                shutil.rmtree(path)
            if kept is not None:
                kept.rename(path)

    def _put_aside(self, path: Path) -> None:
        kept = self.stash / f"{len(self._undo)}"
        path.rename(kept)
        self._undo.append((path, kept))


def make(original: Sdk, folder: Path) -> SdkCopy:
    """Copy an SDK by hard links (a tenth of a second for each thousand files)."""
    stash = folder / "stash"
    stash.mkdir()
    return SdkCopy(original, hard_linked(original.root, folder / "sdk"), stash)


def hard_linked(root: Path, destination: Path) -> Path:
    """A copy of an SDK by hard links alone, as if it had been moved there."""
    shutil.copytree(root, destination, symlinks=True, copy_function=os.link)
    return destination


def edit(path: Path, old: str, new: str) -> None:
    """Change a file of a copy without touching what it is linked to."""
    text = path.read_text()
    assert old in text
    path.unlink()
    path.write_text(text.replace(old, new))


@contextmanager
def spoilt(copy: SdkCopy) -> Iterator[SdkCopy]:
    """The copy, healed afterwards."""
    try:
        yield copy
    finally:
        copy.heal()
        assert environment_script.scripts(copy.root)


@pytest.fixture(scope="session")
def whole_copy(bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory) -> SdkCopy:
    return make(bookworm, tmp_path_factory.mktemp("sdk-copy"))


@pytest.fixture
def copy(whole_copy: SdkCopy) -> Iterator[SdkCopy]:
    with spoilt(whole_copy):
        yield whole_copy
