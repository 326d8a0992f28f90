"""A layer of what an SDK lacks to build numpy, scipy and their kin: what the doctor's cures say."""

from collections.abc import Mapping
from pathlib import Path

from crossbuild.core import templates
from crossbuild.sdk import release
from crossbuild.sdk.release import Release

_TEMPLATES = Path(__file__).parent / "sdk"

#: Each template's file in the layer.
_FILES = {
    "README.md": "README.md",
    "layer.conf": "conf/layer.conf",
    "crossbuild-sdk.inc": "conf/crossbuild-sdk.inc",
    "openblas.bb": "recipes-support/openblas/openblas_0.3.27.bb",
    "packagegroup-crossbuild-sdk.bb": "recipes-sdk/packagegroups/packagegroup-crossbuild-sdk.bb",
    "packagegroup-crossbuild-board.bb": (
        "recipes-sdk/packagegroups/packagegroup-crossbuild-board.bb"
    ),
}


def layer(yocto: Release) -> Mapping[str, bytes]:
    """The files of the layer for a Yocto release, by their path in it."""
    return {path: _fill(f"{template}.j2", yocto).encode() for template, path in _FILES.items()}


def _fill(template: str, yocto: Release) -> str:
    text = templates.render(
        _TEMPLATES / template,
        o=yocto.override,
        release=yocto.name,
        # Since dunfell, gcc-runtime adds it itself where there is Fortran.
        quadmath=release.is_before(yocto, "dunfell"),
    )
    return f"{text.rstrip()}\n"
