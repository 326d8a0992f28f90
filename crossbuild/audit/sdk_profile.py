"""The board that an SDK tells of: its sysroot's libraries, and one of its Pythons."""

from collections.abc import Sequence

from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import BoardProfile, BoardPython
from crossbuild.core.python_version import PythonVersion
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk.read import Sdk


def board_of(
    sdk: Sdk, target: TargetPython, build: BuildPython, *, absent: Sequence[str] | None = None
) -> BoardProfile:
    """The board that an SDK tells of: its sysroot's libraries and target Python.

    :param absent: patterns on sonames that the image lacks; the board's own where None

    Where the Python was synthesised there is no libpython of the target to compare with;
    the build machine's of the same X.Y exports the same names.
    """
    if target.origin == "sysroot":
        return sysroot_profile.from_sysroot(sdk.target_sysroot, target, exclude=absent)
    libraries = build.home.glob(f"lib/libpython{build.version}*.so*")
    python = BoardPython(
        version=target.version,
        full_version=target.full_version,
        abi_tag=target.abi_tag,
        ext_suffix=target.ext_suffix,
        pip=sysroot_profile.pip_version(sdk.target_sysroot, target.version),
        symbols=sysroot_profile.exported([build.executable, *libraries]),
    )
    return sysroot_profile.from_sysroot(sdk.target_sysroot, python, exclude=absent)


def board_with_any_python(sdk: Sdk, version: str) -> BoardProfile:
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
