"""Recipes as data: how a package is built for the board, one TOML file each.

The engine knows no package's name: what is particular to one stands in
``recipes/<name>.toml``, and this module reads it (``docs/recipes.md`` has every key).
"""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_snake

from crossbuild.core import documents
from crossbuild.core.documents import DocumentError, Problem
from crossbuild.core.errors import RecipeError
from crossbuild.packages.recipe_fields import (
    MacroName,
    Pin,
    RelativePath,
    RequirementText,
    SpecifierText,
    VersionText,
    as_list,
)
from crossbuild.packages.recipe_fields import specifier as normal_specifier

RECIPES = Path(__file__).parents[1] / "recipes"
#: What smoke scripts import: it lies beside them on the board.
SMOKE_CHECKS = RECIPES / "smoke/smoke_checks.py"

#: The Pythons for which wheels are made.
PYTHONS = ("3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")

#: The names that ``{…}`` in a recipe may use; ``target:`` takes a package of target-requires.
TEMPLATE_NAMES = {
    "sysroot": "the target sysroot",
    "library-dirs": "the SDK's library directories in the sysroot, joined with ':'",
    "include-dirs": "the SDK's include directories in the sysroot, joined with ':'",
    "build": "the build environment's site-packages",
    "target:NAME": "the folder with the unpacked target wheel of the package NAME",
    "source": "the root of the package's unpacked source",
    "jobs": "how many compilers may run at once",
}
_TEMPLATE = re.compile(r"\{([^{}]*)\}")


class _Model(BaseModel):
    """Frozen, unknown keys refused, ``build-requires`` in the file is ``build_requires`` here."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: to_snake(name).replace("_", "-"),
    )


class Flags(_Model):
    """Compiler flags that a package needs, where the SDK's GCC is of a certain age."""

    language: Literal["c", "c++", "fortran"]
    gcc: SpecifierText = ""
    add: tuple[str, ...]


class Edit(_Model):
    """A text in the source that stands for another while the package is built."""

    #: From the root of the source.
    file: RelativePath
    #: It must stand there once.
    old: str = Field(min_length=1)
    new: str


class Slim(_Model):
    """What ``--slim`` does with this package beyond its policy; globs of files in the wheel."""

    #: Files that are spared.
    keep: tuple[RelativePath, ...] = ()
    #: Files that are left out.
    drop: tuple[RelativePath, ...] = ()
    #: Python sources from which comments go, and docstrings but for their first lines.
    shorten: tuple[RelativePath, ...] = ()
    #: Functions in these whose arguments of several lines are documentation as well.
    doc_calls: tuple[str, ...] = ()
    #: Texts whose lines stay in docstrings, for the package's code looks for them.
    doc_lines: tuple[str, ...] = ()


class Suite(_Model):
    """The package's own tests, which lie in its wheel and run with pytest."""

    #: The package that is imported; its test files lie below its folder.
    module: str
    #: Pure packages that the tests import, pytest among them.
    requires: tuple[RequirementText, ...]
    #: pytest's marker expression of the tests that are run by ``--suite fast``.
    fast: str = ""
    #: Folders or files of tests that have no business on a board.
    exclude: tuple[RelativePath, ...] = ()
    #: Debian's package of it, with which ``crossbuild parity`` compares.
    native: str = ""
    #: Script that prints what a build says of itself, a line each.
    about: RelativePath = ""
    #: After so many seconds a single test counts as hung.
    test_seconds: int = Field(default=300, gt=0)


class CompiledAgainst(_Model):
    """What others take of a version that are compiled against it, and with which they then run."""

    #: Folders of its wheel with headers and libraries for the target.
    folders: tuple[RelativePath, ...] = Field(min_length=1)
    #: The versions with which an extension runs that was compiled against this one.
    runs_with: SpecifierText


class Covered(_Model):
    """Other versions that are built as one of a recipe is; their locks are made at first use."""

    versions: SpecifierText
    python: Annotated[tuple[SpecifierText, ...], BeforeValidator(as_list), Field(min_length=1)]
    #: The versions with which an extension runs, where they are not those of the recipe's.
    runs_with: SpecifierText = ""

    def admits(self, version: str, python: str) -> bool:
        """Whether a version is among them, on that Python."""
        return self.on(python) and SpecifierSet(self.versions).contains(version, prereleases=True)

    def on(self, python: str) -> bool:
        """Whether any version is covered on that Python."""
        return any(admits(text, python) for text in self.python)


