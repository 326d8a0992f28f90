"""The command line.  Each command reads its options, calls one function, shows the result."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from crossbuild import __version__
from crossbuild.cli import inputs
from crossbuild.cli.inputs import console
from crossbuild.cli.options import (
    BuildPythonOption,
    CacheOption,
    DistccOption,
    EnvironmentOption,
    JobsOption,
    JsonOption,
    KeepDebugOption,
    MatrixFormat,
    OfflineOption,
    PatchVersionOption,
    PythonOption,
    PythonsOption,
    ReproduceOption,
    SdkOption,
    SharedOption,
    SlicesOption,
    SlimOption,
    StorageOption,
    SuiteKind,
    WheelhouseOption,
    WorkOption,
)
from crossbuild.core import defaults
from crossbuild.core.errors import AuditError, CrossbuildError

app = typer.Typer(
    name="crossbuild",
    help="A wheel factory for Arm boards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sdk_app = typer.Typer(help="Reference SDKs, made of Debian's packages.", no_args_is_help=True)
app.add_typer(sdk_app, name="sdk")
board_app = typer.Typer(help="Real boards.", no_args_is_help=True)
app.add_typer(board_app, name="board")

#: The status with which typer ends a command after Ctrl-C.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line; the one place that exits."""
    try:
        app()
    except CrossbuildError as error:
        console.error(error)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            console.say("interrupted; the same command goes on where this one stopped")
        raise


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crossbuild {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """A wheel factory for Arm boards."""


@sdk_app.command("create")
def sdk_create(
    name: Annotated[str, typer.Argument(help="See `crossbuild sdk list`.")] = defaults.REFERENCE,
    destination: Annotated[
        Path | None, typer.Option(help="Where; sysroots/NAME by default.")
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="A Debian mirror; the one of this machine's apt by default.")
    ] = None,
    cache: CacheOption = defaults.CACHE,
) -> None:
    """Make a reference SDK, unless it is there and current."""
    typer.echo(inputs.made_reference_sdk(name, destination, cache, mirror))


@sdk_app.command("list")
def sdk_list(as_json: JsonOption = False) -> None:
    """List the reference SDKs that can be made."""
    from crossbuild.sdk import reference as reference_sdk

    definitions = reference_sdk.definitions()
    if as_json:
        _print_json([definition.model_dump(mode="json") for definition in definitions])
        return
    for definition in definitions:
        there = reference_sdk.is_current(
            definition, reference_sdk.default_destination(definition.name)
        )
        state = "made" if there else "not made"
        typer.echo(f"{definition.name}\tPython {definition.python}\t{state}")


@sdk_app.command("python")
def sdk_python(
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    build_python: BuildPythonOption = None,
    patch_version: PatchVersionOption = None,
    shared: SharedOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    as_json: JsonOption = False,
) -> None:
    """Describe the target's Python: the SDK's, or one made from a build Python."""
    from crossbuild.pipeline import target as cell

    request = cell.Request(
        sdk=sdk or inputs.made_reference_sdk(defaults.REFERENCE, None, cache),
        packages=(),
        wheelhouse=defaults.WHEELHOUSE,
        work=inputs.without_spaces(work),
        cache=cache.absolute(),
        jobs=1,
        environment=environment,
        python=python,
        build_python=build_python,
        patch_version=patch_version,
        shared_libpython=shared,
    )
    target = cell.open_cell(request).target
    facts = {name: value for name, value in vars(target).items() if name != "config"}
    if as_json:
        _print_json({"version": 1, **facts})
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")


