"""``--quiet`` and ``--verbose``, which commands have that work step by step."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from crossbuild.cli.inputs import console

QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Nothing but notes, errors and results.")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print the builds' logs while they grow.")
]

Function = TypeVar("Function", bound=Callable[..., None])

_OPTIONS = {"quiet": QuietOption, "verbose": VerboseOption}


def with_loudness(command: Function) -> Function:
    """The command with both options, which outrank ``build-verbosity`` of the project."""

    @functools.wraps(command)
    def wrapper(*args: Any, quiet: bool, verbose: bool, **kwargs: Any) -> None:
        if quiet and verbose:
            raise typer.BadParameter("--quiet and --verbose exclude each other")
        console.asked = 1 if verbose else -1 if quiet else None
        command(*args, **kwargs)

    # typer asks a function for its parameters, and for the types that its annotations name.
    signature = inspect.signature(command)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
        for name, option in _OPTIONS.items()
    ]
    wrapper.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *added]
    )
    wrapper.__annotations__ = {**command.__annotations__, **_OPTIONS}
    return wrapper  # type: ignore[return-value]
