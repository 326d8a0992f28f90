"""Reference SDKs that tests make."""

from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.core.errors import IndexUnreachableError
from crossbuild.progress.console import Console
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.debian import HALF_UPDATED
from crossbuild.sdk.reference.definition import Definition


def create_sdk(definition: Definition, place: Path) -> Path:
    """Make a reference SDK; where Debian's mirror is half updated, no test can have it."""
    try:
        return reference_sdk.create(definition, place, Console(), defaults.CACHE)
    except IndexUnreachableError as error:
        if HALF_UPDATED in error.evidence:
            pytest.skip(f"{error.what}: the mirror is half updated")
        raise
