"""What a shell offers at Tab beside options: names that crossbuild knows.

Where none begins as the user did, bash and zsh go on with files, so folders are completed as well.
"""

from collections.abc import Iterable


def packages(incomplete: str) -> list[str]:
    """The recipes' names."""
    from crossbuild.packages import recipe

    return _beginning(incomplete, recipe.names())


def sdks(incomplete: str) -> list[str]:
    """The reference SDKs' names."""
    from crossbuild.sdk import reference

    return _beginning(incomplete, [definition.name for definition in reference.definitions()])


def pythons(incomplete: str) -> list[str]:
    """The Pythons that recipes are locked for."""
    from crossbuild.packages import recipe

    return _beginning(incomplete, recipe.PYTHONS)


def boards(incomplete: str) -> list[str]:
    """The boards that need no name of a host."""
    from crossbuild.verify.question import EMULATED, SABRELITE

    return _beginning(incomplete, [EMULATED, SABRELITE])


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
