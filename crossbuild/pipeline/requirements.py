"""What a back end requires beyond what its project states, asked in a cross environment.

It is asked once, when a package without a recipe is locked.
"""

import os
import time
from pathlib import Path

from crossbuild.core import files
from crossbuild.index import download
from crossbuild.packages.package import Package
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.source.tree import SourceTree
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Step
from crossbuild.python.target import Target


def ask(
    package: Package, origin: SourceTree | Path, request: BuildRequest, target: Target
) -> tuple[str, ...]:
    """The requirements that a package's back end names for a wheel, sorted.

    :param package: locked by what its project states
    :param origin: its sdist, or its source in a folder
    :raises BuildError: the back end failed
    :raises DiskError: the disk is full, or the work folder cannot be written
    """
    from crossbuild.build import backend
    from crossbuild.build.job import BuildJob
    from crossbuild.build.workspace import Workspace

    package = package.with_options(request.options)
    cache = request.target.cache
    wheels = download.fetch_all(package.lock.build, cache, offline=request.offline)
    workspace = Workspace(
        folder=target.folder / f"{package.name}-asked-{os.getpid()}",
        sdk=target.sdk,
        target=target.python,
        build_python=target.build_python,
        targets={},
        cache=cache,
    )
    with files.disk_errors(workspace.folder):
        job = BuildJob(
            package=package,
            workspace=workspace,
            env=workspace.equip(package, wheels),
            source=source_tree.prepare(origin, workspace.source),
            epoch=source_tree.epoch(workspace.source),
            jobs=1,
        )
        answer = backend.required_for_wheel(job, Step(package.title, time.monotonic()))
        files.remove_tree(workspace.folder)
    return answer
