"""What an SDK lacks and crossbuild brings: then the SDK can build all the same."""

from dataclasses import replace

from crossbuild.doctor.catalogue import entries
from crossbuild.doctor.model import Finding
from crossbuild.sdk import brought
from crossbuild.sdk.model import Blas, Sdk


def healing(finding: Finding, policy: Blas) -> str:
    """What would heal a finding, if it can be brought and may be; else nothing."""
    what = entries()[finding.name].get("brought", "")
    return "" if what == brought.OPENBLAS and policy is Blas.SDK else what


def healed(sdk: Sdk, finding: Finding, policy: Blas) -> Finding:
    """The finding as a note, where crossbuild brings what heals it."""
    what = healing(finding, policy)
    offer = brought.offer(sdk, what, policy) if what else ""
    if not offer:
        return finding
    return replace(
        finding,
        severity="note",
        what=f"{finding.what}; crossbuild brings {offer}",
        cure=f"nothing has to be done; to have it in the SDK:\n{finding.cure}",
    )
