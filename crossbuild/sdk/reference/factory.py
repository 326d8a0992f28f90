"""Make a reference SDK from its definition, whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

from crossbuild.core import documents
from crossbuild.core.errors import ConfigurationError, DiskError
from crossbuild.core.files import (
    content_key,
    exclusive,
    misread,
    remove_tree,
    staged_directory,
    write_text,
)
from crossbuild.progress.console import Console
from crossbuild.sdk import debian
from crossbuild.sdk.reference import native, openblas, scripts, target
from crossbuild.sdk.reference.definition import Definition

#: Counts changes of this program that make other SDKs from the same definition.
LAYOUT = 4
_RECORD = "reference-sdk.json"


def key(definition: Definition) -> str:
    """What an SDK made from *definition* is recorded under."""
    return content_key(LAYOUT, definition.model_dump(exclude={"mirror"}))


def is_current(definition: Definition, destination: Path) -> bool:
    """Whether *destination* holds the SDK that *definition* makes."""
    return documents.read_record(destination / _RECORD).get("key") == key(definition)


def create(
    definition: Definition,
    destination: Path,
    console: Console,
    cache: Path,
    *,
    mirror: str | None = None,
) -> Path:
    """Make the SDK at *destination*, unless it is there and current.

    :param cache: folder that keeps downloaded packages
    :param mirror: Debian mirror to use instead of the definition's or apt's own
    :returns: *destination*
    :raises ConfigurationError: *destination* has a space in it, or holds something else
    :raises IndexUnreachableError: the mirror does not answer
    :raises ToolMissingError: no apt or dpkg on the build machine
    """
    destination = destination.absolute()
    _check_destination(destination)
    if is_current(definition, destination):
        console.aside(f"reference SDK {definition.title} is current: {destination}")
        return destination
    debian.require_tools()
    mirror = mirror or definition.mirror or debian.build_machine_mirror()
    with exclusive(_writable(cache) / "lock"):
        if is_current(definition, destination):  # another run made it while this one waited
            return destination
        made = console.step(f"reference SDK {definition.title}")
        with made, staged_directory(destination) as stage:
            _fill(stage, definition, mirror, cache, console.aside)
    return destination


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(
            f"cannot make the cache folder {folder}",
            evidence=str(error),
            cure="give it to the user who runs crossbuild, or choose another",
        ) from error
    return folder.resolve()


def _check_destination(destination: Path) -> None:
    if character := misread(destination, "%"):
        raise ConfigurationError(
            f"an SDK's path must not contain {character}: {destination}",
            evidence="its environment script puts the path into CC, which splits at spaces, and "
            "its compiler reads its own path",
            cure="choose another folder (a symbolic link does not help)",
        )
    ours = not destination.exists() or (destination / _RECORD).is_file()
    if not ours and any(destination.iterdir()):
        raise ConfigurationError(
            f"{destination} holds something other than a reference SDK",
            evidence=f"there is no {_RECORD} in it",
            cure="remove the folder, or choose another",
        )


def _fill(
    stage: Path, definition: Definition, mirror: str, cache: Path, tell: Callable[[str], None]
) -> None:
    """Fill the empty folder *stage*."""
    log = cache / f"{definition.name.partition('+')[0]}.log"
    log.unlink(missing_ok=True)
    sysroot = stage / "sysroots" / definition.target_system
    tools = stage / "sysroots" / definition.native_system

    board = debian.Apt(mirror, definition.suite, "armhf", cache / "apt", log)
    target_packages = board.download(definition.target.packages, definition.target.omit)
    machine = debian.Apt(mirror, definition.suite, "amd64", cache / "apt", log)
    native_packages = machine.download(definition.native.packages, definition.native.omit)

    debian.unpack(target_packages, stage / "unpacked", log)
    target.flatten(stage / "unpacked", sysroot)
    remove_tree(stage / "unpacked")
    target.finish(sysroot)
    debian.unpack(native_packages, tools, log)
    native.arrange(tools, definition.native.gcc, own_loader=definition.native.own_loader)
    native.adopt_runtime(tools, sysroot)
    if definition.openblas is not None:
        toolchain = openblas.Toolchain(tools, sysroot, definition.target.cc_arguments)
        openblas.provide(definition.openblas, board, toolchain, target_packages, cache, tell)
    scripts.write(stage, definition)
    record = {
        "key": key(definition),
        "definition": definition.name,
        "with": definition.more,
        "target": sorted(path.stem for path in target_packages),
        "native": sorted(path.stem for path in native_packages),
    }
    write_text(stage / _RECORD, json.dumps(record, indent=1) + "\n")
