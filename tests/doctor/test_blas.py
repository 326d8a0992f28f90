"""Libraries that packages need of the SDK."""

from crossbuild.doctor import blas, release
from crossbuild.doctor.bench import bench
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.sdk.model import Sdk


def test_another_library_that_is_missing(bookworm: Sdk) -> None:
    with bench(bookworm) as tried:
        catalogue = Catalogue(release.find(["3.0"], "2.30"))
        [found] = blas.library(tried, catalogue, "fftw3", ("pyfftw 0.15.0",))
        assert not [*blas.library(tried, catalogue, "z", ("one 1.0",))]
    assert found.name == "library-missing"
    assert 'TOOLCHAIN_TARGET_TASK_append = " fftw3 fftw3-dev"' in found.cure
    assert "pyfftw 0.15.0" in found.what