class RecipeVersion(_Model):
    """One version of a package, and the Pythons for which it is built."""

    package: str
    python: Annotated[tuple[SpecifierText, ...], BeforeValidator(as_list), Field(min_length=1)]
    version: VersionText
    #: Versions that are built the same way, with locks of their own.
    covers: tuple[Covered, ...] = ()
    backend: Literal["meson-python", "setuptools", "plain"]
    #: Requirements that run on the build machine.
    build_requires: tuple[RequirementText, ...]
    #: Packages whose target wheel this one compiles and links against, pinned.
    target_requires: tuple[Pin, ...] = ()
    #: Other versions of these against which it can be compiled, where a run has one.
    also_against: tuple[RequirementText, ...] = ()
    #: What the wheel needs on the board beside target_requires (no closure is made).
    runtime_requires: tuple[RequirementText, ...] = ()
    #: Package of target_requires -> directories that a hybrid takes from the target wheel.
    hybrid: Mapping[str, tuple[RelativePath, ...]] = {}
    #: What a wheel with compiled code requires on the board beside what its own metadata says.
    requires_dist: tuple[RequirementText, ...] = ()
    #: What others are given that require this package to build.
    compiled_against: CompiledAgainst | None = None
    config_settings: Mapping[str, tuple[str, ...]] = {}
    environment: Mapping[str, str] = {}
    meson_properties: Mapping[str, str] = {}
    #: Section -> key -> value of the site.cfg in the build's own HOME.
    site_cfg: Mapping[str, Mapping[str, str]] = {}
    #: The GCC versions that can compile it, as far as its build refuses others.
    gcc: SpecifierText = ""
    fortran: bool = False
    #: Words of its setup-args with which it compiles no Fortran.
    without_fortran: tuple[str, ...] = ()
    #: Libraries of the sysroot without which the build must not start, as in ``-lopenblas``.
    sysroot_libraries: tuple[str, ...] = ()
    flags: tuple[Flags, ...] = ()
    #: Include and library paths of the build machine that compilers drop instead of refusing.
    dropped_paths: tuple[str, ...] = ()
    #: Macros on the compilers' lines that name the build's folder, and that no compiled file reads.
    dropped_macros: tuple[MacroName, ...] = ()
    #: What is changed in the source before it is built.
    edits: tuple[Edit, ...] = ()
    slim: Slim = Slim()
    #: Estimates: peak memory of one compiler, and room for the build folder, in MB.
    memory_mb: int = Field(default=300, gt=0)
    disk_mb: int = Field(default=200, gt=0)

    def model_post_init(self, _: object) -> None:
        """Checks that look at more than one key.

        :raises ValueError: a template or hybrid names what target-requires does not have
        """
        targets = self.dependencies
        if strangers := sorted(set(self.hybrid) - set(targets)):
            raise ValueError(f"hybrid: {strangers[0]!r} is not in target-requires")
        for text in self.also_against:
            if canonicalize_name(Requirement(text).name) not in targets:
                raise ValueError(f"also-against: {text!r} is not in target-requires")
        for text in self._templated():
            for name in _TEMPLATE.findall(text):
                _check_template(name, text, targets)

    def _templated(self) -> list[str]:
        return [
            *self.environment.values(),
            *self.meson_properties.values(),
            *(word for words in self.config_settings.values() for word in words),
            *(value for section in self.site_cfg.values() for value in section.values()),
        ]

    def admits(self, python: str) -> bool:
        """Whether this version is built for that Python (``"3.7"``)."""
        return any(admits(text, python) for text in self.python)

    def covering(self, version: str, python: str) -> "RecipeVersion | None":
        """How another version is built that this one covers; None where it covers it not."""
        for covered in self.covers:
            if covered.admits(version, python):
                handed = self.compiled_against
                if handed and covered.runs_with:
                    handed = handed.model_copy(update={"runs_with": covered.runs_with})
                return self.model_copy(update={"version": version, "compiled_against": handed})
        return None

    def against(self, others: Mapping[str, "RecipeVersion"]) -> "RecipeVersion | None":
        """The same, compiled against what a run has; None where they do not go together.

        :param others: the run's, by canonical name
        """
        pins: dict[str, str] = {}
        for text in self.target_requires:
            pin = Requirement(text)
            other = others.get(canonicalize_name(pin.name))
            if other is None or pin.specifier.contains(other.version, prereleases=True):
                continue
            also = (Requirement(wanted) for wanted in self.also_against)
            if not any(
                one.name == pin.name and one.specifier.contains(other.version, prereleases=True)
                for one in also
            ):
                return None
            pins[text] = f"{pin.name}=={other.version}"
        if not pins:
            return self
        # What is compiled against a newer one than its metadata asks for does not run with less.
        runs_with = tuple(
            f"{name}{other.compiled_against.runs_with}"
            for name, other in others.items()
            if name in self.dependencies and other.compiled_against
        )
        return self.model_copy(
            update={
                "build_requires": tuple(pins.get(text, text) for text in self.build_requires),
                "target_requires": tuple(pins.get(text, text) for text in self.target_requires),
                "requires_dist": (*self.requires_dist, *runs_with),
            }
        )

    def sparing_fortran(self) -> "RecipeVersion":
        """The same, built without a Fortran compiler.

        :raises RecipeError: it cannot be
        """
        if not self.fortran:
            return self
        if not self.without_fortran:
            raise RecipeError(
                f"{self.package} {self.version} cannot be built without Fortran",
                evidence=f"package.{self.package}.fortran is false, and its recipe has no "
                "without-fortran",
                cure="name a version that can (docs/stock-sdk.md), or leave the setting out",
            )
        words = (*self.config_settings.get("setup-args", ()), *self.without_fortran)
        settings = {**self.config_settings, "setup-args": words}
        return self.model_copy(update={"fortran": False, "config_settings": settings})

    def serves(self, other: Version) -> bool:
        """Whether what is compiled against this one, which is no older, runs with another."""
        against = self.compiled_against
        newer = Version(self.version) >= other
        return against is not None and newer and SpecifierSet(against.runs_with).contains(other)

    @cached_property
    def dependencies(self) -> tuple[str, ...]:
        """Names of the packages whose target wheels must exist before this build."""
        return tuple(canonicalize_name(Requirement(pin).name) for pin in self.target_requires)

    @cached_property
    def companions(self) -> tuple[str, ...]:
        """Of what it needs on the board: packages with recipes, which are built as well."""
        return tuple(text for text in self.runtime_requires if exists(Requirement(text).name))

    @cached_property
    def pure_requires(self) -> tuple[str, ...]:
        """Of what it needs on the board: pure packages, whose wheels are locked."""
        return tuple(text for text in self.runtime_requires if text not in self.companions)

    def flags_for(self, language: str, gcc_version: str) -> tuple[str, ...]:
        """The extra flags for a language with the SDK's GCC (``"10.2.1"``)."""
        return tuple(
            word
            for flags in self.flags
            if flags.language == language and SpecifierSet(flags.gcc).contains(gcc_version)
            for word in flags.add
        )


