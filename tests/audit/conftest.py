"""What the tests of the audit share: the board that wheels are held against."""

import pytest

from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import BoardProfile
from crossbuild.sdk.model import Sdk
from tests.support.sample_wheels import PYTHON


@pytest.fixture(scope="session")
def board(bookworm: Sdk) -> BoardProfile:
    return sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON)