@app.command()
def doctor(
    packages: Annotated[
        list[str] | None, typer.Argument(help="As for `wheels`; all recipes by default.")
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    build_python: BuildPythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: Annotated[int, typer.Option("--jobs", envvar="JOBS", min=1)] = defaults.JOBS,
    as_json: JsonOption = False,
) -> None:
    """Tell what the SDK can build, and the lines that cure what it cannot."""
    from crossbuild import doctor as examination

    diagnosis = examination.diagnose(
        inputs.sdk_for(sdk, python, inputs.configuration(), cache),
        tuple(packages or ()),
        environment=environment,
        python=python,
        build_python=build_python,
        cache=cache.absolute(),
        work=work.absolute(),
        jobs=jobs,
    )
    if as_json:
        _print_json(diagnosis.as_json())
    else:
        if diagnosis.ready:
            console.say(diagnosis.title)
            console.table(diagnosis.table())
        console.say(diagnosis.text())
    if diagnosis.errors:
        raise typer.Exit(examination.exit_code(diagnosis))


@app.command()
def lock(
    packages: Annotated[list[str] | None, typer.Argument(help="All recipes by default.")] = None,
    python: PythonsOption = None,
) -> None:
    """Renew the lock files of recipes: which files are downloaded, with their sha256."""
    from crossbuild.packages import recipe, relock

    with console.step("lock") as step:
        paths = relock.renew_all(python or recipe.PYTHONS, packages)
        step.outcome = f"{len(paths)} locks"


@app.command()
def wheels(
    packages: Annotated[
        list[str] | None, typer.Argument(help="Packages or source folders.")
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    build_python: BuildPythonOption = None,
    patch_version: PatchVersionOption = None,
    shared: SharedOption = None,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: JobsOption = None,
    distcc: DistccOption = None,
    ccache_storage: StorageOption = None,
    offline: OfflineOption = False,
    bundle: Annotated[
        defaults.Bundling,
        typer.Option(help="Shared libraries: once for all wheels, in each, or in none."),
    ] = defaults.Bundling.RUNTIME,
    slim: SlimOption = None,
    keep_debug: KeepDebugOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep build trees.")] = False,
    reproduce: ReproduceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build wheels for the board and publish them in the wheelhouse."""
    from crossbuild.pipeline import make as pipeline
    from crossbuild.pipeline import report
    from crossbuild.pipeline import target as cell
    from crossbuild.progress import trace

    configured = inputs.configuration()
    farm = inputs.farm(distcc, configured)
    storage = inputs.shared_cache(ccache_storage, configured)
    request = cell.Request(
        sdk=inputs.sdk_for(sdk, python, configured, cache),
        packages=inputs.packages(packages, configured),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        work=inputs.without_spaces(work),
        cache=cache.absolute(),
        jobs=inputs.jobs(jobs, farm),
        environment=environment,
        python=python,
        build_python=build_python,
        patch_version=patch_version,
        shared_libpython=shared,
        offline=offline,
        keep=keep,
        bundling=bundle,
        slim=configured.slim if slim is None else slim,
        keep_debug=configured.keep_debug if keep_debug is None else keep_debug,
        options=configured.options(Path.cwd()),
        farm=farm,
        shared_cache=storage,
    )
    with trace.recorded(console, request.work, request.cores):
        made = pipeline.make_wheels(request, console)
        if reproduce:
            from crossbuild.pipeline import reproduce as proof

            proof.require_same(made, request, console)
    if as_json:
        _print_json({"version": 1, "wheels": [asdict(one) for one in made]})
    else:
        console.table(report.wheels_table(made))
        if left_out := report.left_out_table(made):
            console.table(left_out)


@app.command()
def audit(
    wheels: Annotated[list[Path], typer.Argument(help="Wheels, or folders of wheels.")],
    profile: Annotated[
        Path | None,
        typer.Option(help="A board profile's file; the board of the SDK by default."),
    ] = None,
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    as_json: JsonOption = False,
) -> None:
    """Tell whether wheels fit the board, also those that others built."""
    from crossbuild.audit import gate, report_table
    from crossbuild.audit import profile as board_profile
    from crossbuild.pipeline import target as cell

    if profile:
        board = board_profile.load(profile)
        report = gate.audit_all(wheels, lambda _: board)
    else:
        request = cell.Request(
            sdk=inputs.sdk_for(sdk, python, inputs.configuration(), cache),
            packages=(),
            wheelhouse=defaults.WHEELHOUSE,
            work=inputs.without_spaces(work),
            cache=cache.absolute(),
            jobs=1,
            environment=environment,
            python=python,
        )
        report = gate.audit_all(
            wheels,
            lambda version: cell.board_for(request, version),
            build_paths=[str(request.work.absolute()), str(request.sdk.absolute())],
        )
    if as_json:
        typer.echo(report.to_json())
    else:
        console.table(report_table(report))
    if not report.fits:
        raise typer.Exit(AuditError.exit_code)


@board_app.command("probe")
def board_probe(
    destination: Annotated[str, typer.Argument(help="user@host, or a name of ssh's config.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The profile, for `audit --profile`.")
    ] = Path("board.toml"),
    python: Annotated[str, typer.Option(help="The board's Python.")] = "python3",
) -> None:
    """Write the profile of a real board: CPU, libraries, Python, pip."""
    from crossbuild.audit import profile as board_profile
    from crossbuild.board.probe import probe
    from crossbuild.board.ssh import ssh_board

    with ssh_board(destination, python=python, user_site=True) as board:
        board_profile.save(probe(board), output)
    typer.echo(output)


@app.command()
def verify(
    packages: Annotated[list[str] | None, typer.Argument(help="Packages to install.")] = None,
    board: Annotated[
        str,
        typer.Option(
            "--board",
            help="`emulated`, `sabrelite` (a whole machine), or user@host through ssh.",
        ),
    ] = "emulated",
    suite: Annotated[
        SuiteKind, typer.Option(envvar="SUITE", help="Smoke scripts, or the packages' own tests.")
    ] = SuiteKind.SMOKE,
    slices: SlicesOption = None,
    user_site: Annotated[
        bool, typer.Option("--user", help="On a real board: into a user site, not a venv.")
    ] = False,
    board_folder: Annotated[
        str, typer.Option(help="Where on a real board everything is put, until the end.")
    ] = "/tmp",  # noqa: S108 - the folder made in it has a random name and mode 700
    sdk: SdkOption = None,
    environment: EnvironmentOption = None,
    python: PythonOption = None,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    as_json: JsonOption = False,
) -> None:
    """Install from the wheelhouse on a board, run the smoke scripts and the packages' own tests."""
    from crossbuild.verify import prove, suite_results
    from crossbuild.verify.open_board import Question

    configured = inputs.configuration()
    question = Question(
        packages=inputs.packages(packages, configured),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        work=inputs.without_spaces(work),
        cache=cache.absolute(),
        sdk=lambda: inputs.sdk_for(sdk, python, configured, cache),
        board=board,
        environment=environment,
        python=python,
        user_site=user_site,
        board_folder=board_folder,
        tests=inputs.tests(packages, configured),
        suite=suite.value,
        slices=tuple(slices or ()),
    )
    found = prove.prove(question, console)
    if as_json:
        suites = [suite_results.as_json(result) for result in found.suites]
        _print_json({**asdict(found.report), "suites": suites})


@app.command()
def parity(
    packages: Annotated[list[str] | None, typer.Argument(help="All recipes by default.")] = None,
    reference: Annotated[
        str, typer.Option(help="The reference SDK whose distribution has native builds.")
    ] = defaults.REFERENCE,
    full: Annotated[bool, typer.Option("--full", help="With the slow tests.")] = False,
    slices: SlicesOption = None,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: Annotated[int, typer.Option("--jobs", envvar="JOBS", min=1)] = defaults.JOBS,
    as_json: JsonOption = False,
) -> None:
    """Run the packages' own tests with our wheels and with Debian's native builds, and compare."""
    from crossbuild.sdk import reference as reference_sdk
    from crossbuild.verify import parity as sides
    from crossbuild.verify.open_board import Question

    configured = inputs.configuration()
    question = Question(
        packages=inputs.packages(packages, configured),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        work=inputs.without_spaces(work),
        cache=cache.absolute(),
        sdk=lambda: inputs.made_reference_sdk(reference, None, cache),
        suite=(SuiteKind.FULL if full else SuiteKind.FAST).value,
        slices=tuple(slices or ()),
    )
    found = sides.compare(question, reference_sdk.load(reference), console, at_once=jobs)
    if as_json:
        _print_json([one.as_json() for one in found])


@app.command()
def matrix(
    packages: Annotated[
        list[str] | None, typer.Argument(help="Packages or source folders.")
    ] = None,
    sdk: Annotated[
        str | None,
        typer.Option("--sdk", envvar="SDK", help="A reference SDK or a folder, for all cells."),
    ] = None,
    python: PythonsOption = None,
    only: Annotated[
        str | None, typer.Option("--only", help="One cell, e.g. cp37-linux_armv7l.")
    ] = None,
    output: Annotated[
        MatrixFormat, typer.Option("--format", help="What reads the cells.")
    ] = MatrixFormat.JSON,
    build: Annotated[bool, typer.Option("--build", help="Build all cells, side by side.")] = False,
    wheelhouse: WheelhouseOption = None,
    work: WorkOption = defaults.WORK,
    cache: CacheOption = defaults.CACHE,
    jobs: JobsOption = None,
    distcc: DistccOption = None,
    ccache_storage: StorageOption = None,
    slim: SlimOption = None,
    keep_debug: KeepDebugOption = None,
    offline: OfflineOption = False,
) -> None:
    """Print the cells (Python, packages, SDK) for CI, or build them all."""
    from crossbuild.pipeline import matrix as cells
    from crossbuild.pipeline import target as cell
    from crossbuild.progress import trace

    configured = inputs.configuration()
    wanted = inputs.packages(packages, configured)
    found = cells.cells(wanted, configured, pythons=python or (), sdk=sdk, only=only)
    if not build:
        typer.echo(getattr(cells, f"as_{output.value}")(found))
        return
    farm = inputs.farm(distcc, configured)
    storage = inputs.shared_cache(ccache_storage, configured)
    base = cell.Request(
        sdk=Path(),
        packages=(),
        wheelhouse=inputs.wheelhouse(wheelhouse, configured),
        work=inputs.without_spaces(work),
        cache=cache.absolute(),
        jobs=inputs.jobs(jobs, farm),
        offline=offline,
        slim=configured.slim if slim is None else slim,
        keep_debug=configured.keep_debug if keep_debug is None else keep_debug,
        options=configured.options(Path.cwd()),
        farm=farm,
        shared_cache=storage,
    )
    with trace.recorded(console, base.work, base.cores):
        results = cells.build(found, base, lambda name: inputs.sdk_root(name, cache), console)
    console.table(cells.table(results))
    cells.require_all(results)


@app.command()
def clean(
    work: WorkOption = defaults.WORK,
    everything: Annotated[
        bool, typer.Option("--all", help="Built wheels and the reference SDKs as well.")
    ] = False,
) -> None:
    """Remove build trees; wheels in the wheelhouse and downloads stay."""
    from crossbuild.core import files
    from crossbuild.sdk import reference as reference_sdk

    for folder in work.glob("*"):
        if everything or folder.name not in {"wheels", "locks"}:
            files.remove_tree(folder)
    if everything:
        for definition in reference_sdk.definitions():
            files.remove_tree(reference_sdk.default_destination(definition.name))


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, default=str))