class Recipe(_Model):
    """All that is particular to one package."""

    name: str
    summary: str
    licence: str
    home: str
    #: Script that computes on the board and compares with known numbers.
    smoke: RelativePath
    #: For each version that has none of its own.
    slim: Slim = Slim()
    #: For each version that has none of its own.
    flags: tuple[Flags, ...] = ()
    suite: Suite | None = None
    #: Other distributions that packages require to build, and mean this one.
    also_required_as: tuple[str, ...] = ()
    version: tuple[RecipeVersion, ...] = Field(min_length=1)
    folder: Path = Field(default=RECIPES, exclude=True)

    @property
    def smoke_script(self) -> Path:
        """The smoke script's file."""
        return self.folder / self.smoke

    @property
    def about_script(self) -> Path | None:
        """The script that prints what a build says of itself, if there is one."""
        return self.folder / self.suite.about if self.suite and self.suite.about else None

    @property
    def hands_out(self) -> bool:
        """Whether others are compiled against it."""
        return any(version.compiled_against for version in self.version)

    @property
    def required_as(self) -> tuple[str, ...]:
        """The canonical names by which others require it to build."""
        return tuple(map(canonicalize_name, (self.name, *self.also_required_as)))

    def for_python(self, python: str, version: str | None = None) -> RecipeVersion:
        """The version to build for a Python: the first in the file that admits it.

        :param python: ``"3.7"``
        :param version: the one that the user asked for, where the default is not wanted
        :raises RecipeError: none fits; the evidence lists those that exist
        """
        fitting = self.for_python_all(python)
        for candidate in fitting:
            if version is None or Version(candidate.version) == Version(version):
                return candidate
        wanted = self.name if version is None else f"{self.name} {version}"
        listed = "; ".join(f"{v.version} for Python {' or '.join(v.python)}" for v in self.version)
        raise RecipeError(
            f"there is no {wanted} for Python {python} in its recipe",
            evidence=f"{_shown(self.folder / self.name)}.toml has {listed}",
            cure=f"choose one of these, or add a [[version]] for Python {python} to the recipe",
        )

    def version_for(self, wanted: Requirement, python: str) -> RecipeVersion | None:
        """The version to build for a Python that satisfies a requirement; None where none does."""
        fitting = (
            candidate
            for candidate in self.for_python_all(python)
            if wanted.specifier.contains(candidate.version, prereleases=True)
        )
        return next(fitting, None)

    def at(self, version: str, python: str) -> RecipeVersion | None:
        """How a version is built for a Python: one of the recipe's own, or one that it covers."""
        for candidate in self.for_python_all(python):
            if Version(candidate.version) == Version(version):
                return candidate
        covering = (candidate.covering(version, python) for candidate in self.version)
        return next((found for found in covering if found), None)

    def ranges(self, python: str) -> tuple[str, ...]:
        """The versions that are covered on a Python beside the recipe's own, as specifiers."""
        covers = (covered for version in self.version for covered in version.covers)
        return tuple(covered.versions for covered in covers if covered.on(python))

    def for_python_all(self, python: str) -> tuple[RecipeVersion, ...]:
        """Every version that admits that Python, the default first."""
        return tuple(candidate for candidate in self.version if candidate.admits(python))


