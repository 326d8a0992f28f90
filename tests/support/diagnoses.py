"""What the doctor says to a request, and that a build stops for it."""

import pytest

from crossbuild import doctor
from crossbuild.doctor import Diagnosis
from crossbuild.doctor.catalogue import error_class
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console


def diagnose(request: BuildRequest) -> Diagnosis:
    packages = [str(wanted) for wanted in request.packages]
    jobs = request.capacity.jobs
    return doctor.diagnose(request.target, packages, jobs=jobs, options=request.options)


def names(diagnosis: Diagnosis) -> list[str]:
    """The findings' names."""
    return [finding.name for finding in diagnosis.findings]


def assert_nothing_compiles(request: BuildRequest, what: str, name: str) -> None:
    """A build ends with the finding *name* before its first compile."""
    with pytest.raises(error_class(name)) as caught:
        make_wheels(request, Console())
    assert caught.value.what == what
    assert name in caught.value.cure
    assert not list(request.target.work.rglob("build.log"))
    assert not list(request.wheelhouse.rglob("*.whl"))
