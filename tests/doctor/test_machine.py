"""The build machine: room, memory and programs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.doctor import machine
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.doctor.needs import Need
from crossbuild.packages import recipe
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk import release
from crossbuild.sdk.model import Sdk
from tests.support.diagnoses import assert_nothing_compiles, diagnose


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "name", "cure"),
    [
        ({"disk_mb": 10}, "disk-too-small", "--work-dir"),
        ({"memory_mb": 100}, "memory-too-small", "a swap file of 900 MB"),
        ({"programs": frozenset({"bash", "auditwheel"})}, "tool-missing", "make setup"),
        (
            {"programs": frozenset({"bash", "auditwheel", "patchelf"})},
            "pkg-config-missing",
            "apt-get install pkgconf",
        ),
    ],
)
def test_a_build_machine_that_lacks_something(
    changes: dict[str, object],
    name: str,
    cure: str,
    bookworm: Sdk,
    request_for: Callable[..., BuildRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = request_for(bookworm.root)
    lacking = replace(machine.measure(request.target.work, bookworm), **changes)  # type: ignore[arg-type]
    monkeypatch.setattr(machine, "measure", lambda *_: lacking)
    first = diagnose(request).errors[0]
    assert first.name == name
    assert cure in first.cure
    assert_nothing_compiles(request, first.what, name)


def test_figures_of_the_recipes_are_in_the_evidence(bookworm: Sdk) -> None:
    small = machine.Machine(disk_mb=100, memory_mb=1500, programs=frozenset())
    chosen = [recipe.load("scipy").for_python("3.11")]
    found = [
        *machine.room(small, Catalogue(release.UNKNOWN), chosen, Path("/work"), jobs=8),
    ]
    assert [one.name for one in found] == ["disk-too-small", "jobs-too-many"]
    assert f"scipy 1.11.4: {chosen[0].disk_mb} MB" in found[0].evidence
    assert found[1].cure.startswith("at most 1 will run in parallel")


def test_programs_that_are_only_useful() -> None:
    bare = machine.Machine(1000, 1000, frozenset({"bash", "auditwheel", "patchelf"}))
    found = [*machine.tools(bare, Catalogue(release.UNKNOWN), Need("3.11", ()))]
    assert [(one.name, one.severity) for one in found] == [
        ("qemu-missing", "note"),
        ("ccache-missing", "note"),
    ]


@pytest.mark.parametrize(
    ("back_end", "programs", "found"),
    [
        ("maturin==1.9", {"cargo"}, [": rustc"]),
        (
            "setuptools-rust==1.11",
            set(),
            [": cargo, rustc"],
        ),
        ("maturin==1.9", {"cargo", "rustc"}, []),
        ("setuptools==74", set(), []),
    ],
)
def test_back_ends_that_need_programs(back_end: str, programs: set[str], found: list[str]) -> None:
    fields = {"package": "crab", "version": "1.0", "python": "3.11", "backend": "plain"}
    version = RecipeVersion.model_validate({**fields, "build-requires": (back_end,)})
    there = machine.Machine(1000, 1000, frozenset(programs))
    findings = [
        *machine.back_ends(there, Catalogue(release.UNKNOWN), Need("3.11", (version,))),
    ]
    where = "not in /usr/local/bin:/usr/bin:/bin for armv7-unknown-linux-gnueabihf"
    assert [one.evidence for one in findings] == [where + lacking for lacking in found]
    for one in findings:
        assert "needs cargo and rustc for armv7-unknown-linux-gnueabihf" in one.what
        assert "--python-version 3.11 -d wheelhouse crab==1.0" in one.cure
