"""Libraries of the sysroot that packages link with: also where the linker does not look.

People put an OpenBLAS of their own into ``/opt/openblas`` of the sysroot; pkg-config and
the linker see nothing there.  What is found off the usual path is added to the SDK's
folders, and gets a ``.pc`` file of ours.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.digests import TreeDigest
from crossbuild.sdk.model import Sdk

#: Where else a library may lie in a sysroot; "opt/OpenBLAS" is OpenBLAS's own default.
ELSEWHERE = (
    *("usr/local/lib", "usr/lib/*", "usr/lib/*/*", "usr/*/lib", "usr/local/*/lib"),
    *("opt/lib", "opt/*/lib", "opt/*/*/lib"),
)


@dataclass(frozen=True)
class Library:
    """A library in a sysroot.

    :ivar folder: the folder that holds it
    :ivar shared: ``lib<name>.so``, as the linker takes it
    :ivar static: ``lib<name>.a``
    :ivar runtime: ``lib<name>.so.N``, which alone is enough for a board only
    :ivar on_path: whether the linker looks into the folder by itself
    """

    name: str
    folder: Path
    shared: Path | None
    static: Path | None
    runtime: Path | None
    on_path: bool

    @property
    def include(self) -> Path | None:
        """The folder of its headers, where it has one of its own."""
        include = self.folder.parent / "include"
        return include if include.is_dir() else None


def find(sdk: Sdk, name: str) -> Library | None:
    """The library that packages link with as ``-l<name>``; the best of several.

    One with a shared library is better than one without, then the linker's own folders.
    """
    libraries = [
        library
        for folder, on_path in _folders(sdk)
        if (library := _in_folder(folder, name, on_path=on_path)) is not None
    ]
    return min(libraries, key=lambda library: library.shared is None, default=None)


def reach(sdk: Sdk, names: Iterable[str]) -> Sdk:
    """The SDK with the folders of those of the libraries that lie off its path.

    Its content id then tells what lies there.
    """
    for name in sorted(set(names)):
        library = find(sdk, name)
        if library is None or library.on_path or library.shared is None:
            continue
        include = (library.include,) if library.include else ()
        digest = TreeDigest(None).of(library.folder, [Path()])
        sdk = replace(
            sdk,
            library_dirs=(*sdk.library_dirs, library.folder),
            include_dirs=(*sdk.include_dirs, *include),
            content_id=files.content_key(sdk.content_id, name, digest),
        )
    return sdk


def pkg_config_dirs(sdk: Sdk, names: Iterable[str], folder: Path) -> tuple[Path, ...]:
    """Folders of ``.pc`` files that packages need beside the sysroot's usual ones.

    These are the folders that the SDK's script names, and before them *folder*: one file is
    written to it for each library that the sysroot's own files do not lead to.
    """
    lacking = [
        library
        for name in names
        if (library := find(sdk, name)) and library.shared and not _described(sdk, library)
    ]
    for library in lacking:
        files.write_text(folder / f"{library.name}.pc", _pc(sdk, library))
    return (folder, *sdk.named.pkg_config)


def _folders(sdk: Sdk) -> Iterator[tuple[Path, bool]]:
    """Folders that may hold libraries, and whether the linker looks into them."""
    usual = {folder.resolve() for folder in sdk.library_dirs}
    yield from ((folder, True) for folder in sdk.library_dirs)
    for pattern in ELSEWHERE:
        for folder in sorted(sdk.target_sysroot.glob(pattern)):
            if folder.is_dir() and folder.resolve() not in usual:
                yield folder, False


def _in_folder(folder: Path, name: str, *, on_path: bool) -> Library | None:
    shared, static = folder / f"lib{name}.so", folder / f"lib{name}.a"
    runtime = next(iter(sorted(folder.glob(f"lib{name}.so.*"))), None)
    if not (shared.is_file() or static.is_file() or runtime):
        return None
    return Library(
        name=name,
        folder=folder,
        shared=shared if shared.is_file() else None,
        static=static if static.is_file() else None,
        runtime=runtime,
        on_path=on_path,
    )


def _described(sdk: Sdk, library: Library) -> bool:
    """Whether a ``.pc`` file of the sysroot leads to the library.

    One that was installed under the build machine's name of the sysroot does not:
    pkg-config puts the sysroot before it a second time.  What was brought along brings its own.
    """
    if not library.folder.is_relative_to(sdk.target_sysroot):
        return True
    for folder in sdk.library_dirs:
        path = folder / "pkgconfig" / f"{library.name}.pc"
        if path.is_file():
            folder_named = sdk.target_sysroot / _library_dir(path).lstrip("/")
            return folder_named.resolve() == library.folder.resolve()
    return False


def _library_dir(path: Path) -> str:
    """The value of ``libdir`` in a ``.pc`` file."""
    text = files.beginning(path).decode(errors="replace")
    values = dict(re.findall(r"^(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))
    value = str(values.get("libdir", ""))
    for _ in values:  # as many steps as there are names: no loop in the file is endless
        value = re.sub(r"\$\{(\w+)\}", lambda match: str(values.get(match[1], "")), value)
    return value


def _pc(sdk: Sdk, library: Library) -> str:
    """A description with paths as the target has them; pkg-config prefixes the sysroot."""
    folder = library.folder.relative_to(sdk.target_sysroot)
    include = (library.include or sdk.target_sysroot / "usr/include").relative_to(
        sdk.target_sysroot
    )
    return (
        f"libdir=/{folder}\nincludedir=/{include}\n"
        f"Name: {library.name}\nDescription: {library.name} of the sysroot\n"
        f"Version: {_version(library)}\n"
        f"Libs: -L${{libdir}} -l{library.name}\nCflags: -I${{includedir}}\n"
    )


def _version(library: Library) -> str:
    """The version that the library names beside its own name, else 0."""
    content = library.shared.read_bytes() if library.shared else b""
    pattern = re.escape(library.name.encode()) + rb"[ -]r?(\d+(?:\.\d+)+)"
    match = re.search(pattern, content, re.IGNORECASE)
    return match[1].decode() if match else "0"
