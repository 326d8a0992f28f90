"""Libraries that packages need of the SDK."""

from collections.abc import Callable

import pytest

from crossbuild import doctor
from crossbuild.doctor import blas
from crossbuild.doctor.bench import bench
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk import release
from crossbuild.sdk.model import Sdk


@pytest.mark.parametrize(
    ("library", "cures"),
    [
        ("fftw3", ["recipe fftw is in meta-oe", '" fftw fftw-dev"', "--with libfftw3-dev"]),
        ("jpeg-x", ["if the recipe has the library's name", '" jpeg-x jpeg-x-dev"']),
    ],
)
def test_another_library_that_is_missing(library: str, cures: list[str], bookworm: Sdk) -> None:
    with bench(bookworm) as tried:
        catalogue = Catalogue(release.find(["3.0"], "2.30"))
        [found] = blas.library(tried, catalogue, library, ("pyfftw 0.15.0",))
        assert not [*blas.library(tried, catalogue, "z", ("one 1.0",))]
    assert found.name == "library-missing"
    assert "TOOLCHAIN_TARGET_TASK_append = " in found.cure
    assert [cure for cure in cures if cure not in found.cure] == []
    assert "pyfftw 0.15.0" in found.what


@pytest.mark.slow
@pytest.mark.parametrize(("named", "severity"), [((), "note"), (("matplotlib",), "error")])
def test_it_is_an_error_for_who_asked_for_its_user(
    named: tuple[str, ...], severity: str, bookworm: Sdk, request_for: Callable[..., BuildRequest]
) -> None:
    diagnosis = doctor.diagnose(request_for(bookworm.root).target, named, jobs=1)
    found = [one for one in diagnosis.findings if one.name == "library-missing"]
    assert {one.severity for one in found} == {severity}
    assert diagnosis.ready["3.11"]["matplotlib 3.10.3"] == ("library-missing",)


def test_a_package_is_not_ready_without_what_it_requires_on_the_board(
    bookworm: Sdk, request_for: Callable[..., BuildRequest]
) -> None:
    """scikit-image 0.17.2 requires matplotlib, which needs FreeType; wheels refuses both."""
    request = request_for(bookworm.root, python="3.6").target
    diagnosis = doctor.diagnose(request, ("scikit-image",), jobs=1)
    spoilt = {title: names for title, names in diagnosis.ready["3.6"].items() if names}
    assert spoilt == dict.fromkeys(
        ("matplotlib 3.3.4", "scikit-image 0.17.2"), ("library-missing",)
    )
    assert [one.name for one in diagnosis.errors] == ["library-missing"]
