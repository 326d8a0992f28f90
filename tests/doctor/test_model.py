"""A diagnosis as JSON, as a table and as text."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild import doctor
from crossbuild.core.errors import SdkError
from crossbuild.doctor import Diagnosis, Finding
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.sdk.model import Sdk
from tests.support.diagnoses import diagnose
from tests.support.schemas import held
from tests.support.sdk_copy import SdkCopy


def test_the_json_form(bookworm: Sdk, request_for: Callable[..., BuildRequest]) -> None:
    form = held("doctor", json.dumps(diagnose(request_for(bookworm.root)).as_json()))
    assert form["version"] == 1
    assert form["can_build"] is True
    assert form["ready"]["3.11"]["scipy 1.11.4"] == {"ready": True, "reasons": []}
    assert form["sdk"]["gcc"] == bookworm.gcc_version
    unreadable = diagnose(request_for(Path("/no/such/sdk"))).as_json()
    held("doctor", json.dumps(unreadable))
    assert unreadable["sdk"] is None
    assert unreadable["can_build"] is False
    assert unreadable["findings"][0]["name"] == "sdk-missing"


def test_the_table_and_the_text(copy: SdkCopy, request_for: Callable[..., BuildRequest]) -> None:
    copy.hide("sysroots/*/usr/bin/arm*/*-gfortran")
    diagnosis = diagnose(request_for(copy.root))
    console = Console()
    with console.rich.capture() as shown:
        console.table(diagnosis.table())
    assert "│ numpy 1.26.4, scipy 1.11.4" in shown.get()
    assert diagnosis.text().startswith("note: fortran-missing: the SDK has no gfortran; cross")
    assert "scipy 1.11.4" in diagnosis.text()


def test_a_refusal_names_what_can_be_built_without() -> None:
    found = Finding("gcc-unfit", "error", "an old GCC", recipes=("scipy 1.11.4",))
    ready = {"3.11": {"numpy 1.26.4": (), "scipy 1.11.4": ("gcc-unfit",)}}
    with pytest.raises(SdkError) as caught:
        doctor.require_ready(Diagnosis((found,), ready, python="3.11"))
    assert "built without: numpy 1.26.4)" in caught.value.cure


def test_the_table_breaks_no_name_where_packages_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    titles = [f"scikit-{number} 0.22.2.post1" for number in range(9)]
    ready = {"3.5": dict.fromkeys(titles, ("build-python-missing",)), "3.11": {}}
    monkeypatch.setenv("COLUMNS", "80")
    console = Console()
    with console.rich.capture() as shown:
        console.table(Diagnosis((), ready).table())
    for title in titles:
        assert title.partition(" ")[0] in shown.get()
    assert shown.get().count("(build-python-missing)") == len(titles)
