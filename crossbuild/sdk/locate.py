"""Where the SDK lies that the user named: a folder, an installer, or a reference SDK to be made."""

from collections.abc import Sequence
from pathlib import Path

from crossbuild.progress.console import Console
from crossbuild.sdk import installer, reference


def locate(named: Path, cache: Path, console: Console) -> Path:
    """The folder of an SDK, which is installed or made where it is missing or out of date.

    :param named: a folder, an environment script, an installer, or a reference SDK's name, which
        may add packages
    :param cache: folder that keeps downloaded packages
    :raises CrossbuildError: the SDK cannot be installed, or the reference SDK not be made
    """
    if installer.is_installer(named):
        destination = reference.default_destination(named.stem).absolute()
        return installer.install(named, destination, console)
    if named.exists() or not reference.is_name(str(named)):
        return named
    return reference_sdk(str(named), None, cache, console)


def existing(named: Path) -> Path | None:
    """The folder of an SDK; None for a reference SDK that has not been made."""
    if named.exists() or not reference.is_name(str(named)):
        return named
    folder = reference.default_destination(reference.load(str(named)).name).absolute()
    return folder if folder.is_dir() else None


def reference_sdk(
    name: str,
    destination: Path | None,
    cache: Path,
    console: Console,
    *,
    more: Sequence[str] = (),
    mirror: str | None = None,
) -> Path:
    """A reference SDK's folder, made where it is missing or out of date.

    :param name: that of a definition; ``debian-bookworm+libhdf5-dev`` adds a package
    :param more: further packages for the target sysroot
    :param destination: where; ``sysroots/NAME`` where None
    :param mirror: a Debian mirror; the one of this machine's apt where None
    :raises CrossbuildError: there is no such definition, or the SDK cannot be made
    """
    definition = reference.load(name).adding(more)
    folder = (destination or reference.default_destination(definition.name)).absolute()
    if not reference.is_current(definition, folder):
        reference.create(definition, folder, console, cache.absolute(), mirror=mirror)
    return folder