def admits(specifier: str, python: str) -> bool:
    """Whether ``">=3.7,<3.10"`` (or just ``"3.7"``) means the Python ``"3.7"``."""
    return SpecifierSet(normal_specifier(specifier)).contains(f"{python}.0")


def names(folder: Path = RECIPES) -> list[str]:
    """The packages that have a recipe, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def exists(name: str, folder: Path = RECIPES) -> bool:
    """Whether a package has a recipe."""
    return (folder / f"{canonicalize_name(name)}.toml").is_file()


def load(name: str, *, folder: Path = RECIPES) -> Recipe:
    """Read and check a package's recipe.

    :raises RecipeError: there is none, or it is malformed (with file and key)
    """
    path = folder / f"{canonicalize_name(name)}.toml"
    if not path.is_file():
        raise RecipeError(
            f"there is no recipe for {name}",
            evidence=f"{_shown(path)} does not exist; recipes: {', '.join(names(folder))}",
            cure=f"`crossbuild wheels {name}` builds a package that needs none",
        )
    what, cure = f"the recipe {_shown(path)} is malformed", "docs/recipes.md explains every key"
    with documents.refused_as(RecipeError, what, _shown(path), cure=cure):
        recipe = documents.validated(Recipe, _with_package(documents.read_toml(path), folder))
        _check_file(recipe, path)
        return recipe


def render(text: str, values: Mapping[str, str | Path | int]) -> str:
    """Fill a recipe's template.

    :param values: by name of :data:`TEMPLATE_NAMES`, ``target:numpy`` for one package
    :raises RecipeError: the build has no value for a name
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise RecipeError(
                f"no value for {match[0]} in a recipe",
                evidence=f"in {text!r}; known here: {', '.join(sorted(values))}",
                cure="docs/recipes.md lists the names that a recipe may use",
            )
        return str(values[match[1]])

    return _TEMPLATE.sub(value, text)


def _with_package(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The file's tables with what all versions share in each, as the engine wants it."""
    versions = document.get("version")
    if isinstance(versions, list):
        shared = {"package": document.get("name", "")}
        shared |= {key: document[key] for key in ("slim", "flags") if key in document}
        versions = [{**shared, **entry} if isinstance(entry, dict) else entry for entry in versions]
        document = {**document, "version": versions}
    return {**document, "folder": folder}


def _check_template(name: str, text: str, targets: tuple[str, ...]) -> None:
    kind, _, package = name.partition(":")
    if kind == "target":
        if package not in targets:
            raise ValueError(f"{{{name}}} in {text!r}: {package!r} is not in target-requires")
    elif name not in TEMPLATE_NAMES:
        known = ", ".join(f"{{{known}}}" for known in TEMPLATE_NAMES)
        raise ValueError(f"{{{name}}} in {text!r} is not one of {known}")


def _check_file(recipe: Recipe, path: Path) -> None:
    smoke = recipe.smoke_script
    if recipe.name != path.stem:
        raise DocumentError(Problem(f"{recipe.name!r} is not the file's name", ("name",)))
    if not smoke.is_file():
        raise DocumentError(Problem(f"{recipe.smoke} does not exist beside the recipe", ("smoke",)))
    if smoke.stem == recipe.name.replace("-", "_"):
        problem = f"{recipe.smoke} would be imported instead of the package"
        raise DocumentError(Problem(problem, ("smoke",)))


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
