"""Where the SDK lies that the user named: a folder, or a reference SDK to be made."""

from pathlib import Path

from crossbuild.progress.console import Console
from crossbuild.sdk import reference


def locate(named: Path, cache: Path, console: Console) -> Path:
    """The folder of an SDK; a reference SDK is made where it is missing or out of date.

    :param named: a folder, an environment script, or a reference SDK's name
    :param cache: folder that keeps downloaded packages
    :raises CrossbuildError: the reference SDK cannot be made
    """
    names = {definition.name for definition in reference.definitions()}
    if named.exists() or str(named) not in names:
        return named
    return reference_sdk(str(named), None, cache, console)


def reference_sdk(
    name: str, destination: Path | None, cache: Path, console: Console, *, mirror: str | None = None
) -> Path:
    """A reference SDK's folder, made where it is missing or out of date.

    :param destination: where; ``sysroots/NAME`` where None
    :param mirror: a Debian mirror; the one of this machine's apt where None
    :raises CrossbuildError: there is no such definition, or the SDK cannot be made
    """
    definition = reference.load(name)
    folder = (destination or reference.default_destination(name)).absolute()
    if not reference.is_current(definition, folder):
        reference.create(definition, folder, console, cache.absolute(), mirror=mirror)
    return folder
