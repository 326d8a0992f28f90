"""Runs numpy's operations on the board, each between two calls of getsid (see count.c).

The first call of each is not counted: it loads and sets up what later ones find ready.
The names go to standard output in the order of the counts.
"""

import os
import sys

import numpy as np

N = 256


def inputs():
    """A square and a line of numbers, each as doubles and as floats."""
    random = np.random.RandomState(7)
    square = random.standard_normal((N, N))
    line = random.standard_normal(100000)
    return square, square.astype(np.float32), line, line.astype(np.float32)


SQUARE, SQUARE_F, LINE, LINE_F = inputs()
POSITIVE, POSITIVE_F = np.abs(LINE) + 1, np.abs(LINE_F) + 1
WHOLE = (LINE * 1e6).astype(np.int32)
SIGNAL = LINE[:16384]
STREAM = np.random.Generator(np.random.PCG64(7))

OPERATIONS = [
    ("dgemm 256", lambda: SQUARE.dot(SQUARE)),
    ("sgemm 256", lambda: SQUARE_F.dot(SQUARE_F)),
    ("LU 256", lambda: np.linalg.det(SQUARE)),
    ("solve 256", lambda: np.linalg.solve(SQUARE, SQUARE)),
    ("SVD 256", lambda: np.linalg.svd(SQUARE)),
    ("add float64", lambda: LINE + POSITIVE),
    ("add float32", lambda: LINE_F + POSITIVE_F),
    ("multiply float64", lambda: LINE * POSITIVE),
    ("divide float64", lambda: LINE / POSITIVE),
    ("sqrt float64", lambda: np.sqrt(POSITIVE)),
    ("exp float64", lambda: np.exp(LINE)),
    ("exp float32", lambda: np.exp(LINE_F)),
    ("log float64", lambda: np.log(POSITIVE)),
    ("sin float64", lambda: np.sin(LINE)),
    ("sin float32", lambda: np.sin(LINE_F)),
    ("less float64", lambda: LINE < POSITIVE),
    ("sum float64", LINE.sum),
    ("add int32", lambda: WHOLE + WHOLE),
    ("FFT 16384", lambda: np.fft.fft(SIGNAL)),
    ("real FFT 16384", lambda: np.fft.rfft(SIGNAL)),
    ("sort float64", lambda: np.sort(LINE)),
    ("sort int32", lambda: np.sort(WHOLE)),
    ("argsort float64", lambda: np.argsort(LINE)),
    ("random uniform", lambda: STREAM.random(100000)),
    ("random normal", lambda: STREAM.standard_normal(100000)),
]


def main():
    """Run all of them."""
    for name, function in OPERATIONS:
        function()
        os.getsid(0)
        function()
        os.getsid(0)
        print(name)


if __name__ == "__main__":
    sys.exit(main())
