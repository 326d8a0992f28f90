"""Transforms with PyWavelets on the board and compares with numbers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import math
import sys

import numpy as np
import pywt
from smoke_checks import check, run


def near(got, want, atol=1e-10):
    assert np.allclose(got, want, rtol=1e-9, atol=atol), "%r, wanted %r" % (got, want)


def signal():
    return np.sin(np.arange(64.0) ** 1.3)


@check
def haar():
    """Sums and differences of neighbours, over the root of 2."""
    sums, differences = pywt.dwt([1.0, 2.0, 3.0, 5.0], "haar")
    near(sums, np.array([3.0, 8.0]) / math.sqrt(2))
    near(differences, np.array([-1.0, -2.0]) / math.sqrt(2))


@check
def back_again():
    for name in ["haar", "db4", "sym5", "coif2", "bior2.2"]:
        near(pywt.waverec(pywt.wavedec(signal(), name), name), signal())
    picture = np.outer(signal(), signal())
    near(pywt.waverec2(pywt.wavedec2(picture, "db2"), "db2"), picture)
    near(pywt.iswt(pywt.swt(signal(), "db2", level=3), "db2"), signal())


@check
def energy_is_kept():
    parts = pywt.wavedec(signal(), "db4", mode="periodization")
    near(sum((part**2).sum() for part in parts), (signal() ** 2).sum())


@check
def widths():
    for kind in (np.float32, np.float64):
        sums, _ = pywt.dwt(np.arange(8, dtype=kind), "db1")
        assert sums.dtype == kind, sums.dtype


@check
def continuous():
    found, _ = pywt.cwt(np.cos(2 * math.pi * np.arange(128) / 16), [8, 13, 26], "mexh")
    assert np.abs(found).sum(axis=1).argmax() == 0, np.abs(found).sum(axis=1)


@check
def thresholds():
    near(pywt.threshold(np.array([-3.0, -1.0, 2.0]), 1.5, "soft"), [-1.5, 0, 0.5])


if __name__ == "__main__":
    sys.exit(run("pywavelets", pywt.__version__))
