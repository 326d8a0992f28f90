"""``[tool.crossbuild]`` of the current folder's pyproject.toml, in cibuildwheel's words.

A variable ``CROSSBUILD_<KEY>`` overrides a key, as ``CIBW_<KEY>`` does there.
``docs/configuration.md`` explains every key.
"""

import re
import shlex
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import bracex
from packaging.utils import canonicalize_name
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from crossbuild.core import documents
from crossbuild.core.documents import DocumentError, Problem
from crossbuild.core.errors import ConfigurationError
from crossbuild.packages.project import cibuildwheel, pyproject
from crossbuild.packages.project.build_options import FLAG_VARIABLES, BuildOptions, assigned_once
from crossbuild.sdk.model import Blas

TABLE = "tool.crossbuild"
PREFIX = "CROSSBUILD_"

#: What the compilers and the cross environment set; another value would bypass them.
_OURS = re.compile(r"(AR|CC|CPP|CXX|F77|F90|FC|LD|LDSHARED|PYTHON\w+|_PYTHON\w+)")

#: Keys of cibuildwheel that have no counterpart, and what does their work here.
_ELSEWHERE = {
    **{key: why for key, why in cibuildwheel.PASSED_OVER.items() if "*" not in key},
    "manylinux-armv7l-image": "the SDK takes the image's place: sdk",
    "overrides": "write one job for each case in CI; sdk takes a table",
    "test-extras": "name what the tests need in test-requires",
    "test-groups": "name what the tests need in test-requires",
    "test-skip": "only Pythons with an emulated board are tested",
}


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


def _globs(patterns: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(glob for pattern in patterns for glob in bracex.expand(pattern))
    except bracex.ExpansionLimitException as error:
        raise ValueError("the braces stand for too many globs") from error


def _command(value: object) -> object:
    return " && ".join(map(str, value)) if isinstance(value, list) else value


def _settings(value: object) -> object:
    """``{key = "word"}``, ``{key = ["word", "word"]}`` or ``"key=word key=word"``."""
    if isinstance(value, str):
        table: dict[str, list[str]] = {}
        for key, word in _assignments(value):
            table.setdefault(key, []).append(word)
        return table
    if isinstance(value, dict):
        return {key: [word] if isinstance(word, str) else word for key, word in value.items()}
    return value


def _variables(value: object) -> object:
    """A table, or assignments as a shell has them."""
    pairs = dict(_assignments(value)) if isinstance(value, str) else value
    for name, text in pairs.items() if isinstance(pairs, dict) else ():
        _check_variable(str(name), str(text))
    return pairs


def _assignments(text: str) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in shlex.split(text)]
    for name, equals, _ in pairs:
        if not equals:
            raise ValueError(f"{name!r} has no '=': write NAME=value NAME2='two words'")
    return [(name, value) for name, _, value in pairs]


def _check_variable(name: str, value: str) -> None:
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise ValueError(f"{name!r} is no variable's name")
    if _OURS.fullmatch(name):
        raise ValueError(f"{name} is set by crossbuild: another would bypass the SDK's compilers")
    if name in FLAG_VARIABLES.values():
        shlex.split(value)
    if "$(" in value or "`" in value:
        raise ValueError(f"{name}: commands are not run here; $NAME and ${{NAME}} are filled")


def _sdks(value: object) -> object:
    return {"*": value} if isinstance(value, str) else value


def _by_glob(table: Mapping[str, str]) -> Mapping[str, str]:
    return {glob: sdk for text, sdk in table.items() for glob in _globs((text,))}


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Globs = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_globs)]
Command = Annotated[str, BeforeValidator(_command)]
Settings = Annotated[Mapping[str, tuple[str, ...]], BeforeValidator(_settings)]
Variables = Annotated[Mapping[str, str], BeforeValidator(_variables)]

Sdks = Annotated[Mapping[str, str], BeforeValidator(_sdks), AfterValidator(_by_glob)]


_MODEL = ConfigDict(
    frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-")
)


class PackageSettings(BaseModel):
    """What is said of one package, whatever it is built from."""

    model_config = _MODEL

    config_settings: Settings = {}
    environment: Variables = {}
    #: Whether it may compile Fortran.
    fortran: bool = True

    def options(self) -> BuildOptions:
        """What goes into its build."""
        return BuildOptions(self.environment, self.config_settings, fortran=self.fortran)


