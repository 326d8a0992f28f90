"""Which Pythons wheels can be built for: what the sysroot has, what this machine has."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from crossbuild.core import files
from crossbuild.core.command import clean_environment
from crossbuild.core.errors import BuildPythonError, TargetPythonError
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.doctor.known_pythons import KnownPythons
from crossbuild.doctor.model import Finding
from crossbuild.packages.recipe import PYTHONS
from crossbuild.python import build_python, fetched, target_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target import TargetRequest
from crossbuild.sdk.model import Sdk

Found = BuildPython | BuildPythonError


@dataclass(frozen=True)
class Survey:
    """The Pythons to look at: the chosen one, the sysroot's, and those that recipes are for.

    :ivar chosen: the one that was asked for, else the one that ``wheels`` takes
    :ivar named: whether the user named the chosen one's build Python, and so no other is taken
    :ivar builders: the build machine's Python of each version, or why there is none
    """

    chosen: str | None
    available: tuple[str, ...]
    named: bool
    builders: Mapping[str, Callable[[], Found]]


def survey(sdk: Sdk, request: TargetRequest, known: KnownPythons) -> Survey:
    """The Pythons to look at; each is looked for when it is asked for.

    :param request: where it names a Python, it is the only one to look at
    :param known: answers about Pythons that nobody asked for
    """
    there, asked = target_python.available(sdk), request.python
    chosen = asked or next(iter(there), None)
    versions = [asked] if asked else [*dict.fromkeys([*there, *reversed(PYTHONS)])]
    builders = {
        version: cache(
            partial(_builder, sdk, version, request)
            if version == chosen
            else partial(_known_builder, sdk, version, request, known)
        )
        for version in versions
    }
    return Survey(chosen, there, request.build_python is not None, builders)


def findings(sdk: Sdk, catalogue: Catalogue, survey: Survey) -> Iterator[Finding]:
    """What keeps the Pythons of the survey from being used, and where they come from."""
    if survey.chosen is None:
        yield catalogue.finding(
            "python-missing",
            evidence=f"no usr/lib/python3.* and no usr/include/python3.* in {sdk.target_sysroot}",
        )
    if survey.chosen is not None:
        builder = survey.builders[survey.chosen]()
        if isinstance(builder, BuildPython):
            yield from _description(sdk, catalogue, survey.chosen, builder)
        else:
            yield from _without_builder(
                catalogue, {survey.chosen: builder}, fetching=not survey.named
            )
    others = {
        version: ask() for version, ask in survey.builders.items() if version != survey.chosen
    }
    missing = {
        version: found for version, found in others.items() if isinstance(found, BuildPythonError)
    }
    yield from _without_builder(catalogue, missing, fetching=True)
    if len(survey.available) > 1 and len(survey.builders) > 1:
        yield catalogue.finding(
            "pythons-several",
            fields={
                "versions": ", ".join(survey.available),
                "python": survey.chosen,
                "other": survey.available[1],
            },
        )


def _without_builder(
    catalogue: Catalogue, errors: Mapping[str, BuildPythonError], *, fetching: bool
) -> Iterator[Finding]:
    """One finding for all that are fetched and one for the others.

    Its evidence is the places that were looked at for the first.
    """
    to_fetch = [version for version in errors if fetching and fetched.offer(version)]
    others = [version for version in errors if version not in to_fetch]
    for name, versions in (("build-python-fetched", to_fetch), ("build-python-missing", others)):
        if versions:
            yield catalogue.finding(
                name,
                evidence=errors[versions[0]].evidence,
                pythons=versions,
                fields={
                    "versions": versions,
                    "offers": [fetched.offer(version) for version in versions],
                    "ways": build_python.ways(versions),
                },
            )


def _builder(sdk: Sdk, version: str, request: TargetRequest) -> Found:
    try:
        return build_python.find(
            version, explicit=request.build_python, sdk=sdk, store=request.pythons
        )
    except BuildPythonError as error:
        return error


def _known_builder(sdk: Sdk, version: str, request: TargetRequest, known: KnownPythons) -> Found:
    key = files.content_key(version, sdk.native_sysroot, clean_environment()["PATH"])
    if (remembered := known.recall(key)) is not None:
        return remembered
    builder = _builder(sdk, version, replace(request, build_python=None))
    if isinstance(builder, BuildPython):
        known.remember(key, builder)
    return builder


def _description(
    sdk: Sdk, catalogue: Catalogue, version: str, builder: BuildPython
) -> Iterator[Finding]:
    """Describe the target's Python, and say so where the sysroot does not do that alone."""
    with tempfile.TemporaryDirectory(prefix="crossbuild-doctor-") as folder:
        overlay = Path(folder, "python")
        try:
            described = target_python.describe(sdk, version, overlay, build_python=builder)
        except (TargetPythonError, BuildPythonError) as error:
            yield catalogue.of_error("python-contradicts", error, pythons=(version,))
            return
    if described.origin != "sysroot":
        name, evidence = _lacking(sdk, version)
        yield catalogue.finding(
            name,
            evidence=evidence,
            pythons=(version,),
            fields={
                "python": version,
                "executable": builder.executable,
                "others": ", ".join(target_python.available(sdk)),
            },
        )


def _lacking(sdk: Sdk, version: str) -> tuple[str, str]:
    """Which finding names what the sysroot lacks of a Python, and the evidence."""
    root = sdk.target_sysroot
    if version not in target_python.available(sdk):
        return "python-synthesised", f"nothing of Python {version} in {root}"
    if not any(root.glob(f"usr/include/python{version}*/Python.h")):
        return "python-headers-missing", f"no usr/include/python{version}*/Python.h in {root}"
    return (
        "python-sysconfigdata-missing",
        f"no usr/lib*/python{version}/_sysconfigdata*.py, or no pyconfig.h of its own, in {root}",
    )
