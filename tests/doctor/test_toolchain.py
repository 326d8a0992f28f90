"""What the doctor says of compilers, beside the defects of a copy."""

from collections.abc import Callable

import pytest

from crossbuild.pipeline.request import BuildRequest
from crossbuild.sdk.model import Sdk
from tests.support.diagnoses import diagnose, names
from tests.support.sdk_copy import SdkCopy
from tests.support.sdk_defects import DEFECTS


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
