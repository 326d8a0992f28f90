"""Reference SDKs: from Debian's packages, in the shape of Yocto's.

One folder with ``environment-setup-*`` and ``sysroots/``, which holds a toolchain and
a target sysroot of one Debian suite.  It needs no root, can be copied elsewhere, and
the rest of crossbuild treats it as any SDK.
"""

from crossbuild.sdk.reference.definition import (
    Definition,
    default_destination,
    definitions,
    is_name,
    known,
    load,
)
from crossbuild.sdk.reference.factory import create, is_current

__all__ = [
    "Definition",
    "create",
    "default_destination",
    "definitions",
    "is_current",
    "is_name",
    "known",
    "load",
]
