"""The options that several commands share, with their words on the command line."""

import enum
import re
from pathlib import Path
from typing import Annotated

import typer

from crossbuild.cli import completion
from crossbuild.sdk.model import Blas

#: Headings of ``--help``.
_CHOICE = "What is built"
TARGET_PANEL = "For which board"
WHEELS_PANEL = "What the wheels are like"
_FOLDERS = "Folders"
_MACHINES = "Machines and network"

SdkOption = Annotated[
    Path | None,
    typer.Option(
        "--sdk",
        envvar="CROSSBUILD_SDK",
        help="A Yocto SDK, its folder or installer; without it a reference SDK is made and used.",
        rich_help_panel=TARGET_PANEL,
        autocompletion=completion.sdks,
    ),
]


def _series(text: str) -> str:
    """The X.Y of a Python's version."""
    version = re.fullmatch(r"(3\.\d+)(\.\d+)?", text)
    if version is None:
        raise typer.BadParameter(f"{text!r} is no version of Python such as 3.7")
    return version[1]


PythonOption = Annotated[
    str | None,
    typer.Option(
        "--python",
        envvar="CROSSBUILD_PYTHON",
        parser=_series,
        metavar="X.Y",
        help="The target's Python, e.g. 3.7 (3.7.8 means the same).",
        rich_help_panel=TARGET_PANEL,
        autocompletion=completion.pythons,
    ),
]
PythonsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--python",
        envvar="CROSSBUILD_PYTHON",
        parser=_series,
        metavar="X.Y",
        help="Only these Pythons, e.g. 3.7 (3.7.8 means the same).",
        rich_help_panel=TARGET_PANEL,
        autocompletion=completion.pythons,
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment",
        help="Which environment-setup script of a multilib SDK.",
        rich_help_panel=TARGET_PANEL,
    ),
]
BuildPythonOption = Annotated[
    Path | None,
    typer.Option(
        "--build-python",
        help="A Python of the same X.Y on this machine.",
        rich_help_panel=TARGET_PANEL,
    ),
]
NoFetchPythonOption = Annotated[
    bool,
    typer.Option(
        "--no-fetch-python",
        help="Do not download a missing build Python.",
        rich_help_panel=_MACHINES,
    ),
]
WheelhouseOption = Annotated[
    Path | None,
    typer.Option(
        "--wheelhouse",
        envvar="CROSSBUILD_WHEELHOUSE",
        help="Where wheels are published.",
        rich_help_panel=_FOLDERS,
    ),
]
WorkOption = Annotated[
    Path,
    typer.Option("--work-dir", help="Build trees, logs, built wheels.", rich_help_panel=_FOLDERS),
]
SlicesOption = Annotated[
    list[str] | None,
    typer.Option("--slice", help="A folder or file of tests, e.g. numpy/linalg; all by default."),
]
CacheOption = Annotated[
    Path,
    typer.Option(
        "--cache-dir",
        help="Downloads and prepared boards of all checkouts.",
        show_default="~/.cache/crossbuild",
        rich_help_panel=_FOLDERS,
    ),
]
PatchVersionOption = Annotated[
    str | None,
    typer.Option(
        help="The board's full Python version, e.g. 3.7.8, if the SDK has no headers of it.",
        rich_help_panel=TARGET_PANEL,
    ),
]
SharedOption = Annotated[
    bool | None,
    typer.Option(
        "--shared/--static",
        help="Whether the board's Python has a shared libpython (same case).",
        rich_help_panel=TARGET_PANEL,
    ),
]


BlasOption = Annotated[
    Blas | None,
    typer.Option(
        "--blas",
        help="OpenBLAS: the SDK's (sdk), a built one (build, or newest for a newer release), or "
        "built only if the SDK has none that fits (auto).",
        rich_help_panel=TARGET_PANEL,
    ),
]


class SuiteKind(enum.Enum):
    """Which tests prove a wheel: smoke scripts, or the package's own, without or with slow ones."""

    SMOKE = "smoke"
    FAST = "fast"
    FULL = "full"


