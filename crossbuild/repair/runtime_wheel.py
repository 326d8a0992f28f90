"""Shared libraries once per board: a runtime wheel that other wheels require.

OpenBLAS and libgfortran grafted into every wheel would lie on the board several times,
each with a thread pool of its own.  So the libraries that a recipe links with, and what
these need and the board lacks, go into one wheel; modules find it by ``$ORIGIN``.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossbuild.audit.profile import BoardProfile
from crossbuild.core import abi, files
from crossbuild.core.command import run, run_own
from crossbuild.core.errors import RepairError
from crossbuild.elf import file as elf
from crossbuild.papers import libraries as known
from crossbuild.papers import sbom
from crossbuild.papers.libraries import Library
from crossbuild.repair import layout, licences
from crossbuild.sdk.model import Sdk
from crossbuild.wheel import pack as wheel

#: What the wheel is beside its libraries; another value gives it another version.  A test fails
#: where what is done to libraries changes and this does not.
_LAYOUT = "d58d2ad47a1af121bc4bb4246739cdd442ee7fa68ee72f7e93fad0a3e17d1688"

PACKAGE = "crossbuild_runtime"
DISTRIBUTION = "crossbuild-runtime"

_TAG = f"py3-none-{abi.PLATFORM_TAG}"
_METADATA = """Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: Shared libraries of the wheels that crossbuild made with one SDK: {names}
{licence}"""
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
    described = [
        known.describe(sdk, soname, path, f"{PACKAGE}/{_own_name(soname, path)}")
        for soname, path in sources.items()
    ]
    names = {soname: Path(one.file).name for soname, one in zip(sources, described, strict=True)}
    version = _version(described, sources)
    path = folder / f"{PACKAGE}-{version}-{_TAG}.whl"
    with files.exclusive(folder / "lock"):
        if not path.exists():
            with files.disk_errors(folder), tempfile.TemporaryDirectory(dir=folder) as tree:
                _fill(Path(tree), sources, names, sdk)
                _add_papers(Path(tree), described, version, sources)
                wheel.pack(Path(tree), path, epoch=wheel.ZIP_EPOCH)
    return Runtime(path, version, names)


def use(tree: Path, modules: Iterable[Path], runtime: Runtime, log: Path) -> bool:
    """Let those of an unpacked wheel's modules that need the runtime find it, and require it.

    They go on finding the libraries that their own wheel has.

    :returns: whether any needs it
    """
    used = False
    for module in modules:
        facts = elf.read(module)
        needed = [name for name in facts.needed if name in runtime.names]
        if needed:
            used = True
            up = os.path.relpath(PACKAGE, module.parent.relative_to(tree))
            renames = [
                w for name in needed for w in ("--replace-needed", name, runtime.names[name])
            ]
            path = ":".join([*_own_folders(facts, module.parent), f"$ORIGIN/{up}"])
            run_own(["patchelf", *renames, "--set-rpath", path, module], log=log)
    if used:
        layout.require(tree, [runtime.requirement])
    return used


def _own_folders(module: elf.Elf, place: Path) -> Iterator[str]:
    """The entries of a module's search path that lead to what it needs of its own wheel.

    :param place: where it lies
    """
    for entry in module.search_path:
        folder = elf.from_origin(entry)
        if folder is not None and any((place / folder / name).exists() for name in module.needed):
            yield entry


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


def _own_name(soname: str, path: Path) -> str:
    """A name that no other library has: ``libopenblas-1a2b3c4d.so.0``.

    The loader takes a library of the same name that is loaded already, whatever it is.
    """
    stem, dot, rest = soname.partition(".so")
    return f"{stem}-{files.sha256(path)[:8]}{dot}{rest}"


def _fill(tree: Path, sources: Mapping[str, Path], names: Mapping[str, str], sdk: Sdk) -> None:
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
    (package / "__init__.py").write_text(f'"""Shared libraries: {", ".join(sources)}."""\n')


def _add_papers(
    tree: Path, described: Sequence[Library], version: str, sonames: Collection[str]
) -> None:
    """The wheel's metadata, with the licences of what is in it, and its bill of materials.

    That names no SDK: the version stands for these libraries, whatever SDK they are taken from.
    """
    info = tree / f"{PACKAGE}-{version}.dist-info"
    info.mkdir()
    licences.add(described, info)
    (info / "METADATA").write_text(_metadata(described, version, sonames))
    (info / "WHEEL").write_text(_WHEEL.format(tag=_TAG))
    sbom.add(tree, (), described)


def _metadata(described: Sequence[Library], version: str, sonames: Collection[str]) -> str:
    named = {one.licence for one in described}
    licence = f"License: {' AND '.join(sorted(named))}\n" if all(named) else ""
    names = ", ".join(sonames)
    return _METADATA.format(name=DISTRIBUTION, version=version, names=names, licence=licence)


def _version(described: Sequence[Library], sonames: Collection[str]) -> str:
    """What stands for the libraries, for all that the papers say of them, and for the layout."""
    bill = sbom.text(_metadata(described, "0", sonames).encode(), (), (), described)
    texts = [{n: hashlib.sha256(t).hexdigest() for n, t in one.papers.items()} for one in described]
    return f"1+{files.content_key(bill, texts, _LAYOUT)[:8]}"