class Configuration(BaseModel):
    """What the user's project says of its wheels."""

    model_config = _MODEL

    #: Globs of the matrix's cells, such as ``cp37-*``.
    build: Globs = ("*",)
    skip: Globs = ()
    #: From 1 on the console shows the log as it grows.
    build_verbosity: int = Field(default=0, ge=-3, le=3)
    before_build: Command = ""
    config_settings: Settings = {}
    environment: Variables = {}
    #: Globs of files that wheels do not have.
    leave_out: Globs = ()
    #: For single packages, by name.
    package: Mapping[str, PackageSettings] = {}
    test_command: Command = ""
    test_requires: Words = ()
    #: Packages whose wheels may lack extension modules that did not compile.
    optional_modules: Words = ()
    #: Packages whose back ends keep the network and may write everywhere.
    unconfined: Words = ()
    #: Requirements and source folders.
    packages: Words = ()
    #: A reference SDK's name or a folder; or a table of them by glob of cells.
    sdk: Sdks = {}
    #: Where OpenBLAS comes from.
    blas: Blas = Blas.AUTO
    wheelhouse: Path | None = None
    #: Whether wheels are without what only developers need.
    slim: bool = False
    #: Whether debug information is made, and kept beside the wheels.
    keep_debug: bool = False
    #: What the audit finds and the user accepts, as ``RULE:FILE``.
    accept: Words = ()
    #: Hosts that compile for this machine, in distcc's words.
    distcc: Words = ()
    #: Where ccache shares objects with other machines.
    ccache_storage: str = ""

    def selects(self, identifier: str) -> bool:
        """Whether ``build`` and ``skip`` admit a cell."""
        admitted = any(fnmatchcase(identifier, glob) for glob in self.build)
        return admitted and not any(fnmatchcase(identifier, glob) for glob in self.skip)

    def sdk_for(self, identifier: str) -> str | None:
        """The SDK for a cell, None where nothing is said: a reference SDK then.

        :param identifier: ``cp37-linux_armv7l``; empty where the Python is not chosen yet
        """
        fitting = (sdk for glob, sdk in self.sdk.items() if fnmatchcase(identifier, glob))
        return next(fitting, None)

    def options(self, project: Path) -> BuildOptions:
        """What goes into builds; *project* is the folder of pyproject.toml."""
        return BuildOptions(
            environment=self.environment,
            config_settings=self.config_settings,
            before_build=self.before_build,
            optional_modules=tuple(map(canonicalize_name, self.optional_modules)),
            unconfined=tuple(
                one if one == ":all:" else canonicalize_name(one) for one in self.unconfined
            ),
            leave_out=self.leave_out,
            project=project,
            packages={
                canonicalize_name(name): settings.options()
                for name, settings in self.package.items()
            },
        )


def read(project: Path, environ: Mapping[str, str]) -> Configuration:
    """The configuration of a project's folder; all defaults where it has none.

    A project that speaks to cibuildwheel alone says here which Pythons it is built for; the rest
    depends on the Python, and is that project's own (:func:`of_cibuildwheel`).

    :param environ: variables, of which ``CROSSBUILD_<KEY>`` override the file's keys
    :raises ConfigurationError: a key is unknown, or a value is of the wrong kind
    """
    path = project / "pyproject.toml"
    table = _table(project, path)
    names = {key: _variable(key) for key in (*_keys(Configuration), *_ELSEWHERE)}
    given = {key: environ[name] for key, name in names.items() if environ.get(name)}
    try:
        return documents.validated(Configuration, {**table, **given})
    except DocumentError as error:
        problems = [
            f"{_place(problem, path, names, given)}: {_message(problem)}"
            for problem in error.problems
        ]
        raise ConfigurationError(
            "the configuration cannot be used",
            evidence="\n".join(problems),
            cure="docs/configuration.md explains every key",
        ) from error


def of_cibuildwheel(settings: cibuildwheel.Settings) -> tuple[BuildOptions, tuple[str, ...]]:
    """What a project says to cibuildwheel of its build, and what of that is not followed, and why.

    :raises ConfigurationError: an option takes no such value
    """
    passed_over = [f"{key} ({why})" for key, why in settings.passed_over()]
    assignments = []
    for name, value in settings.variables:
        try:
            _check_variable(name, value)
            assignments.append((name, value))
        except ValueError as error:
            passed_over.append(f"environment.{name} ({error})")
    options = BuildOptions(
        environment=assigned_once(assignments),
        config_settings=settings.config_settings,
        before_build=settings["before-build"],
        project=settings.folder,
    )
    return options, tuple(passed_over)


def _table(project: Path, path: Path) -> dict[str, Any]:
    if settings := cibuildwheel.read(project):
        keys = ("build", "skip", "build-verbosity")
        texts = {key: cibuildwheel.as_ours(settings[key]) for key in keys}
        return {"packages": ["."], **{key: text for key, text in texts.items() if text}}
    tool = pyproject.read(project).get("tool", {})
    table = tool.get("crossbuild", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ConfigurationError(
            f"{TABLE} must be a table", evidence=f"{path}: {table!r}", cure=f"write [{TABLE}]"
        )
    return table


def _keys(model: type[BaseModel]) -> list[str]:
    return [str(field.alias) for field in model.model_fields.values()]


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace("-", "_")


def _place(problem: Problem, path: Path, names: Mapping[str, str], given: Mapping[str, str]) -> str:
    """The key's path in the file, or the variable's name."""
    key = str(problem.keys[0])
    if key in given:
        return f"{names[key]}={given[key]}"
    return f"{path.name}: {TABLE}.{problem.path}"


def _message(problem: Problem) -> str:
    if problem.kind != "extra_forbidden":
        return problem.message
    model = Configuration if len(problem.keys) == 1 else PackageSettings
    known = ", ".join(_keys(model))
    return _ELSEWHERE.get(problem.path, f"no such key; there are {known}")
