"""What the doctor says of compilers, beside the defects of a copy."""

from collections.abc import Callable

import pytest

from crossbuild.core.command import run
from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk.model import Sdk
from tests.support.diagnoses import diagnose, names
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_defects import DEFECTS


@pytest.mark.slow
def test_the_cure_of_absolute_links(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    (defect,) = (one for one in DEFECTS if one.finding == "links-absolute")
    defect.spoil(copy)
    link = copy.sysroot / "usr/lib/libz.so"
    (finding,) = diagnose(request_for(copy.root, "numpy")).errors
    assert str(link) in finding.evidence
    run(["sh", "-c", finding.cure.partition("\n")[2]])
    assert not link.readlink().is_absolute()
    assert link.resolve().is_relative_to(copy.sysroot)
    assert not diagnose(request_for(copy.root, "numpy")).errors


@pytest.mark.slow
def test_a_gcc_that_compiles_no_version(
    copy: SdkCopy, request_for: Callable[..., BuildRequest]
) -> None:
    (defect,) = (one for one in DEFECTS if one.finding == "gcc-unfit")
    defect.spoil(copy)
    diagnosis = diagnose(request_for(copy.root, "scipy"))
    (of_scipy,) = (one for one in diagnosis.errors if one.recipes == ("scipy 1.11.4",))
    assert "use an SDK with a newer GCC" in of_scipy.cure


@pytest.mark.trap(9)
@pytest.mark.slow
def test_ld_library_path_is_survived(
    bookworm: Sdk, request_for: Callable[..., BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/other/lib")
    diagnosis = diagnose(request_for(bookworm.root))
    assert "ld-library-path" in names(diagnosis)
    assert not diagnosis.errors
