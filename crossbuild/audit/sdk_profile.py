"""The board that an SDK tells of: its sysroot's libraries, and one of its Pythons."""

from collections.abc import Sequence
from dataclasses import replace

from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import BoardProfile, BoardPython
from crossbuild.core.errors import BuildPythonError, TargetPythonError
from crossbuild.core.python_version import PythonVersion
from crossbuild.python.target import Target, TargetRequest, open_target
from crossbuild.sdk.model import Sdk


def board_of(target: Target, *, absent: Sequence[str] | None = None) -> BoardProfile:
    """The board that an SDK tells of: its sysroot's libraries and target Python.

    Where the Python was synthesised there is no libpython of the target to compare with;
    the build machine's of the same X.Y exports the same names.

    :param absent: patterns on sonames that the image lacks; the board's own where None
    :raises BuildPythonError: the Python was synthesised, and this machine has none any more
    """
    sysroot, python = target.sdk.target_sysroot, target.python
    if python.origin == "sysroot":
        return sysroot_profile.from_sysroot(sysroot, python, exclude=absent)
    build = target.build_python
    libraries = build.home.glob(f"lib/libpython{build.version}*.so*")
    described = BoardPython(
        version=python.version,
        full_version=python.full_version,
        abi_tag=python.abi_tag,
        ext_suffix=python.ext_suffix,
        pip=sysroot_profile.pip_version(sysroot, python.version),
        symbols=sysroot_profile.exported([build.executable, *libraries]),
    )
    return sysroot_profile.from_sysroot(sysroot, described, exclude=absent)


def board_for(request: TargetRequest, python: str) -> BoardProfile:
    """The board of the SDK with one of its Pythons, for an audit.

    An audit needs no build Python: without one, less is known of the board's.

    :param python: that Python; the requested one, else the sysroot's newest where empty
    """
    version = python or request.python
    try:
        return board_of(open_target(replace(request, python=version)))
    except (BuildPythonError, TargetPythonError):
        if not version:
            raise
        return _board_with_any_python(request.read_sdk(), version)


def _board_with_any_python(sdk: Sdk, version: str) -> BoardProfile:
    """The board, where nothing is known of its Python but the version."""
    about = PythonVersion(version)
    python = BoardPython(
        version=version,
        full_version=f"{version}.0",
        abi_tag=about.abi_tag,
        ext_suffix=f".{about.soabi}.so",
        pip=sysroot_profile.pip_version(sdk.target_sysroot, version),
    )
    return sysroot_profile.from_sysroot(sdk.target_sysroot, python)
