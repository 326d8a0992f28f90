"""Under which licence a wheel is exported, in SPDX's words and in OpenEmbedded's."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crossbuild.core import documents
from crossbuild.core.errors import ExportError
from crossbuild.papers import licence
from crossbuild.sdk import release
from crossbuild.sdk.release import Release
from crossbuild.wheel.archive import Wheel

_TABLE = Path(__file__).parent / "licences.toml"


def of_wheel(wheel: Wheel, named: Mapping[str, str]) -> str:
    """A wheel's licence as an SPDX expression.

    :param named: expressions by distribution, which go before what wheels say
    :raises ExportError: nobody can name it
    """
    expression = licence.of_wheel(wheel, named)
    if expression:
        return expression
    raise ExportError(
        f"nobody can name the licence of {wheel.path.name}",
        evidence=_evidence(wheel),
        cure=f"look it up, and name it in SPDX's words: --licence {wheel.name}=BSD-3-Clause",
    )


def for_release(expression: str, yocto: Release) -> str:
    """An SPDX expression as a LICENSE of that Yocto release writes it."""
    table = _table()
    words = re.sub(
        r"[\w.+-]+ WITH ([\w.+-]+)", lambda m: table["exceptions"].get(m[1], m[0]), expression
    )
    if release.is_before(yocto, "kirkstone"):
        words = re.sub(
            r"[^\s()]+", lambda match: table["until-honister"].get(match[0], match[0]), words
        )
    return words.replace(" AND ", " & ").replace(" OR ", " | ").replace(" WITH ", "-with-")


def _evidence(wheel: Wheel) -> str:
    field = str(wheel.metadata.get("License", "")).strip().partition("\n")[0]
    classifiers = [
        str(text)
        for text in wheel.metadata.get_all("Classifier", [])
        if str(text).startswith("License ::")
    ]
    said = [f"License: {field}"] * bool(field) + classifiers
    return f"METADATA has no License-Expression, and says {'; '.join(said) or 'nothing else'}"


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return documents.read_toml(_TABLE)
