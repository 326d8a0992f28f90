"""Debug information beside the wheels, so that a crash on the board can be read.

Modules are compiled with ``-g``, which changes no instruction, and stripped as always.
What strip takes away is kept in a file named after the module's build id, by which gdb
finds it.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from crossbuild.core.command import run
from crossbuild.core.errors import RepairError
from crossbuild.elf import file as elf
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.sdk.model import Sdk

#: Words that come after a build's own.  The compiler's command line, which it records by
#: default, would name the build's folders.
_FLAGS = {
    **dict.fromkeys(("CFLAGS", "CXXFLAGS", "FFLAGS"), "-g -gno-record-gcc-switches"),
    "LDFLAGS": "-Wl,--build-id=sha1",
}

#: ccache would make paths relative, and so they would stand in the debug information: other
#: bytes, and another build id, than without it.
_NO_BASE = {"CCACHE_BASEDIR": ""}


def compiling(options: BuildOptions) -> BuildOptions:
    """The options of a run, with the flags that make debug information."""
    own = options.environment
    flags = {name: f"{own.get(name, f'${name}')} {added}" for name, added in _FLAGS.items()}
    return replace(options, environment={**own, **flags, **_NO_BASE})


def keep(modules: Iterable[Path], folder: Path, sdk: Sdk, log: Path) -> tuple[Path, ...]:
    """Copy the debug information of modules that are not stripped yet.

    :param folder: where the files go, each named after its module's build id
    :raises RepairError: a module has no build id
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = set()
    for module in modules:
        identity = elf.read(module).build_id
        if not identity:
            raise RepairError(
                f"{module.name} has no build id, by which gdb finds its debug information",
                evidence=f"{module} has no section .note.gnu.build-id",
                cure="the package links with flags of its own in place of LDFLAGS: "
                "let it add to them, or build without --keep-debug",
            )
        path = folder / f"{identity}.debug"
        options = ["--only-keep-debug", "--compress-debug-sections=zlib"]
        run([sdk.tools.objcopy, *options, module, path], log=log)
        kept.add(path)
    return tuple(sorted(kept))
