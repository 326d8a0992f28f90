"""The options that several commands share, with their words on the command line."""

import enum
import re
from pathlib import Path
from typing import Annotated

import typer

SdkOption = Annotated[
    Path | None,
    typer.Option(
        "--sdk",
        envvar="SDK",
        help="Folder of a Yocto SDK; without it a reference SDK is made and used.",
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
        envvar="PYTHON",
        parser=_series,
        metavar="X.Y",
        help="The target's Python, e.g. 3.7 (3.7.8 means the same).",
    ),
]
PythonsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--python",
        envvar="PYTHON",
        parser=_series,
        metavar="X.Y",
        help="These Pythons alone, e.g. 3.7 (3.7.8 means the same).",
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option("--environment", help="Which environment-setup script of a multilib SDK."),
]
BuildPythonOption = Annotated[
    Path | None, typer.Option("--build-python", help="A Python of the same X.Y on this machine.")
]
WheelhouseOption = Annotated[
    Path | None,
    typer.Option("--wheelhouse", envvar="WHEELHOUSE", help="Where wheels are published."),
]
WorkOption = Annotated[Path, typer.Option("--work-dir", help="Build trees, logs, built wheels.")]
SlicesOption = Annotated[
    list[str] | None,
    typer.Option("--slice", help="A folder or file of tests, e.g. numpy/linalg; all by default."),
]
CacheOption = Annotated[
    Path, typer.Option("--cache-dir", help="Downloads and prepared boards of all checkouts.")
]
PatchVersionOption = Annotated[
    str | None,
    typer.Option(help="The board's Python, e.g. 3.7.8, where the SDK has no headers of it."),
]
SharedOption = Annotated[
    bool | None,
    typer.Option("--shared/--static", help="How the board's Python has libpython (same case)."),
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


JsonOption = Annotated[bool, typer.Option("--json", help="For machines, on standard output.")]
SlimOption = Annotated[
    bool | None,
    typer.Option(
        "--slim/--whole",
        envvar="SLIM",
        help="Without tests, headers, static libraries, Cython sources and docs.",
    ),
]
KeepDebugOption = Annotated[
    bool | None,
    typer.Option(
        "--keep-debug/--no-debug", help="Debug information for gdb, in the wheelhouse's debug."
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        envvar="JOBS",
        min=1,
        help="Compilers at once; one for each core and each slot of the farm by default.",
    ),
]
DistccOption = Annotated[
    str | None,
    typer.Option(
        "--distcc",
        metavar="HOSTS",
        help="Hosts that compile as well, in distcc's words: 'hostA/4 hostB/8'.",
    ),
]
StorageOption = Annotated[
    str | None,
    typer.Option(
        "--ccache-storage",
        metavar="URL",
        help="Where ccache shares objects with others: redis://host:6379, http://host/folder.",
    ),
]
ReproduceOption = Annotated[
    bool,
    typer.Option("--reproduce", help="Build all again elsewhere; fail where a byte differs."),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Use cached downloads alone.")]
