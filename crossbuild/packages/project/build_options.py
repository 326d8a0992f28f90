"""What a user's project adds to a build: variables, settings, a command before it."""

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from crossbuild.core.command import run
from crossbuild.core.errors import BuildError, CommandError
from crossbuild.packages.source.tree import SourceTree

#: Variables whose words are compiler flags, by Meson's names of the languages.
FLAG_VARIABLES = {"c": "CFLAGS", "cpp": "CXXFLAGS", "fortran": "FFLAGS", "link": "LDFLAGS"}
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


@dataclass(frozen=True)
class BuildOptions:
    """What is added to one package's build, or to all builds of a run.

    :ivar environment: variables, whose values may name others as ``$NAME``
    :ivar config_settings: PEP 517 configuration settings
    :ivar before_build: shell command that runs in the copy of the source
    :ivar project: the folder that ``{project}`` means in commands, for one package relative to
        its copy; None for the package's own
    :ivar optional_modules: canonical names of packages whose wheels may lack extension modules
    :ivar unconfined: canonical names of packages whose back ends may do all that the user may;
        ``:all:`` for every one
    :ivar leave_out: globs of files that the finished wheel does not have
    :ivar fortran: whether Fortran may be compiled
    :ivar packages: what is added for single packages, by canonical name
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    config_settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before_build: str = ""
    project: Path | None = None
    optional_modules: tuple[str, ...] = ()
    unconfined: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    fortran: bool = True
    packages: Mapping[str, "BuildOptions"] = field(default_factory=dict)

    @property
    def facts(self) -> tuple[object, ...]:
        """All of it that can change what a back end makes, for content keys."""
        return (self.environment, self.config_settings, self.before_build, self.unconfined)

    def for_package(self, name: str, tree: SourceTree | None) -> "BuildOptions":
        """What of it is meant for one package.

        A package of an index was not written for the project's settings: it has the variables
        alone, and what is said under its own name.

        :param name: its canonical name
        :param tree: its source, where that is a folder
        """
        common = self if tree else replace(self, config_settings={}, before_build="")
        own = self.packages.get(name, BuildOptions())
        return replace(
            common,
            environment={**common.environment, **own.environment},
            config_settings={**common.config_settings, **own.config_settings},
            before_build=own.before_build or common.before_build,
            fortran=own.fortran,
            project=_beside(own.project or self.project, tree) if tree else None,
            unconfined=tuple(one for one in self.unconfined if one in (name, ":all:")),
            packages={},
        )

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """*environment* with the options on top."""
        variables = dict(environment)
        for name, value in self.environment.items():
            variables[name] = _expanded(value, variables)
        return variables

    def words(self, variable: str, environment: Mapping[str, str]) -> list[str]:
        """The words that a variable such as CFLAGS adds to the build's own.

        :param environment: the build's variables, without this one
        """
        return shlex.split(self.variables({**environment, variable: ""}).get(variable, ""))

    def settings(self) -> dict[str, str | list[str]]:
        """Configuration settings as ``python -m build`` passes them: one word is a string."""
        return {
            key: words[0] if len(words) == 1 else list(words)
            for key, words in self.config_settings.items()
        }


NO_OPTIONS = BuildOptions()


def assigned_once(assignments: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Variables as if assigned one after the other, where some are assigned again.

    What a value says of an earlier one is put in its place, for that one is gone.
    """
    result: dict[str, str] = {}
    for name, value in assignments:
        if name in result:
            before = result.pop(name)
            result = {one: _with(text, name, before) for one, text in result.items()}
            value = _with(value, name, before)  # noqa: PLW2901
        result[name] = value
    return result


def filled(command: str, *, project: Path | str, package: Path | str) -> str:
    """A command with its placeholders filled; other braces stay."""
    return command.replace("{project}", str(project)).replace("{package}", str(package))


def run_before_build(
    options: BuildOptions,
    source: Path,
    variables: Mapping[str, str],
    log: Path,
    launcher: Sequence[str] = (),
) -> None:
    """Run the command in the copy of the source, which it may change.

    :param variables: the environment of the build
    :param launcher: words in front of the command
    :raises BuildError: it failed
    """
    project = os.path.normpath(source / (options.project or ""))
    command = filled(options.before_build, project=project, package=source)
    try:
        run([*launcher, "sh", "-c", command], env=variables, cwd=source, log=log)
    except CommandError as error:
        raise BuildError(
            "before-build failed",
            evidence=error.evidence,
            cure="it runs in a copy of the source, without an index: what it imports "
            "belongs in build-system.requires",
        ) from error


def _beside(project: Path | None, tree: SourceTree) -> Path | None:
    """The project's folder, in the copy where that has it."""
    if project is None or not project.is_relative_to(tree.root):
        return project
    return Path(os.path.relpath(project, tree.folder))


def _with(value: str, name: str, meaning: str) -> str:
    """A value in which one variable is replaced by what it says."""

    def replaced(match: re.Match[str]) -> str:
        return meaning if name in match.groups() else match[0]

    return _REFERENCE.sub(replaced, value)


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: variables.get(match[1] or match[2], ""), value)
