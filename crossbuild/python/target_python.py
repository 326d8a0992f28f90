"""The target's Python: found in the sysroot or synthesised, described by an overlay.

The SDK itself is never written to.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from crossbuild.core import documents, files, own_code
from crossbuild.core.abi import MULTIARCH
from crossbuild.core.errors import TargetPythonError
from crossbuild.core.python_version import PythonVersion
from crossbuild.python import build_details
from crossbuild.python import overlay as overlays
from crossbuild.python.build_python import BuildPython, find
from crossbuild.python.sysconfigdata import (
    Description,
    find_module,
    find_pyconfig,
    header_text,
    number,
    read_config,
    read_macros,
)
from crossbuild.sdk.model import Sdk

#: Written last into an overlay: what it was made from.
_RECORD = "crossbuild.json"
_PATHS = ("prefix", "include", "sysconfigdata")

#: The code that decides what an overlay holds; a test holds it against what that code imports.
CODE = ("core", "in_process", "sdk", "sdk.brought", "python")


@dataclass(frozen=True)
class TargetPython:
    """The target's Python as a build needs to know it.

    ``prefix`` is the overlay; ``config`` the ``build_time_vars`` as the target has them,
    before they were amended; ``origin`` is "sysroot" or "synthesised".
    """

    version: str
    full_version: str
    prefix: Path
    include: Path
    sysconfigdata: Path
    config: Mapping[str, object]
    ext_suffix: str
    soabi: str
    abi_tag: str
    origin: str

    @property
    def build_details(self) -> Path:
        """Its ``build-details.json`` (PEP 739)."""
        return self.sysconfigdata.with_name(build_details.NAME)


def available(sdk: Sdk) -> tuple[str, ...]:
    """The Python versions that the sysroot has something of, newest first."""
    versions = set()
    for pattern in ("usr/lib*/python3.*", "usr/include/python3.*"):
        for path in sdk.target_sysroot.glob(pattern):
            if match := re.fullmatch(r"python(3\.\d+)m?", path.name):
                versions.add(match[1])
    return tuple(sorted(versions, key=lambda text: PythonVersion(text).minor, reverse=True))


def describe(
    sdk: Sdk,
    version: str | None,
    overlay: Path,
    *,
    build_python: BuildPython | None = None,
    patch_version: str | None = None,
    shared: bool | None = None,
) -> TargetPython:
    """Describe the target's Python of *version* (the sysroot's newest where None).

    :param overlay: folder to make; kept as it is where it was made from the same things
    :param build_python: from which the description is synthesised where the sysroot has no
        Python of that version with headers; None: that is an error
    :param patch_version: the board's "3.7.8", for a synthesised description
    :param shared: whether the board's interpreter is linked with a shared libpython
    :raises TargetPythonError: no Python in the sysroot, no headers, no sysconfigdata, or
        these contradict each other
    """
    chosen = version or newest(sdk)
    key = _key(sdk, chosen, overlay, build_python, patch_version, shared)
    if (made := _made_before(overlay, key)) is not None:
        return made
    try:
        source = _from_sysroot(sdk, chosen)
    except _LackingError as lacking:
        if build_python is None:
            raise _not_complete(sdk, chosen, str(lacking)) from None
        from crossbuild.python import synthesis

        donor = _with_headers(build_python)
        source = synthesis.synthesise(sdk, donor, patch_version=patch_version, shared=shared)
    _check(source, chosen)
    include, module = overlays.write(source, sdk, overlay)
    suffix = str(source.config.get("EXT_SUFFIX") or source.config.get("SO"))
    described = TargetPython(
        version=chosen,
        full_version=source.full_version,
        prefix=overlay,
        include=include,
        sysconfigdata=module,
        config=source.config,
        ext_suffix=suffix,
        soabi=str(source.config.get("SOABI") or suffix.removeprefix(".").removesuffix(".so")),
        abi_tag=f"{PythonVersion(chosen).tag}{source.config.get('ABIFLAGS') or ''}",
        origin=source.origin,
    )
    record = {"key": key, "target": asdict(described)}
    files.write_text(overlay / _RECORD, json.dumps(record, default=str, indent=1))
    return described


def is_complete(sdk: Sdk, version: str) -> bool:
    """Whether the sysroot has all of a Python that a build needs; else it is synthesised."""
    try:
        _files(sdk.target_sysroot, version)
    except _LackingError:
        return False
    return True


def _with_headers(builder: BuildPython) -> BuildPython:
    """The build Python itself, or another of its X.Y: SDKs' own have no headers."""
    return builder if builder.include else find(builder.version, headers=True)


def _key(sdk: Sdk, version: str, overlay: Path, *rest: object) -> str:
    """What an overlay was made from, crossbuild's own code included."""
    build = sdk.tools.cc, sdk.target_sysroot, sdk.triple
    return files.content_key(sdk.content_id, build, version, overlay, rest, own_code.digest(CODE))


