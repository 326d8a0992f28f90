"""From a request to a run: the SDK, the packages and their order, and whether they can be built."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from crossbuild.core.digests import Digests
from crossbuild.isolation import confinement, hiding
from crossbuild.packages import wanted as wanted_packages
from crossbuild.packages.find import Finder
from crossbuild.packages.package import Package
from crossbuild.packages.project import cibuildwheel, configuration
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.source.tree import SourceTree
from crossbuild.packages.wanted import SourceFolder
from crossbuild.pipeline import keys, plan, readiness, requirements
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Run, board_of
from crossbuild.pipeline.store import Store
from crossbuild.progress.console import Console
from crossbuild.python import target
from crossbuild.python.target import Target
from crossbuild.repair.options import Bundling
from crossbuild.sdk import libraries


def locate_sdk(request: BuildRequest, console: Console) -> BuildRequest:
    """The request with the folder of its SDK; a reference SDK is made where it is missing.

    :raises CrossbuildError: the reference SDK cannot be made
    """
    return replace(request, target=request.target.located(console))


def open_target(request: BuildRequest, console: Console) -> Target:
    """The SDK, read, and its Python, described.

    :raises CrossbuildError: one of them cannot be used, as the doctor explains it
    """
    with readiness.explained(request):
        opened = target.open_target(request.target)
    for note in opened.notes:
        console.note(f"{note}")
    return opened


def apply_markers(request: BuildRequest, opened: Target, console: Console) -> BuildRequest:
    """The request without the packages whose markers leave the board out."""
    python = opened.python.full_version
    chosen = tuple(wanted for wanted in request.packages if wanted_packages.applies(wanted, python))
    for wanted in request.packages:
        if wanted not in chosen:
            console.note(f"passed over for the board's Python {python}: {wanted}")
    return replace(request, packages=chosen)


def read_projects(request: BuildRequest, opened: Target, console: Console) -> BuildRequest:
    """The request with what source folders say to cibuildwheel alone of their builds.

    :raises ConfigurationError: one says what cannot be read
    """
    packages = dict[str, BuildOptions]()
    for wanted in request.packages:
        folder = wanted.path if isinstance(wanted, SourceFolder) else None
        settings = cibuildwheel.read(folder, opened.python.version) if folder else None
        if settings is None:
            continue
        own, passed_over = configuration.of_cibuildwheel(settings)
        packages[canonicalize_name(wanted.name)] = own
        where = f"[{cibuildwheel.TABLE}] of {wanted}"
        if passed_over:
            console.say(f"note: {where}: passed over: {'; '.join(passed_over)}")
        if not settings.selected:
            console.say(f"note: {where} leaves {settings.identifier} out; it is built all the same")
    if packages and (variables := cibuildwheel.variables_passed_over(os.environ)):
        console.say(f"note: not read: {', '.join(variables)}; what they say belongs in the table")
    options = replace(request.options, packages={**packages, **request.options.packages})
    return replace(request, options=options)


def resolve_application(request: BuildRequest, opened: Target, console: Console) -> BuildRequest:
    """The request with all that its requirements files need, of which an index has some wheels.

    :raises CrossbuildError: requirements cannot be read or met
    """
    if request.application.is_empty:
        return request
    from crossbuild.pipeline import closure

    named = (*request.application.chosen, *wanted_packages.versions(request.packages))
    request = replace(request, application=replace(request.application, chosen=named))
    found = closure.resolve(request, opened, board_of(request, opened), console)
    packages = (*request.packages, *wanted_packages.parse_all(found.built))
    return replace(request, packages=packages, adopted=found.adopted)


def choose_packages(request: BuildRequest, opened: Target) -> tuple[Package, ...]:
    """The packages with all they link against, in order.

    :raises CrossbuildError: a package cannot be found, or two do not go together
    """
    where = request.target

    def ask(package: Package, origin: SourceTree | Path) -> tuple[str, ...]:
        """What its back end requires; asking needs the SDK and this machine as building does."""
        readiness.require(request, opened, [package.recipe])
        return requirements.ask(package, origin, request, opened)

    finder = Finder(
        opened.python.version,
        where.work / "locks",
        where.cache,
        offline=request.offline,
        ask=ask,
        apart=tuple(
            path.resolve() for path in (where.work, where.cache, where.root, request.wheelhouse)
        ),
    )
    packages = plan.in_order(request.packages, finder.find)
    options = request.options
    if request.repair.keep_debug:
        from crossbuild.repair import debug_info

        options = debug_info.compiling(options)
    return tuple(package.with_options(options) for package in packages)


def bring_along(
    request: BuildRequest, opened: Target, packages: Sequence[Package], console: Console
) -> Target:
    """The target with what its SDK lacks of what the packages need.

    :raises CrossbuildError: it cannot be had, or not be made with the SDK's compilers
    """
    if request.repair.bundling is Bundling.NONE:  # what is brought, no image has
        return opened
    lacking = readiness.lacking(request, opened, [package.recipe for package in packages])
    if not lacking:
        return opened
    from crossbuild.sdk import brought

    store = brought.Store(request.target.cache, offline=request.offline, tell=console.say)
    sdk = brought.bring(opened.sdk, lacking, store, request.target.blas)
    for one in sdk.brought:
        console.note(f"crossbuild brings {one.title}")
    return replace(opened, sdk=sdk)


def plan_run(request: BuildRequest, opened: Target, packages: Sequence[Package]) -> Run:
    """What decides each package's wheel, and which of these are missing."""
    where = request.target
    names = {name for package in packages for name in package.recipe.sysroot_libraries}
    reaching = replace(opened, sdk=libraries.reach(opened.sdk, names))
    network = request.capacity.uses_network
    planned = keys.with_keys(packages, reaching, request.repair, request.accept, network=network)
    wheels = where.work / "wheels"
    store = Store(wheels, Digests(wheels / "digests.json"))
    missing = tuple(entry for entry in planned if store.pair(entry.build_key, entry.key) is None)
    return Run(request, reaching, planned, missing, store)


def require_ready(run: Run, console: Console) -> Run:
    """The run with those hosts of its farm that serve, once nothing is known to be in its way.

    :raises CrossbuildError: the SDK or this machine lacks what the missing wheels need
    """
    if not run.missing:
        return run
    recipes = [planned.package.recipe for planned in run.missing]
    readiness.require(run.request, run.target, recipes)
    if hiding.owner() is None:
        console.note(f"{hiding.NOTE}")
    if obstacle := confinement.obstacle():
        console.note(f"{obstacle}")
    elif run.capacity.uses_network:
        console.note(f"{confinement.NETWORK}")
    farm = run.capacity.farm
    if farm is None:
        return run
    farm, left_out = farm.examined(run.target.sdk, debug=run.request.repair.keep_debug)
    for why in left_out:
        console.note(f"the farm is without {why}")
    return run.with_capacity(replace(run.capacity, farm=farm))
