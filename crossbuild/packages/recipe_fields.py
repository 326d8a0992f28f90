"""The kinds of text that a recipe's keys hold, each checked when the file is read."""

import re
from typing import Annotated

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, Field


def _requirement(text: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{text!r} is no requirement: {reason}") from error
    return text


def _pinned(text: str) -> str:
    specifiers = list(Requirement(_requirement(text)).specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==" or "*" in specifiers[0].version:
        raise ValueError(f"{text!r} must name one version, like 'numpy==1.26.4'")
    return text


def specifier(text: str) -> str:
    """A specifier; a bare ``3.11`` means that minor version."""
    try:
        return str(SpecifierSet(f"=={text}.*" if re.fullmatch(r"\d+\.\d+", text) else text))
    except InvalidSpecifier as error:
        raise ValueError(f"{text!r} is neither a version like '3.11' nor a specifier") from error


def _version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion as error:
        raise ValueError(str(error)) from error
    return text


def as_list(value: object) -> object:
    """One text stands for a list of it."""
    return [value] if isinstance(value, str) else value


def _relative(text: str) -> str:
    if text.startswith("/") or ".." in text.split("/"):
        raise ValueError(f"{text!r} must be a path inside the wheel")
    return text


RequirementText = Annotated[str, AfterValidator(_requirement)]
Pin = Annotated[str, AfterValidator(_pinned)]
SpecifierText = Annotated[str, AfterValidator(specifier)]
VersionText = Annotated[str, AfterValidator(_version)]
RelativePath = Annotated[str, AfterValidator(_relative)]
MacroName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]
