"""The hooks of PEP 517: how one is called, and what of a back end's answer is not locked yet."""

from collections.abc import Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild import in_process
from crossbuild.core.python_version import PythonVersion

#: pyproject_hooks calls the back end with a script that Python 3.5 cannot read.
_SCRIPT_FOR_OLD_PYTHON = in_process.FOLDER / "call_backend.py"


def command(cmd: Sequence[str], python: str) -> list[str]:
    """The command line by which pyproject_hooks starts a hook, for a Python of any age."""
    interpreter, script, *rest = cmd
    if PythonVersion(python).minor < 6:
        script = str(_SCRIPT_FOR_OLD_PYTHON)
    return [interpreter, script, *rest]


def unmet(requires: Sequence[str], locked: Mapping[str, str], python: str) -> tuple[str, ...]:
    """Those of the requirements that locked versions do not satisfy.

    :param locked: versions by canonical name
    :param python: the build Python, whose markers count
    """

    def is_met(wanted: Requirement) -> bool:
        if not applies(wanted, python):
            return True
        version = locked.get(canonicalize_name(wanted.name))
        return version is not None and wanted.specifier.contains(version, prereleases=True)

    return tuple(text for text in requires if not is_met(Requirement(text)))


def applies(requirement: Requirement, python: str) -> bool:
    """Whether a build requirement's marker holds for that Python of the build machine."""
    machine = {"python_version": python, "python_full_version": f"{python}.0"}
    return requirement.marker is None or requirement.marker.evaluate(machine)
