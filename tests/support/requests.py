"""Requests of tests: changed by the names of fields, run, and as a command line."""

from dataclasses import fields, replace
from typing import Any

from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made
from crossbuild.progress.console import Console
from tests.support.programs import CROSSBUILD

_PARTS = ("target", "capacity", "repair")


def changed(request: BuildRequest, **changes: Any) -> BuildRequest:
    """The request with other values of its own fields, or of those of its parts."""
    for part in _PARTS:
        value = getattr(request, part)
        own = {one.name for one in fields(value)} & changes.keys()
        if own:
            replaced = replace(value, **{name: changes.pop(name) for name in own})
            request = replace(request, **{part: replaced})
    return replace(request, **changes)


def run(request: BuildRequest) -> list[Made]:
    """What the pipeline makes of it."""
    return make_wheels(request, Console())


def command(request: BuildRequest, *before: str) -> list[str]:
    """The same request as a command line."""
    return [
        *before,
        *(str(CROSSBUILD), "wheels", *map(str, request.packages), "--sdk", str(request.target.sdk)),
        *("--python", str(request.target.python), "--wheelhouse", str(request.wheelhouse)),
        *("--work-dir", str(request.target.work), "--cache-dir", str(request.target.cache)),
    ]


def wheels(request: BuildRequest) -> list[str]:
    """The names of what is in its wheelhouse."""
    return sorted(path.name for path in request.wheelhouse.glob("*.whl"))
