"""Under which licence a wheel is, as SPDX names it, and where its texts are."""

import re
from collections.abc import Collection, Iterable, Mapping
from email.message import Message
from functools import cache
from pathlib import Path, PurePosixPath

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from crossbuild.core import documents
from crossbuild.core.errors import ConfigurationError
from crossbuild.packages import recipe
from crossbuild.papers import libraries
from crossbuild.wheel.archive import Wheel

_TABLE = Path(__file__).parent / "licences.toml"
_FILE = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)


def named(texts: Iterable[str]) -> Mapping[str, str]:
    """What a user named, ``NAME=EXPRESSION`` each, by distribution.

    :raises ConfigurationError: a text is something else, or SPDX knows no such expression
    """
    licences: dict[str, str] = {}
    for text in texts:
        name, _, expression = text.partition("=")
        try:
            licences[canonicalize_name(name)] = canonicalize_license_expression(expression)
        except InvalidLicenseExpression as error:
            raise ConfigurationError(
                f"{text!r} names no licence",
                evidence=str(error),
                cure="take an identifier of https://spdx.org/licenses: --licence "
                "numpy=BSD-3-Clause, or an expression: --licence 'x=MIT AND BSD-3-Clause'",
            ) from error
    return licences


def of_wheel(wheel: Wheel, named: Mapping[str, str] | None = None) -> str:
    """A wheel's licence as an SPDX expression; empty where nobody can name it.

    :param named: expressions by distribution, which go before what wheels say
    """
    content = [name for name in wheel.members if not name.startswith(f"{wheel.dist_info}/")]
    return expression(wheel.name, wheel.metadata, content, named)


def expression(
    name: str,
    metadata: Message,
    content: Collection[str] = (),
    named: Mapping[str, str] | None = None,
) -> str:
    """The licence of a distribution as an SPDX expression; empty where nobody can name it.

    It is what the user named, what the metadata's expression says, what crossbuild's recipe of the
    package says, or what the metadata's older fields say where they leave no choice.

    :param name: canonical
    :param content: the wheel's files but those of its ``.dist-info``
    """
    said = (
        (named or {}).get(name, ""),
        str(metadata.get("License-Expression", "")),
        of_recipe(name),
        _of_field(str(metadata.get("License", ""))),
        _of_classifiers(metadata),
        _of_libraries(content),
    )
    for text in filter(None, said):
        try:
            return str(canonicalize_license_expression(text))
        except InvalidLicenseExpression:
            continue
    return ""


def files_of(wheel: Wheel) -> tuple[str, ...]:
    """The texts of a wheel's licence, else METADATA, which names it."""
    folder = wheel.dist_info
    told = [str(name) for name in wheel.metadata.get_all("License-File", [])]
    places = [f"{folder}/{where}{name}" for name in told for where in ("licenses/", "")]
    texts = [place for place in places if place in wheel.members] or [
        member
        for member in wheel.members
        if member.startswith(f"{folder}/licenses/")
        or (member.startswith(f"{folder}/") and _FILE.match(PurePosixPath(member).name))
    ]
    return tuple(sorted(texts)) or (f"{folder}/METADATA",)


def of_recipe(name: str) -> str:
    """What crossbuild's recipe of a distribution says; empty where there is none."""
    return recipe.load(name).licence if name in recipe.names() else ""


def _of_field(text: str) -> str:
    """The expression in a License field, which may also be some words or the whole text."""
    return _table()["words"].get(text.strip().lower(), text.strip() if "\n" not in text else "")


def _of_classifiers(metadata: Message) -> str:
    """The licence of the classifiers, where they have one alone and it is not a family's name."""
    prefix = "License :: OSI Approved :: "
    texts = [str(text) for text in metadata.get_all("Classifier", [])]
    named = [text.removeprefix(prefix) for text in texts if text.startswith(prefix)]
    return _table()["classifiers"].get(named[0], "") if len(named) == 1 else ""


def _of_libraries(content: Collection[str]) -> str:
    """The licences of a wheel that has nothing but shared libraries (and a module that is none)."""
    names = [PurePosixPath(name).name for name in content]
    licences = {libraries.licence_of(name) for name in names if name != "__init__.py"}
    return " AND ".join(sorted(licences)) if all(licences) else ""


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return documents.read_toml(_TABLE)