def _made_before(overlay: Path, key: str) -> TargetPython | None:
    record = documents.read_record(overlay / _RECORD)
    if record.get("key") != key:
        return None
    try:
        paths = {name: Path(record["target"][name]) for name in _PATHS}
        return TargetPython(**record["target"] | paths)
    except (KeyError, TypeError):
        return None


class _LackingError(Exception):
    """What of the Python the sysroot lacks."""


def newest(sdk: Sdk) -> str:
    """The newest Python version that the sysroot has something of.

    :raises TargetPythonError: it has none
    """
    versions = available(sdk)
    if not versions:
        raise TargetPythonError(
            "the SDK's sysroot has no Python",
            evidence=f"no usr/lib/python3.* and no usr/include/python3.* in {sdk.target_sysroot}",
            cure="state the board's version, e.g. --python 3.7: its description is then "
            "synthesised; or " + _local_conf(),
        )
    return versions[0]


def _files(root: Path, version: str) -> tuple[Path, Path, Path]:
    """A sysroot's folder of headers, its file of macros, and its sysconfigdata."""
    include = root / "usr/include"
    headers = next(
        (
            folder
            for folder in (include / f"python{version}m", include / f"python{version}")
            if (folder / "Python.h").is_file()
        ),
        None,
    )
    if headers is None:
        raise _LackingError(f"no usr/include/python{version}/Python.h in {root}")
    path = _sysconfigdata_file(root, version)
    pyconfig = find_pyconfig(headers, MULTIARCH, 32)
    if pyconfig is None:
        raise _LackingError(f"no pyconfig.h that defines SIZEOF_LONG in {headers}")
    return headers, pyconfig, path


def _from_sysroot(sdk: Sdk, version: str) -> Description:
    headers, pyconfig, path = _files(sdk.target_sysroot, version)
    return Description(
        full_version=_full_version(headers, version),
        headers=headers,
        pyconfig=header_text(pyconfig),
        config=read_config(path),
        module=path.stem.replace("_sysconfig_vars", "_sysconfigdata"),
        origin="sysroot",
        evidence=f"{path}, {pyconfig}",
    )


def _sysconfigdata_file(root: Path, version: str) -> Path:
    for library in sorted(root.glob(f"usr/lib*/python{version}")):
        if (path := find_module(library, "arm")) is not None:
            return path
    raise _LackingError(f"no usr/lib/python{version}/_sysconfigdata*.py in {root}")


def _full_version(headers: Path, version: str) -> str:
    path = headers / "patchlevel.h"
    macros = read_macros(header_text(path)) if path.is_file() else {}
    return macros.get("PY_VERSION", version).strip('"').rstrip("+")


def _not_complete(sdk: Sdk, version: str, lacking: str) -> TargetPythonError:
    others = ", ".join(available(sdk)) or "none"
    return TargetPythonError(
        f"the SDK's sysroot has no Python {version} to build against",
        evidence=f"{lacking}; versions there: {others}",
        cure=f"{_local_conf()}; or `crossbuild sdk python --python {version}` synthesises the "
        f"description from a Python {version} of the build machine",
    )


def _local_conf() -> str:
    return (
        "rebuild the SDK with, in local.conf:\n"
        'TOOLCHAIN_TARGET_TASK:append = " python3-dev python3-modules"\n'
        "(before honister: TOOLCHAIN_TARGET_TASK_append)"
    )


def _check(source: Description, version: str) -> None:
    """Hold the description against itself and against the board's ABI.

    :raises TargetPythonError: it is another version's or another machine's
    """
    macros = read_macros(source.pyconfig)
    suffix = str(source.config.get("EXT_SUFFIX") or source.config.get("SO") or "")
    problems = [
        f"{name} is {number(macros, name)} in pyconfig.h, and 4 on armv7hf"
        for name in ("SIZEOF_LONG", "SIZEOF_VOID_P", "SIZEOF_SIZE_T")
        if number(macros, name) != 4
    ]
    if source.config.get("VERSION") != version:
        problems.append(f"sysconfigdata's VERSION is {source.config.get('VERSION')!r}")
    if not source.full_version.startswith(version):
        problems.append(f"the headers are Python {source.full_version}'s")
    if not suffix.endswith(".so") or ("linux" in suffix and MULTIARCH not in suffix):
        problems.append(f"EXT_SUFFIX is {suffix!r}, not for {MULTIARCH}")
    if "d" in str(source.config.get("ABIFLAGS") or ""):
        problems.append("it is a debug build (ABIFLAGS has d)")
    if problems:
        raise TargetPythonError(
            f"the target's Python {version} contradicts itself or the board",
            evidence=f"{'; '.join(problems)} ({source.evidence})",
            cure="the sysroot mixes machines or versions: reinstall the SDK, or rebuild it with "
            "one python3-dev",
        )
