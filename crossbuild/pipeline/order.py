"""What is to be built, in which order, and under which content key.

A key names all that decides a wheel: the SDK's content, the target's Python, the
recipe, the hashes of all downloads, and the keys of the wheels it links against.  An
equal key means an equal wheel, so nothing is built twice.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.errors import RecipeError
from crossbuild.packages import source_tree
from crossbuild.packages.build_options import BuildOptions
from crossbuild.packages.package import Package
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk.read import Sdk

#: Modules whose text decides what a back end makes, beside the templates.
_BUILD_RULES = (
    "build/backend.py",
    "build/crossenv.py",
    "build/meson.py",
    "build/workspace.py",
    "toolchain/compilers.py",
    "toolchain/gfortran.py",
    "toolchain/fortran_cache.py",
    "toolchain/compile_cache.py",
    "build/codegen_cache.py",
    "toolchain/cython_cache.py",
    "python/sysconfigdata.py",
    "python/overlay.py",
    "packages/build_options.py",
    "sdk/libraries.py",
    "in_process/run_cython.py",
    "in_process/cython_server.py",
    "in_process/f2py_replace.py",
    "in_process/f2py_keep.py",
    "in_process/call_backend.py",
    "in_process/venv.py",
)

#: Keys of a recipe that change nothing in what a back end makes.
_NOT_OF_BUILDS = {"python", "memory_mb", "disk_mb", "slim"}

#: Files whose text decides how a built wheel is made ready for the board.
_FINISH_RULES = (
    "repair/repair.py",
    "repair/debug_info.py",
    "repair/docstrings.py",
    "repair/runtime_wheel.py",
    "repair/slim.py",
    "wheel/pack.py",
    "audit/sysroot_profile.py",
    "elf/ar.py",
    "wheel/record.py",
    "audit/boards/imx6q.toml",
    "repair/slim.toml",
)


@dataclass(frozen=True)
class Planned:
    """A package with its content keys: of what the back end makes, and of the wheel."""

    package: Package
    build_key: str
    key: str


def in_order(wanted: Sequence[str], find: Callable[[str], Package]) -> tuple[Package, ...]:
    """The wanted packages and all they link against, each after its dependencies.

    :param wanted: requirements, or paths of source folders
    :param find: gives the package for such a text
    :raises RecipeError: one is asked for in two versions
    """
    packages: dict[str, Package] = {}
    graph: dict[str, set[str]] = {}
    # A bare name is content with the version that another package is built against.
    waiting = [(text, "the command line") for text in sorted(wanted, key=_is_bare)]
    while waiting:
        text, by = waiting.pop(0)
        package = find(text)
        if package.name in packages:
            _require_same(packages[package.name], package, text, by)
            continue
        packages[package.name] = package
        graph[package.name] = set(package.recipe.dependencies)
        pins = [(pin, package.title) for pin in package.recipe.target_requires]
        waiting = [*pins, *waiting]
    return tuple(packages[name] for name in TopologicalSorter(graph).static_order())


def _is_bare(text: str) -> bool:
    return re.fullmatch(r"[\w.-]+", text) is not None


def _require_same(chosen: Package, package: Package, text: str, by: str) -> None:
    """Check that a package that is chosen does for another mention of it.

    A source folder of the user's own stands for any version.
    """
    if chosen.folder or _is_bare(text) or chosen.title == package.title:
        return
    raise RecipeError(
        f"{chosen.title} and {package.title} cannot be built together",
        evidence=f"{by} asks for {text}, but {chosen.title} is asked for as well",
        cure="name versions that go together (a recipe pins what it is built against), or build "
        "in two runs, each into a wheelhouse of its own",
    )


def batches(planned: Sequence[Planned]) -> list[list[Planned]]:
    """The packages in batches, each of which may be built side by side after those before it.

    :param planned: all packages, in order
    """
    level: dict[str, int] = {}
    found: list[list[Planned]] = []
    for one in planned:
        before = (level[name] for name in one.package.recipe.dependencies)
        number = level[one.package.name] = max(before, default=-1) + 1
        found[number:] = found[number:] or [[]]
        found[number].append(one)
    return found


def with_keys(
    packages: Sequence[Package], sdk: Sdk, target: TargetPython, mode: Sequence[object]
) -> tuple[Planned, ...]:
    """Give each package its key; *packages* must be in order.

    :param mode: what of the request decides how a built wheel is made ready
    """
    base = [sdk.content_id, _target_digest(target), _digest(_BUILD_RULES), _templates_digest()]
    finish = [_digest(_FINISH_RULES), *mode]
    keys: dict[str, str] = {}
    planned = []
    for package in packages:
        key = keys[package.name] = _build_key(package, base, keys)
        own = package.recipe.slim.model_dump(mode="json")
        planned.append(Planned(package, key, files.content_key(key, finish, own)))
    return tuple(planned)


def _build_key(package: Package, base: Sequence[str], keys: Mapping[str, str]) -> str:
    how = package.recipe.model_dump(mode="json", exclude=_NOT_OF_BUILDS)
    what = sorted(artifact.sha256 for artifact in (*package.lock.source, *package.lock.build))
    links = {name: keys[name] for name in package.recipe.dependencies}
    own = source_tree.digest(package.folder) if package.folder else ""
    return files.content_key(base, how, what, links, own, package.options.facts)


def with_options(packages: Sequence[Package], options: BuildOptions) -> tuple[Package, ...]:
    """Give each package what the user's project adds to its build."""
    return tuple(
        replace(package, options=options.for_package(package.folder)) for package in packages
    )


def _target_digest(target: TargetPython) -> str:
    text = json.dumps(dict(target.config), sort_keys=True, default=str)
    header = (target.include / "pyconfig.h").read_text()
    return files.content_key(target.full_version, target.ext_suffix, text, header)


def _digest(rules: Sequence[str]) -> str:
    """A change in how wheels are made makes them anew."""
    here = Path(__file__).parents[1]
    return files.content_key([files.sha256(here / name) for name in rules])


def _templates_digest() -> str:
    here = Path(__file__).parents[1]
    templates = [*here.glob("toolchain/templates/*"), here / "build/meson-cross.ini.j2"]
    return files.content_key([files.sha256(path) for path in sorted(templates)])
