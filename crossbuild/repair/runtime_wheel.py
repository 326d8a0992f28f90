"""Shared libraries once per board: a runtime wheel that other wheels require.

OpenBLAS and libgfortran grafted into every wheel would lie on the board several times,
each with a thread pool of its own.  So the libraries that a recipe links with, and what
these need and the board lacks, go into one wheel; modules find it by ``$ORIGIN``.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from crossbuild.audit.profile import BoardProfile
from crossbuild.core import abi, files
from crossbuild.core.command import run, run_own
from crossbuild.core.errors import RepairError
from crossbuild.elf import file as elf
from crossbuild.sdk.model import Sdk
from crossbuild.wheel import pack as wheel

#: What the wheel is beside its libraries; another value gives it another version.
_LAYOUT = "d7b3dce2832a088462de50992f86649415372b86de2c12a7e56f58e73cad90df"

PACKAGE = "crossbuild_runtime"
DISTRIBUTION = "crossbuild-runtime"

_TAG = f"py3-none-{abi.PLATFORM_TAG}"
_METADATA = """Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: Shared libraries of the wheels that crossbuild made with one SDK: {names}
"""
_WHEEL = """Wheel-Version: 1.0
Generator: crossbuild
Root-Is-Purelib: false
Tag: {tag}
"""


@dataclass(frozen=True)
class Runtime:
    """A runtime wheel.

    :ivar version: tells its content, so that a requirement names these very libraries
    :ivar names: sonames in the sysroot, and what the same libraries are called in the wheel
    """

    wheel: Path
    version: str
    names: Mapping[str, str]

    @property
    def requirement(self) -> str:
        """What a wheel that uses it writes into its metadata."""
        return f"{DISTRIBUTION} (=={self.version})"


def make(sdk: Sdk, board: BoardProfile, libraries: Iterable[str], folder: Path) -> Runtime | None:
    """Make the runtime wheel of some libraries, or take the one that was made before.

    :param libraries: names as in ``-lopenblas``
    :param folder: where runtime wheels are kept
    :returns: None where the board has all of them
    :raises RepairError: a library that one needs is neither in the sysroot nor on the board
    """
    sources = _closure(sdk, board, libraries)
    if not sources:
        return None
    digests = {soname: files.sha256(path) for soname, path in sources.items()}
    names = {soname: _own_name(soname, digest) for soname, digest in digests.items()}
    version = f"1+{files.content_key(digests, _LAYOUT)[:8]}"
    path = folder / f"{PACKAGE}-{version}-{_TAG}.whl"
    with files.exclusive(folder / "lock"):
        if not path.exists():
            with files.disk_errors(folder), tempfile.TemporaryDirectory(dir=folder) as tree:
                _fill(Path(tree), sources, names, version, sdk)
                wheel.pack(Path(tree), path, epoch=wheel.ZIP_EPOCH)
    return Runtime(path, version, names)


def use(tree: Path, modules: Iterable[Path], runtime: Runtime, log: Path) -> None:
    """Let those of an unpacked wheel's modules that need the runtime find it, and require it."""
    used = False
    for module in modules:
        needed = [name for name in elf.read(module).needed if name in runtime.names]
        if needed:
            used = True
            up = os.path.relpath(PACKAGE, module.parent.relative_to(tree))
            renames = [
                w for name in needed for w in ("--replace-needed", name, runtime.names[name])
            ]
            run_own(["patchelf", *renames, "--set-rpath", f"$ORIGIN/{up}", module], log=log)
    if used:
        _require(tree, runtime.requirement)


def _closure(sdk: Sdk, board: BoardProfile, libraries: Iterable[str]) -> dict[str, Path]:
    """The libraries and all that they need, less what the board has, by soname."""
    closure: dict[str, Path] = {}
    pending = [_linked(sdk, f"lib{name}.so") for name in libraries]
    while pending:
        path = pending.pop()
        library = elf.read(path)
        soname = library.soname or path.name
        if soname in closure or soname in board.libraries:
            continue
        closure[soname] = path
        lacking = [name for name in library.needed if name not in board.libraries]
        pending += [_linked(sdk, name) for name in lacking]
    return dict(sorted(closure.items()))


def _linked(sdk: Sdk, name: str) -> Path:
    path = sdk.find_library(name)
    if path is None:
        raise RepairError(
            f"the library {name} is neither in the sysroot nor on the board",
            evidence=f"looked in {', '.join(map(str, sdk.library_dirs))}",
            cure="add its package to TOOLCHAIN_TARGET_TASK and make the SDK anew",
        )
    return path.resolve()


def _own_name(soname: str, digest: str) -> str:
    """A name that no other library has: ``libopenblas-1a2b3c4d.so.0``.

    The loader takes a library of the same name that is loaded already, whatever it is.
    """
    stem, dot, rest = soname.partition(".so")
    return f"{stem}-{digest[:8]}{dot}{rest}"


def _fill(
    tree: Path, sources: Mapping[str, Path], names: Mapping[str, str], version: str, sdk: Sdk
) -> None:
    package = tree / PACKAGE
    package.mkdir()
    for soname, path in sources.items():
        library = package / names[soname]
        shutil.copyfile(path, library)
        run([sdk.tools.strip, "--strip-unneeded", library])
        needed = [name for name in elf.read(library).needed if name in names]
        words = [word for name in needed for word in ("--replace-needed", name, names[name])]
        own = ["--set-soname", names[soname], "--set-rpath", "$ORIGIN", "--clear-execstack"]
        run_own(["patchelf", *words, *own, library])
    title = ", ".join(sources)
    (package / "__init__.py").write_text(f'"""Shared libraries: {title}."""\n')
    info = tree / f"{PACKAGE}-{version}.dist-info"
    info.mkdir()
    metadata = _METADATA.format(name=DISTRIBUTION, version=version, names=title)
    (info / "METADATA").write_text(metadata)
    (info / "WHEEL").write_text(_WHEEL.format(tag=_TAG))


def _require(tree: Path, requirement: str) -> None:
    """Add a requirement to the wheel's metadata, as the last of its headers."""
    metadata = next(tree.glob("*.dist-info/METADATA"))
    headers, blank, body = metadata.read_text(encoding="utf-8").partition("\n\n")
    text = f"{headers.rstrip()}\nRequires-Dist: {requirement}\n{blank[1:]}{body}"
    metadata.write_text(text, encoding="utf-8")
