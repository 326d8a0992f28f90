"""The order of the examination; each check knows nothing of the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossbuild.core.errors import CrossbuildError, DiskError
from crossbuild.doctor import blas, machine, pythons, supplies, toolchain
from crossbuild.doctor.bench import Bench, bench
from crossbuild.doctor.catalogue import Catalogue, entries, error_class, raised_as
from crossbuild.doctor.known_pythons import KnownPythons
from crossbuild.doctor.model import Diagnosis, Finding, Severity
from crossbuild.doctor.needs import Need, Needs, title
from crossbuild.doctor.reading import explain
from crossbuild.packages.project.build_options import NO_OPTIONS, BuildOptions
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.python.target import TargetRequest
from crossbuild.sdk import brought, release
from crossbuild.sdk.model import Blas, Sdk

_KNOWN = "build-pythons.json"
_SEVERITIES = ("error", "warning", "note")


def diagnose(
    request: TargetRequest,
    packages: Sequence[str] = (),
    *,
    jobs: int,
    options: BuildOptions = NO_OPTIONS,
) -> Diagnosis:
    """Find out what an SDK can build, without building anything.

    :param request: where it names no Python, all are looked at, and the sysroot's newest is
        the one that has to do
    :param packages: as for ``wheels``; all recipes where empty
    :param jobs: how many compilers may run at once
    :param options: what the project's settings add to builds
    :raises DiskError: the cache cannot be written
    """
    try:
        sdk = request.read_sdk()
    except DiskError:
        raise  # no matter of the SDK
    except (CrossbuildError, OSError, ValueError) as error:
        # ValueError: an environment script can export anything, unbalanced quotes as well.
        finding = explain(request, error, Catalogue(release.UNKNOWN))
        return Diagnosis((finding,), python=request.python)
    catalogue = _catalogue(sdk)
    known = KnownPythons(request.cache / _KNOWN)
    survey = pythons.survey(sdk, request, known)
    wanted = Needs(tuple(packages), request.cache, options)
    asked, unfit = _needs(wanted, survey, catalogue)
    with ThreadPoolExecutor(1) as pool, bench(sdk) as tried:
        # Only this thread uses Python's ast module, as reading Pythons does: two at once spoil
        # each other's count of its depth (SystemError "recursion depth mismatch" in 3.11.7).
        compiled = pool.submit(lambda: [*_compiled(tried, catalogue, [*asked.values()])])
        of_pythons = [*pythons.findings(sdk, catalogue, survey)]
        lacks = [supplies.healed(sdk, one, request.blas) for one in compiled.result()]
        findings = [*of_pythons, *unfit, *lacks]
    findings += _gcc(sdk, catalogue, asked.values())
    if survey.chosen is not None and survey.chosen in asked:
        findings += _machine(sdk, catalogue, asked[survey.chosen], request.work, jobs)
    made = _diagnosis(sdk, catalogue, survey.chosen, asked, findings)
    return made if packages else replace(made, findings=_sorted(map(_unasked, made.findings)))


def check(
    sdk: Sdk, python: str, recipes: Sequence[RecipeVersion], *, work: Path, jobs: int
) -> Diagnosis:
    """The part of :func:`diagnose` that is left when SDK and Python are known to be good."""
    need, catalogue = Need(python, tuple(recipes)), _catalogue(sdk)
    with bench(sdk) as tried:
        findings = [*_compiled(tried, catalogue, [need])]
    findings += _gcc(sdk, catalogue, [need])
    findings += _machine(sdk, catalogue, need, work, jobs)
    return _diagnosis(sdk, catalogue, python, {python: need}, findings)


def lacking(sdk: Sdk, recipes: Sequence[RecipeVersion], policy: Blas) -> frozenset[str]:
    """What of what recipes need an SDK lacks, and crossbuild brings.

    :param policy: where OpenBLAS is to come from
    """
    need = Need("", tuple(recipes))
    with bench(sdk) as tried:
        findings = [*_compiled(tried, _catalogue(sdk), [need])]
    asked = {brought.OPENBLAS} if policy.is_built else set()
    return frozenset({*asked, *(supplies.healing(one, policy) for one in findings)} - {""})


def require_ready(diagnosis: Diagnosis) -> None:
    """Stop at the first error.

    :raises CrossbuildError: the class that belongs to the finding
    """
    alone = ", ".join(diagnosis.unhindered)
    others = f"; what can be built without: {alone}" if alone else ""
    for finding in diagnosis.errors:
        raise error_class(finding.name)(
            finding.what,
            evidence=finding.evidence,
            cure=f"{finding.cure}\n(`crossbuild doctor` shows all; docs/doctor.md explains "
            f"{finding.name}{others})",
        )


def exit_code(diagnosis: Diagnosis) -> int:
    """What ``wheels`` would end with; 0 where everything asked for can be built."""
    first = next(iter(diagnosis.errors), None)
    return error_class(first.name).exit_code if first else 0


@contextmanager
def explaining(diagnosed: Callable[[], Diagnosis]) -> Iterator[None]:
    """While the block reads an SDK and its Pythons: fail as the doctor explains it.

    :param diagnosed: calls :func:`diagnose` for the same SDK
    :raises CrossbuildError: the block raised, and this is why
    """
    try:
        yield
    except DiskError:
        raise  # it names the folder, which is none of the SDK's
    except (CrossbuildError, OSError, ValueError) as error:
        try:
            require_ready(diagnosed())
        except CrossbuildError as explained:
            raise explained from error
        raise


def _catalogue(sdk: Sdk) -> Catalogue:
    versions = [
        text
        for name in ("OECORE_DISTRO_VERSION", "OECORE_SDK_VERSION")
        if (text := sdk.variables.get(name))
    ]
    return Catalogue(release.find(versions, sdk.glibc_version))


def _needs(
    wanted: Needs, survey: pythons.Survey, catalogue: Catalogue
) -> tuple[dict[str, Need], list[Finding]]:
    """What each Python is wanted for; it is an error only where the chosen one has it not."""
    asked, unfit = {}, []
    for version in survey.builders:
        try:
            need = asked[version] = wanted.on(version)
        except CrossbuildError as error:
            if version == survey.chosen:
                name = raised_as(error) or "recipe-unfit"
                unfit.append(catalogue.of_error(name, error, pythons=(version,)))
            continue
        for recipe, why in need.unfit.items():
            found = catalogue.of_error("recipe-unfit", why, pythons=(version,))
            unfit.append(replace(found, recipes=(recipe,)))
    return asked, unfit


def _compiled(tried: Bench, catalogue: Catalogue, asked: Sequence[Need]) -> Iterator[Finding]:
    """Compilers and libraries, as far as the recipes need them."""
    recipes = {title(version): version for need in asked for version in need.recipes}
    yield from toolchain.notes(tried, catalogue)
    broken = [*toolchain.own_tools(tried, catalogue), *toolchain.links(tried.sdk, catalogue)]
    broken = broken or [*toolchain.c_family(tried, catalogue)]
    yield from broken
    if broken:
        return
    if with_fortran := tuple(name for name, version in recipes.items() if version.fortran):
        yield from toolchain.fortran_compiler(tried, catalogue, with_fortran)
    names = dict.fromkeys(
        name for version in recipes.values() for name in version.sysroot_libraries
    )
    for name in names:
        users = tuple(t for t, version in recipes.items() if name in version.sysroot_libraries)
        yield from blas.library(tried, catalogue, name, users)


def _gcc(sdk: Sdk, catalogue: Catalogue, asked: Iterable[Need]) -> Iterator[Finding]:
    for need in asked:
        yield from toolchain.gcc_versions(sdk, catalogue, need)


def _machine(
    sdk: Sdk, catalogue: Catalogue, need: Need, work: Path, jobs: int
) -> Iterable[Finding]:
    measured = machine.measure(work, sdk)
    yield from machine.tools(measured, catalogue, need)
    yield from machine.back_ends(measured, catalogue, need)
    yield from machine.room(measured, catalogue, need.recipes, work, jobs)


def _diagnosis(
    sdk: Sdk,
    catalogue: Catalogue,
    chosen: str | None,
    asked: Mapping[str, Need],
    findings: Iterable[Finding],
) -> Diagnosis:
    all_findings = [*findings]
    ready = {python: _ready(need, all_findings) for python, need in asked.items()}
    titles = asked[chosen].titles if chosen is not None and chosen in asked else ()
    judged = [_weighed(finding, chosen, titles) for finding in all_findings]
    return Diagnosis(
        findings=_sorted(judged),
        ready=ready,
        sdk=sdk,
        release=catalogue.release.name,
        python=chosen,
    )


def _ready(need: Need, findings: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """The names of the errors in each recipe's way, those of what it needs included."""
    versions = {version.package: version for version in need.recipes}
    needed = {package: _needed(version) & {*versions} for package, version in versions.items()}
    names: dict[str, dict[str, None]] = {}
    for package in TopologicalSorter(needed).static_order():
        own = (
            finding.name
            for finding in findings
            if finding.severity == "error"
            and (not finding.recipes or title(versions[package]) in finding.recipes)
            and (not finding.pythons or need.python in finding.pythons)
        )
        inherited = (name for other in sorted(needed[package]) for name in names[other])
        names[package] = dict.fromkeys((*own, *inherited))
    return {title(version): tuple(names[version.package]) for version in need.recipes}


def _needed(version: RecipeVersion) -> set[str]:
    companions = (canonicalize_name(Requirement(text).name) for text in version.companions)
    return {*version.dependencies, *companions}


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: _SEVERITIES.index(one.severity)))


def _unasked(finding: Finding) -> Finding:
    """What keeps some of all the recipes from being built, of which nobody asked for one."""
    severity = entries()[finding.name].get("unasked") if finding.severity == "error" else None
    return replace(finding, severity=cast("Severity", severity)) if severity else finding


def _weighed(finding: Finding, chosen: str | None, titles: Sequence[str]) -> Finding:
    """An error that is not in the way of what was asked for is only a note."""
    concerned = tuple(name for name in finding.recipes if name in titles)
    elsewhere = finding.pythons and chosen not in finding.pythons
    others = finding.recipes and titles and not concerned
    if finding.severity == "error" and (elsewhere or others):
        return replace(finding, severity="note")
    return replace(finding, recipes=concerned or finding.recipes)
