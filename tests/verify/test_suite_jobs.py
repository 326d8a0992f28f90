"""Which suites run, in which slices, and what they require."""

import pytest

from crossbuild.core.errors import ConfigurationError
from crossbuild.packages import lock
from crossbuild.packages.recipe import load
from crossbuild.verify import suite_jobs


def test_jobs_follow_the_slices() -> None:
    recipes, installed = [load("numpy"), load("scipy")], {"numpy": "1.26.4", "scipy": "1.11.4"}
    found = suite_jobs.jobs(recipes, installed, "fast", ["scipy/fft", "scipy/special"])
    assert [(one.package, one.version, one.slices) for one in found] == [
        ("scipy", "1.11.4", ("scipy/fft", "scipy/special"))
    ]
    assert len(suite_jobs.jobs(recipes, installed, "full", [])) == 2
    with pytest.raises(ConfigurationError, match="has tests of pandas") as caught:
        suite_jobs.jobs(recipes, installed, "fast", ["pandas/core"])
    assert "numpy, scipy" in caught.value.evidence


@pytest.mark.parametrize("name", ["numpy", "scipy"])
def test_what_suites_require_is_locked_and_pure(name: str) -> None:
    suite = load(name).suite
    assert suite
    for python in ("3.5", "3.7", "3.13"):
        found = lock.read(lock.path_of_tests(suite.requires, python)).build
        assert {"pytest", "hypothesis"} <= {one.name for one in found}
        assert all(one.filename.endswith("-any.whl") for one in found)
