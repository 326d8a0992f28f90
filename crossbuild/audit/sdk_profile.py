"""The board that an SDK tells of: its sysroot's libraries, and one of its Pythons."""

from collections.abc import Sequence
from dataclasses import replace

from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import NEWEST_PIP, BoardDescription, BoardProfile, BoardPython
from crossbuild.core.errors import BuildPythonError, TargetPythonError
from crossbuild.core.python_version import PythonVersion
from crossbuild.python.target import Target, TargetRequest, open_target


def board_of(
    target: Target,
    *,
    absent: Sequence[str] | None = None,
    kind: BoardDescription | None = None,
) -> BoardProfile:
    """The board that an SDK tells of: its sysroot's libraries and target Python.

    Where the Python was synthesised there is no libpython of the target to compare with;
    the build machine's of the same X.Y exports the same names.

    :param absent: patterns on sonames that the image lacks; the board's own where None
    :param kind: the board's description; the i.MX6's where None
    :raises BuildPythonError: the Python was synthesised, and this machine has none any more
    """
    sysroot, python = target.sdk.target_sysroot, target.python
    if python.origin == "sysroot":
        return sysroot_profile.from_sysroot(sysroot, python, exclude=absent, kind=kind)
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
    return sysroot_profile.from_sysroot(sysroot, described, exclude=absent, kind=kind)


def board_for(
    request: TargetRequest, python: str, kind: BoardDescription | None = None
) -> BoardProfile:
    """The board of the SDK with one of its Pythons, for an audit.

    An audit needs no build Python: without one, less is known of the board's.

    :param python: that Python; the requested one, else the sysroot's newest where empty
    :param kind: the board's description; the i.MX6's where None
    """
    version = python or request.python
    try:
        return board_of(open_target(replace(request, python=version)), kind=kind)
    except (BuildPythonError, TargetPythonError):
        if not version:
            raise
        sysroot = request.read_sdk().target_sysroot
        pip = sysroot_profile.pip_version(sysroot, version)
        return sysroot_profile.from_sysroot(sysroot, _any_python(version, pip), kind=kind)


def board_alone(kind: BoardDescription, python: str) -> BoardProfile:
    """The board where no SDK is there: nothing is known of its libraries, pip and Python's symbols.

    :param python: X.Y
    """
    return BoardProfile(
        name=kind.name,
        cpu=kind.cpu,
        machine=kind.machine,
        libraries={},
        python=_any_python(python, NEWEST_PIP),
        page_size=kind.page_size or 0,
    )


def _any_python(version: str, pip: str | None) -> BoardPython:
    """A Python of which nothing is known but the version."""
    about = PythonVersion(version)
    return BoardPython(
        version=version,
        full_version=f"{version}.0",
        abi_tag=about.abi_tag,
        ext_suffix=f".{about.soabi}.so",
        pip=pip,
    )
