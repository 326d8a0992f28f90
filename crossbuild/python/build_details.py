"""``build-details.json`` (PEP 739): a target's Python described for tools that cannot start it.

CPython writes one from 3.14 on, which tells of the build machine where that Python was
cross-built (https://github.com/python/cpython/issues/136267).  So one is written for every
target, from what is known of it.  The models below are the whole of the format's version 1.0:
nothing else is written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from packaging.version import Version
from pydantic import BaseModel, ConfigDict, Field

from crossbuild.core import abi
from crossbuild.core.python_version import PythonVersion

#: Its name in ``lib/pythonX.Y``.
NAME = "build-details.json"

_STABLE_ABI_SUFFIX = ".abi3.so"
_LEVELS = {"a": "alpha", "b": "beta", "rc": "candidate"}
_RELEASE_BITS = {"alpha": 0xA, "beta": 0xB, "candidate": 0xC, "final": 0xF}

_ReleaseLevel = Literal["alpha", "beta", "candidate", "final"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VersionInfo(_Strict):
    """As ``sys.version_info``."""

    major: int
    minor: int
    micro: int
    releaselevel: _ReleaseLevel
    serial: int


class Language(_Strict):
    """Which Python."""

    version: str = Field(pattern=r"^3\.\d+$")
    version_info: VersionInfo


class Implementation(_Strict):
    """As ``sys.implementation``."""

    name: Literal["cpython"] = "cpython"
    version: VersionInfo
    hexversion: int
    cache_tag: str
    multiarch: str = Field(serialization_alias="_multiarch")


class Abi(_Strict):
    """What names of extension modules tell."""

    flags: tuple[str, ...]
    extension_suffix: str
    stable_abi_suffix: str


class Suffixes(_Strict):
    """Which files are modules."""

    source: tuple[str, ...] = (".py",)
    bytecode: tuple[str, ...] = (".pyc",)
    extensions: tuple[str, ...]


class LibPython(_Strict):
    """The interpreter's library: extension modules are not linked with it.

    :ivar dynamic: where the sysroot has a shared one
    """

    dynamic: str | None = None
    link_extensions: Literal[False] = False


class CApi(_Strict):
    """Where the headers are."""

    headers: str


class BuildDetails(_Strict):
    """The whole file.  All paths are absolute."""

    schema_version: Literal["1.0"] = "1.0"
    base_prefix: str
    base_interpreter: str
    platform: str
    language: Language
    implementation: Implementation
    abi: Abi
    suffixes: Suffixes
    libpython: LibPython
    c_api: CApi


def text(
    full_version: str,
    config: Mapping[str, object],
    prefix: Path,
    headers: Path,
    library: Path | None,
) -> str:
    """The file's text.

    :param config: the Python's variables, as the target has them
    :param prefix: what stands for the target's Python on this machine
    :param headers: their folder
    :param library: its shared libpython on this machine; None where there is none
    """
    version, flags = str(config["VERSION"]), str(config.get("ABIFLAGS") or "")
    suffix = str(config.get("EXT_SUFFIX") or config.get("SO"))
    info = _version_info(full_version)
    details = BuildDetails(
        base_prefix=str(prefix),
        base_interpreter=str(prefix / f"bin/python{version}"),
        platform=abi.PLATFORM,
        language=Language(version=version, version_info=info),
        implementation=Implementation(
            version=info,
            hexversion=_hexversion(info),
            cache_tag=f"cpython-{PythonVersion(version).tag.removeprefix('cp')}",
            multiarch=str(config.get("MULTIARCH") or abi.MULTIARCH),
        ),
        abi=Abi(flags=tuple(flags), extension_suffix=suffix, stable_abi_suffix=_STABLE_ABI_SUFFIX),
        suffixes=Suffixes(extensions=(suffix, _STABLE_ABI_SUFFIX, ".so")),
        libpython=LibPython(dynamic=str(library) if library else None),
        c_api=CApi(headers=str(headers)),
    )
    return details.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n"


def _version_info(full_version: str) -> VersionInfo:
    parsed = Version(full_version)
    level, serial = parsed.pre or ("", 0)
    return VersionInfo.model_validate(
        {
            "major": parsed.major,
            "minor": parsed.minor,
            "micro": parsed.micro,
            "releaselevel": _LEVELS.get(level, "final"),
            "serial": serial,
        }
    )


def _hexversion(info: VersionInfo) -> int:
    """As ``sys.hexversion`` (CPython's documentation, "API and ABI Versioning")."""
    last = _RELEASE_BITS[info.releaselevel] << 4 | info.serial
    return info.major << 24 | info.minor << 16 | info.micro << 8 | last
