"""What the user asked of a build, as statements have it; and the request that asks it again."""

from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.core.errors import ConfigurationError
from crossbuild.packages import recipe
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.wanted import SourceArchive, SourceFolder, Wanted, requirement
from crossbuild.papers import provenance
from crossbuild.papers.provenance import Definition, Internal, Origin, Parameters, Statement
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Run
from crossbuild.repair.options import Bundling, RepairOptions
from crossbuild.sdk.model import Blas


def of(planned: Planned, run: Run, wheel: Path) -> Definition:
    """How a wheel of a run was built.

    :param wheel: its file, whose name tells the version
    """
    package, request = planned.package, run.request
    name, version, *_ = parse_wheel_filename(wheel.name)
    # Not the package's: those have what crossbuild added for debug information.
    options = request.options.for_package(package.name, package.tree)
    parameters = Parameters(
        package=f"{name}=={version}",
        origin=_origin(planned),
        python=run.target.python.version,
        patch_version=request.target.patch_version,
        shared_libpython=request.target.shared_libpython,
        blas=request.target.blas.value,
        bundle=request.repair.bundling.value,
        slim=request.repair.slim,
        keep_debug=request.repair.keep_debug,
        accept=request.accept,
        environment=options.environment,
        config_settings=options.config_settings,
        before_build=options.before_build,
        optional_modules=options.optional_modules,
        unconfined=options.unconfined,
        leave_out=options.leave_out,
        fortran=options.fortran,
    )
    recipe = package.recipe.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    internal = Internal(key=planned.key, recipe=recipe, lock=provenance.locked(package.lock))
    tree = package.tree.digest if package.tree else ""
    resources = provenance.resources(package.lock, run.target.sdk, tree)
    return Definition(
        external_parameters=parameters,
        internal_parameters=internal,
        resolved_dependencies=resources,
    )


def again(statement: Statement, request: BuildRequest, source: Path | None) -> BuildRequest:
    """The request that asks for the same: for the wheel, after those that it is compiled against.

    :param request: where it works, and with which SDK
    :param source: the folder or archive of the package, where no index has it
    :raises ConfigurationError: a source is needed and not given, or a setting means nothing here
    """
    stated = statement.parameters
    beside = tuple(map(requirement, _linked(statement)))
    own = BuildOptions(config_settings=stated.config_settings, fortran=stated.fortran)
    options = BuildOptions(
        environment=stated.environment,
        config_settings=stated.config_settings,
        before_build=stated.before_build,
        project=source if stated.before_build else None,
        optional_modules=stated.optional_modules,
        unconfined=stated.unconfined,
        leave_out=stated.leave_out,
        packages={_name(stated): own},
    )
    try:
        repair = RepairOptions(Bundling(stated.bundle), stated.slim, stated.keep_debug)
        blas = Blas(stated.blas)
    except ValueError as error:
        raise ConfigurationError(
            "the statement asks for what this crossbuild does not know",
            evidence=str(error),
            cure="take the version of crossbuild that the statement names",
        ) from error
    target = replace(
        request.target,
        python=stated.python,
        patch_version=stated.patch_version,
        shared_libpython=stated.shared_libpython,
        blas=blas,
    )
    return replace(
        request,
        target=target,
        packages=(*beside, _wanted(stated, source)),
        repair=repair,
        options=options,
        accept=stated.accept,
    )


def others(statement: Statement) -> dict[str, str]:
    """The versions of the wheels that one with a recipe was compiled against, by name."""
    if not recipe.exists(_name(statement.parameters)):
        return {}
    pins = map(requirement, _linked(statement))
    return {canonicalize_name(pin.name): s.version for pin in pins for s in pin.specifier}


def _linked(statement: Statement) -> tuple[str, ...]:
    return tuple(
        map(str, statement.definition.internal_parameters.recipe.get("target-requires", ()))
    )


def _origin(planned: Planned) -> Origin:
    package = planned.package
    if package.tree is not None:
        return "folder"
    remote = all(one.url.startswith(("http:", "https:")) for one in package.lock.source)
    return "index" if remote else "archive"


def _wanted(stated: Parameters, source: Path | None) -> Wanted:
    if stated.origin == "index":
        return requirement(stated.package)
    if source is None:
        raise ConfigurationError(
            f"the source of {stated.package} is a {stated.origin} that no index has",
            evidence="the statement tells its digest alone",
            cure="get it from whoever built the wheel, and give it by --source PATH",
        )
    kind = SourceFolder if stated.origin == "folder" else SourceArchive
    return kind(str(source.resolve()))


def _name(stated: Parameters) -> str:
    return canonicalize_name(requirement(stated.package).name)
