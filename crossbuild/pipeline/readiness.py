"""What the doctor says of a run: what the SDK lacks, and what is in the way of a build.

The doctor is imported where it is asked: a run that finds its wheels made does not wait for it.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from crossbuild.core import documents, files, own_code
from crossbuild.core.errors import CrossbuildError, DiskError
from crossbuild.packages.recipe import RecipeVersion
from crossbuild.pipeline.request import BuildRequest
from crossbuild.python.target import Target

if TYPE_CHECKING:
    from crossbuild.doctor import Diagnosis


def lacking(
    request: BuildRequest, opened: Target, recipes: Sequence[RecipeVersion]
) -> Sequence[str]:
    """What the SDK lacks; trying its compilers takes a second, so the answer is remembered."""
    policy = request.target.blas
    needs = sorted({(one.fortran, one.sysroot_libraries) for one in recipes})
    key = files.content_key(needs, policy.value, own_code.digest(("doctor", "sdk.brought")))
    remembered = opened.folder / f"lacking-{key}.json"
    known = documents.read_record(remembered).get("lacking")
    if known is None:
        from crossbuild import doctor

        known = sorted(doctor.lacking(opened.sdk, recipes, policy))
        files.write_text(remembered, json.dumps({"lacking": known}))
    return list(known)


def _diagnose(request: BuildRequest) -> "Diagnosis":
    """What the doctor says of a request; nothing is compiled for it."""
    from crossbuild import doctor

    packages = [str(one) for one in request.packages]
    jobs = request.capacity.jobs_here
    return doctor.diagnose(request.target, packages, jobs=jobs, options=request.options)


@contextmanager
def explained(request: BuildRequest) -> Iterator[None]:
    """While the block reads the SDK and its Pythons: fail as the doctor explains it.

    :raises CrossbuildError: the block raised
    """
    try:
        yield
    except DiskError:
        raise  # no matter of the SDK
    except (CrossbuildError, OSError, ValueError):
        from crossbuild import doctor

        with doctor.explaining(partial(_diagnose, request)):
            raise


def require(request: BuildRequest, opened: Target, recipes: Sequence[RecipeVersion]) -> None:
    """Check that nothing is known to be in the way of packages.

    :raises CrossbuildError: the SDK or this machine lacks what they need
    """
    from crossbuild import doctor

    with explained(request):
        python = opened.build_python.version
    work, jobs = request.target.work, request.capacity.jobs_here
    doctor.require_ready(doctor.check(opened.sdk, python, recipes, work=work, jobs=jobs))
