"""The hooks of PEP 517: how one is called, and what a back end says that it requires.

A ``setup.py`` states some of its build requirements in a call (``setup_requires``), and a back
end may need more for this very project.  Only the hook ``get_requires_for_build_wheel`` tells.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from build import BuildBackendException, BuildException, ProjectBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild import in_process
from crossbuild.core.command import clean_environment, run
from crossbuild.core.errors import BuildError, CommandError
from crossbuild.core.python_version import PythonVersion
from crossbuild.python import build_python
from crossbuild.python.build_python import BuildPython

#: pyproject_hooks calls the back end with a script that Python 3.5 cannot read.
_SCRIPT_FOR_OLD_PYTHON = in_process.FOLDER / "call_backend.py"


def command(cmd: Sequence[str], python: str) -> list[str]:
    """The command line by which pyproject_hooks starts a hook, for a Python of any age."""
    interpreter, script, *rest = cmd
    if PythonVersion(python).minor < 6:
        script = str(_SCRIPT_FOR_OLD_PYTHON)
    return [interpreter, script, *rest]


@dataclass(frozen=True)
class _Asker:
    """Asks the back end of one project.

    :ivar folder: where its environment and its log are made
    """

    folder: Path
    python: BuildPython

    @property
    def log(self) -> Path:
        return self.folder / "requires.log"

    def run(
        self,
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start the back end, through the one door for programs."""
        path = f"{self.folder}/env/bin:/usr/local/bin:/usr/bin:/bin"
        own = {"HOME": str(self.folder), "PATH": path, "PIP_NO_INDEX": "1"}
        run(
            command(cmd, self.python.version),
            env={**clean_environment(**own), **(extra_environ or {})},
            cwd=Path(cwd) if cwd else None,
            log=self.log,
        )


def required_for_wheel(
    source: Path, wheels: Sequence[Path], python: BuildPython, folder: Path
) -> tuple[str, ...]:
    """The requirements that a project's back end names for a wheel, sorted.

    :param source: a copy of the source, which may be changed
    :param wheels: the build requirements that the project states, with all they need
    :param folder: where an environment is made of them
    :raises BuildError: the back end failed, or there is none
    """
    asker = _Asker(folder, python)
    interpreter = build_python.make_environment(python, folder / "env")
    build_python.install_wheels(wheels, folder / "env", python.version, interpreter)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            builder = ProjectBuilder(source, python_executable=str(interpreter), runner=asker.run)
            return tuple(sorted(builder.get_requires_for_build("wheel")))
    except BuildBackendException as error:
        cause = error.exception
        if not isinstance(cause, CommandError):
            raise cause from error  # a full disk, a missing tool: not the project's failure
        raise BuildError(
            f"{source.name} does not say what it requires to be built",
            evidence=cause.evidence,
            cure="its back end, or its setup.py, failed at the question; what it imports belongs "
            "in build-system.requires of its pyproject.toml",
        ) from error
    except BuildException as error:
        raise BuildError(
            f"{source.name} has no back end that can be asked",
            evidence=str(error),
            cure="the package's pyproject.toml must name a PEP 517 back end that works",
        ) from error


def unmet(requires: Sequence[str], locked: Mapping[str, str], python: str) -> tuple[str, ...]:
    """Those of the requirements that locked versions do not satisfy.

    :param locked: versions by canonical name
    :param python: the build Python, whose markers count
    """
    machine = {"python_version": python, "python_full_version": f"{python}.0"}

    def is_met(wanted: Requirement) -> bool:
        if wanted.marker is not None and not wanted.marker.evaluate(machine):
            return True
        version = locked.get(canonicalize_name(wanted.name))
        return version is not None and wanted.specifier.contains(version, prereleases=True)

    return tuple(text for text in requires if not is_met(Requirement(text)))
