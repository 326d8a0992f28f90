"""What an SDK can build, and the lines that cure it, before anything compiles.

Facts come from small probes (:mod:`bench`, :mod:`toolchain`, :mod:`blas`, :mod:`pythons`,
:mod:`machine`), texts are data (``findings.toml``), and :mod:`examine` has the order.
"""

from crossbuild.doctor.examine import (
    check,
    diagnose,
    exit_code,
    explaining,
    lacking,
    require_ready,
)
from crossbuild.doctor.model import Diagnosis, Finding

__all__ = [
    "Diagnosis",
    "Finding",
    "check",
    "diagnose",
    "exit_code",
    "explaining",
    "lacking",
    "require_ready",
]
