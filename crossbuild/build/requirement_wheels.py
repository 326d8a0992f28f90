"""Wheels for the build machine of build requirements that an index has as sources alone.

As pip does; what such a source itself requires is in the same lock, and so in the environment.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from build import BuildBackendException, BuildException, ProjectBuilder
from packaging.utils import parse_sdist_filename

from crossbuild.build.crossenv import CrossEnv
from crossbuild.core import files
from crossbuild.core.command import clean_environment, run
from crossbuild.core.errors import BuildError
from crossbuild.isolation import confinement
from crossbuild.packages import hooks
from crossbuild.packages.source import tree as source_tree
from crossbuild.python.build_python import BuildPython


def make(
    sdist: Path,
    env: CrossEnv,
    folder: Path,
    *,
    python: BuildPython,
    cache: Path,
    about: Sequence[str],
) -> Path:
    """The wheel of a source distribution, made by the build Python, or made before.

    :param env: holds what it requires
    :param python: what the environment was made of
    :param folder: where it is unpacked
    :param about: what decides the wheel beside its source, as the build Python does
    :raises BuildError: it cannot be made
    """
    kept = cache / "made" / files.content_key(files.sha256(sdist), about)
    if not kept.is_dir():
        with files.staged_directory(kept) as stage:
            _build(sdist, env, folder, stage, [env.directory, *python.places])
    return next(kept.glob("*.whl"))


def _build(sdist: Path, env: CrossEnv, folder: Path, output: Path, needed: Sequence[Path]) -> None:
    source = source_tree.prepare(sdist, folder / sdist.name)
    log = folder / f"{sdist.name}.log"

    def runner(
        cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        environment = clean_environment(
            PATH=f"{env.scripts}:/usr/local/bin:/usr/bin:/bin",
            HOME=str(folder),
            SOURCE_DATE_EPOCH=str(source_tree.epoch(source.parent)),
            TMPDIR=str(folder),
            PIP_NO_INDEX="1",
            **(extra_environ or {}),
        )
        exchange = Path(cmd[-1])
        confined = confinement.launcher(folder, exchange, writable=[output], needed=needed)
        argv = [*confined, *hooks.command(cmd, env.version)]
        run(argv, env=environment, cwd=Path(cwd or source), log=log)

    try:
        python = str(env.scripts / "python")
        ProjectBuilder(source, python_executable=python, runner=runner).build("wheel", output)
    except (BuildBackendException, BuildException) as error:
        cause = getattr(error, "exception", error)
        if isinstance(cause, OSError):
            raise cause from error  # a full disk is not the source's failure
        name, version = parse_sdist_filename(sdist.name)
        raise BuildError(
            f"{name} {version} is required to build, has no wheel, and none could be made of its "
            "source for this machine",
            evidence=f"{getattr(cause, 'evidence', cause)}\nfull log: {log}",
            cure=f"make its wheel by hand, `pip wheel --no-deps -w wheels {name}=={version}`, and "
            "name that folder as pip does: PIP_FIND_LINKS=$PWD/wheels",
        ) from error
