"""What a user's project adds to a build: variables, settings, a command before it."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from crossbuild.core.command import run
from crossbuild.core.errors import BuildError, CommandError

#: Variables whose words are compiler flags, by Meson's names of the languages.
FLAG_VARIABLES = {"c": "CFLAGS", "cpp": "CXXFLAGS", "fortran": "FFLAGS", "link": "LDFLAGS"}
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


@dataclass(frozen=True)
class BuildOptions:
    """BuildOptions to one package's build, or to all builds of a run.

    :ivar environment: variables, whose values may name others as ``$NAME``
    :ivar config_settings: PEP 517 configuration settings
    :ivar before_build: shell command that runs in the copy of the source
    :ivar project: the folder that ``{project}`` means in commands; None for the package's own
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    config_settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before_build: str = ""
    project: Path | None = None

    @property
    def facts(self) -> tuple[object, ...]:
        """All of it that can change a wheel, for content keys."""
        return (self.environment, self.config_settings, self.before_build)

    def for_package(self, folder: Path | None) -> "BuildOptions":
        """What of it is meant for one package: all of it for source folders alone.

        A package of an index was not written for the project's settings.
        """
        if folder is None:
            return BuildOptions(environment=self.environment)
        return replace(self, project=None) if folder == self.project else self

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


def filled(command: str, *, project: Path | str, package: Path | str) -> str:
    """A command with its placeholders filled; other braces stay."""
    return command.replace("{project}", str(project)).replace("{package}", str(package))


def run_before_build(
    options: BuildOptions, source: Path, variables: Mapping[str, str], log: Path
) -> None:
    """Run the command in the copy of the source, which it may change.

    :param variables: the environment of the build
    :raises BuildError: it failed
    """
    command = filled(options.before_build, project=options.project or source, package=source)
    try:
        run(["sh", "-c", command], env=variables, cwd=source, log=log)
    except CommandError as error:
        raise BuildError(
            "before-build failed",
            evidence=error.evidence,
            cure="it runs in a copy of the source, without an index: what it imports "
            "belongs in build-system.requires",
        ) from error


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: variables.get(match[1] or match[2], ""), value)
