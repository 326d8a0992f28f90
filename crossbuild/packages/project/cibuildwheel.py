"""``[tool.cibuildwheel]`` of a project without ``[tool.crossbuild]``, read as cibuildwheel does.

The project's table counts, then its ``linux`` section, then each of ``overrides`` whose ``select``
matches, as they ``inherit``: https://cibuildwheel.pypa.io/en/stable/configuration/.  Variables
``CIBW_…`` are not read, since a CI job sets them for its own machine: they are told.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

import bracex
from packaging.dependency_groups import resolve_dependency_groups
from packaging.errors import ExceptionGroup

from crossbuild.core import documents
from crossbuild.core.errors import ConfigurationError
from crossbuild.core.python_version import PythonVersion
from crossbuild.packages.project import pyproject

TABLE = "tool.cibuildwheel"
_PLATFORM = "linux"
_WORDS = documents.read_toml(Path(__file__).with_suffix(".toml"))
#: Options that have no counterpart here, and what does their work; a trailing ``*`` is a glob.
PASSED_OVER: Mapping[str, str] = _WORDS["passed-over"]
#: Sections for other machines.
_OTHERS: Sequence[str] = _WORDS["other-platforms"]


@dataclass(frozen=True)
class _Kind:
    """How an option's value in TOML becomes one text, and two texts become one."""

    separator: str = " "
    quote: Callable[[str], str] = str
    table: Callable[[Mapping[str, Any]], str] | None = None
    merge: Callable[[str, str], str] | None = None

    def text(self, value: object) -> str:
        """:raises ValueError: the option takes no such value"""
        if isinstance(value, dict):
            if self.table is None:
                raise ValueError("it takes no table")
            return self.table(value)
        if isinstance(value, list):
            if self.table is not None:
                raise ValueError("it takes no list")
            return self.separator.join(self.quote(str(one)) for one in value)
        return str(value)

    def joined(self, before: str, after: str) -> str:
        """Two texts, of which the later one adds to the other."""
        if not before or not after:
            return before or after
        if self.merge is not None:
            return self.merge(before, after)
        return f"{before}{self.separator}{after}"


def _variables(table: Mapping[str, Any]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in table.items())


def _settings(table: Mapping[str, Any]) -> str:
    pairs = (
        (key, str(word))
        for key, value in table.items()
        for word in (value if isinstance(value, list) else [value])
    )
    return " ".join(f"{key}={shlex.quote(word)}" for key, word in pairs)


def _settings_merged(before: str, after: str) -> str:
    """What is said later of a key takes the place of what was said before."""
    pairs = [word.partition("=")[::2] for word in shlex.split(after)]
    renewed = {key for key, _ in pairs}
    kept = [word.partition("=")[::2] for word in shlex.split(before)]
    kept = [(key, word) for key, word in kept if key not in renewed]
    return " ".join(f"{key}={shlex.quote(word)}" for key, word in (*kept, *pairs))


_LIST, _QUOTED = _Kind(), _Kind(quote=shlex.quote)
_COMMAND = _Kind(" && ")
_ENVIRONMENT = _Kind(table=_variables)
_KINDS = {
    **dict.fromkeys(("build", "skip", "test-skip", "test-groups"), _LIST),
    **dict.fromkeys(("test-requires", "test-sources"), _QUOTED),
    **dict.fromkeys(("before-build", "test-command"), _COMMAND),
    **dict.fromkeys(("environment", "test-environment"), _ENVIRONMENT),
    "build-verbosity": _Kind(),
    "config-settings": _Kind(table=_settings, merge=_settings_merged),
    "test-extras": _Kind(","),
}


