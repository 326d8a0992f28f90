"""Requests as tests change them: by the names of fields, wherever these stand in a request."""

from dataclasses import fields, replace
from typing import Any

from crossbuild.pipeline.request import BuildRequest

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