class MatrixFormat(enum.Enum):
    """Who reads the matrix."""

    JSON = "json"
    GITHUB = "github"
    GITLAB = "gitlab"


class SbomFormat(enum.Enum):
    """In which format a bill of materials is written."""

    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"


WheelsArgument = Annotated[list[Path], typer.Argument(help="A wheelhouse, or wheels.")]
LicenceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--licence",
        metavar="NAME=SPDX",
        help="The licence of a package whose wheel does not name it.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for programs, on standard output.")]
SlimOption = Annotated[
    bool | None,
    typer.Option(
        "--slim/--whole",
        envvar="CROSSBUILD_SLIM",
        help="Without tests, headers, static libraries, Cython sources and docs.",
        rich_help_panel=WHEELS_PANEL,
    ),
]
KeepDebugOption = Annotated[
    bool | None,
    typer.Option(
        "--keep-debug/--no-debug",
        help="Debug information for gdb, in the wheelhouse's debug.",
        rich_help_panel=WHEELS_PANEL,
    ),
]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="RULE:FILE",
        help="Accept this audit rule's findings in these files (a glob); they are still reported.",
        rich_help_panel=WHEELS_PANEL,
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        envvar="CROSSBUILD_JOBS",
        min=1,
        help="Compilers at once.",
        show_default="one for each core and each slot of the farm",
        rich_help_panel=_MACHINES,
    ),
]
CoresOption = Annotated[
    int,
    typer.Option(
        "--jobs",
        envvar="CROSSBUILD_JOBS",
        min=1,
        help="How many at once.",
        show_default="one for each core",
        rich_help_panel=_MACHINES,
    ),
]
DistccOption = Annotated[
    str | None,
    typer.Option(
        "--distcc",
        metavar="HOSTS",
        help="Other hosts that compile, in distcc's syntax: 'hostA/4 hostB/8'.",
        rich_help_panel=_MACHINES,
    ),
]
StorageOption = Annotated[
    str | None,
    typer.Option(
        "--ccache-storage",
        metavar="URL",
        help="Where ccache shares objects with others: redis://host:6379, http://host/folder.",
        rich_help_panel=_MACHINES,
    ),
]
ReproduceOption = Annotated[
    bool,
    typer.Option(
        "--reproduce",
        help="Build everything again in another folder; fail if a byte differs.",
        rich_help_panel=WHEELS_PANEL,
    ),
]
RequirementsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--requirement",
        "-r",
        help="A requirements file, pyproject.toml or pylock.toml, with all dependencies.",
        rich_help_panel=_CHOICE,
    ),
]
ConstraintsOption = Annotated[
    list[Path] | None,
    typer.Option("--constraint", "-c", help="Constraints, as pip's -c.", rich_help_panel=_CHOICE),
]
GroupOption = Annotated[
    list[str] | None,
    typer.Option(
        "--group", help="A dependency group of ./pyproject.toml.", rich_help_panel=_CHOICE
    ),
]
ExtraOption = Annotated[
    list[str] | None,
    typer.Option(
        "--extra", help="An extra of the project in ./pyproject.toml.", rich_help_panel=_CHOICE
    ),
]
NoBinaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--no-binary",
        metavar="NAME",
        help="Build even if an index has a wheel.",
        rich_help_panel=_CHOICE,
    ),
]
OnlyBinaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only-binary",
        metavar="NAME",
        help="Do not build; :all: for all.",
        rich_help_panel=_CHOICE,
    ),
]
BuildAllOption = Annotated[
    bool,
    typer.Option("--build-all", help="Use no compiled wheel of an index.", rich_help_panel=_CHOICE),
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Use only cached downloads.", rich_help_panel=_MACHINES)
]

PackagesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        autocompletion=completion.packages,
        help="Recipes, packages of the index, source folders; by default the project's, else all "
        "recipes.",
    ),
]