@dataclass(frozen=True)
class Settings:
    """What a project says for one Python.

    :ivar folder: the project's
    :ivar identifier: cibuildwheel's name of the build; empty where only what holds for all counts
    :ivar document: its pyproject.toml
    """

    folder: Path
    identifier: str
    document: Mapping[str, Any]

    def __getitem__(self, option: str) -> str:
        """An option's value as one text, in cibuildwheel's own form.

        :raises ConfigurationError: the option takes no such value
        """
        kind, result = _KINDS[option], ""
        for level, inherit in self._levels:
            if option not in level:
                continue
            try:
                text = kind.text(level[option])
            except ValueError as error:
                raise self._refused(option, str(error)) from error
            before, after = {"append": (result, text), "prepend": (text, result)}.get(
                inherit.get(option, "none"), ("", text)
            )
            result = kind.joined(before, after)
        return result

    @property
    def selected(self) -> bool:
        """Whether ``build`` and ``skip`` admit this build."""
        build = self["build"] or "*"
        return matches(build, self.identifier) and not matches(self["skip"], self.identifier)

    @property
    def variables(self) -> list[tuple[str, str]]:
        """The variables of ``environment``, which may name others as ``$NAME``.

        :raises ConfigurationError: one has no value
        """
        return self._pairs("environment")

    @property
    def config_settings(self) -> Mapping[str, tuple[str, ...]]:
        """PEP 517's settings.

        :raises ConfigurationError: one has no value
        """
        pairs = self._pairs("config-settings")
        return {key: tuple(word for one, word in pairs if one == key) for key, _ in pairs}

    def _pairs(self, option: str) -> list[tuple[str, str]]:
        try:
            pairs = [word.partition("=") for word in shlex.split(self[option])]
        except ValueError as error:
            raise self._refused(option, str(error)) from error
        for name, equals, _ in pairs:
            if not equals:
                raise self._refused(option, f"{name!r} has no '='")
        return [(name, value) for name, _, value in pairs]

    @property
    def test_requires(self) -> tuple[str, ...]:
        """What the tests need: ``test-requires``, and what its extras and groups stand for.

        :raises ConfigurationError: there is no such extra or group
        """
        project = self.document.get("project", {})
        having = project.get("optional-dependencies", {})
        texts = shlex.split(self["test-requires"])
        for extra in filter(None, (word.strip() for word in self["test-extras"].split(","))):
            if extra not in having:
                raise self._refused("test-extras", f"the project states no extra {extra!r}")
            texts += having[extra]
        try:
            groups = self.document.get("dependency-groups", {})
            texts += resolve_dependency_groups(groups, *self["test-groups"].split())
        except (LookupError, ValueError, TypeError, ExceptionGroup) as error:
            raise self._refused("test-groups", str(error)) from error
        return tuple(texts)

    @property
    def test_command(self) -> str:
        """The command of the tests with what has to be there; empty where they are skipped."""
        command = self["test-command"]
        if not command or matches(self["test-skip"], self.identifier):
            return ""
        sources = self["test-sources"]
        if sources:
            command = f'(cd {{project}} && cp -R --parents {sources} "$OLDPWD") && {command}'
        variables = self["test-environment"]
        return f"export {variables} && {command}" if variables else command

    def passed_over(self) -> Iterator[tuple[str, str]]:
        """The keys that are not followed, each with the reason."""
        named = dict.fromkeys(key for level, _ in self._levels for key in level)
        for key in (*named, *(key for key in self._table if key in _OTHERS)):
            if key not in _KINDS and key not in _OURS:
                yield key, _reason(key)

    @cached_property
    def _levels(self) -> list[tuple[Mapping[str, Any], Mapping[str, str]]]:
        """Tables, the later of which count more, each with how its options inherit."""
        table, section = self._table, self._table.get(_PLATFORM, {})
        common = {key: value for key, value in table.items() if key not in (_PLATFORM, *_OTHERS)}
        overrides = table.get("overrides", [])
        if not isinstance(section, dict) or not isinstance(overrides, list):
            raise self._refused("overrides", "it is a list of tables")
        selected = [one for one in overrides if self.identifier and self._selects(one)]
        return [(level, self._inherit(level)) for level in (common, section, *selected)]

    @property
    def _table(self) -> Mapping[str, Any]:
        table: Mapping[str, Any] = self.document["tool"]["cibuildwheel"]
        return table

    def _selects(self, override: object) -> bool:
        select = override.get("select") if isinstance(override, dict) else None
        if not select:
            raise self._refused("overrides", "each has a 'select'")
        return matches(_LIST.text(select), self.identifier)

    def _inherit(self, level: Mapping[str, Any]) -> Mapping[str, str]:
        """``{environment = "append"}``, or ``"environment; test-requires: prepend"``."""
        rules = level.get("inherit", {})
        if isinstance(rules, str):
            pairs = [part.partition(":") for part in rules.split(";") if part.strip()]
            rules = {
                name: value.strip() or "append" for keys, _, value in pairs for name in keys.split()
            }
        if not isinstance(rules, dict) or not {*rules.values()} <= {"none", "append", "prepend"}:
            raise self._refused("inherit", "its rules are none, append and prepend")
        return rules

    def _refused(self, key: str, why: str) -> ConfigurationError:
        return ConfigurationError(
            "the project's cibuildwheel table cannot be used",
            evidence=f"{self.folder / 'pyproject.toml'}: {TABLE}.{key}: {why}",
            cure="compare with cibuildwheel's documentation of that option; or write "
            "[tool.crossbuild], which takes its place (docs/configuration.md)",
        )


#: Keys of a level that are no options.
_OURS = ("inherit", "overrides", "select")


def read(folder: Path, python: str | None = None) -> Settings | None:
    """What a project says to cibuildwheel; None where it says nothing, or more to crossbuild.

    :param python: X.Y of the target's; without it no override counts
    :raises ConfigurationError: its pyproject.toml is malformed
    """
    document = pyproject.read(folder)
    tool = document.get("tool", {})
    if not isinstance(tool, dict) or "crossbuild" in tool:
        return None
    if not isinstance(tool.get("cibuildwheel"), dict):
        return None
    return Settings(folder, identifier(python) if python else "", document)


def variables_passed_over(environ: Mapping[str, str]) -> list[str]:
    """The variables by which cibuildwheel would be told more than the table says, sorted."""
    others = tuple(f"_{platform.upper()}" for platform in _OTHERS)
    return sorted(
        name for name in environ if name.startswith("CIBW_") and not name.endswith(others)
    )


def identifier(python: str) -> str:
    """What cibuildwheel calls the build for a board: ``cp311-manylinux_armv7l``."""
    minor = ".".join(python.split(".")[:2])
    return f"{PythonVersion(minor).tag}-manylinux_armv7l"


def matches(patterns: str, identifier: str) -> bool:
    """Whether one of several globs, with braces as a shell has them, matches."""
    globs = (glob for pattern in patterns.split() for glob in bracex.expand(pattern))
    return any(fnmatch(identifier, glob) for glob in globs)


def as_ours(patterns: str) -> str:
    """Globs of cibuildwheel's identifiers as globs of ours, which end in ``linux_armv7l``."""
    return re.sub(r"many(?=linux|\*)", "", patterns)


def _reason(key: str) -> str:
    if key in _OTHERS:
        return "it is for other machines"
    fitting = (why for glob, why in PASSED_OVER.items() if fnmatch(key, glob))
    return next(fitting, "crossbuild does not know it")
