"""Draws contours with contourpy on the board, whose course is known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import sys

import contourpy
import numpy as np
from smoke_checks import check, run, same


def near(got, want, atol=1e-12):
    assert np.allclose(got, want, rtol=1e-12, atol=atol), "%r, wanted %r" % (got, want)


def cone(count=201):
    """How far each point of a square of side 4 is from its middle."""
    x, y = np.meshgrid(np.linspace(-2, 2, count), np.linspace(-2, 2, count))
    return x, y, np.hypot(x, y)


def area(points):
    x, y = points.T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


@check
def a_straight_line():
    x, y = np.meshgrid(np.arange(4.0), np.arange(3.0))
    for name in ("serial", "threaded", "mpl2014", "mpl2005"):
        (line,) = contourpy.contour_generator(x, y, x, name=name).lines(1.25)[:1]
        line = line[0] if isinstance(line, list) else line
        near(line[:, 0], [1.25, 1.25, 1.25])
        near(sorted(line[:, 1]), [0.0, 1.0, 2.0])


@check
def a_circle():
    (line,) = contourpy.contour_generator(*cone()).lines(1.0)
    near(np.hypot(line[:, 0], line[:, 1]), 1.0, atol=1e-4)
    near(area(line), np.pi, atol=1e-3)


@check
def a_ring():
    """Filled contours: the outer line runs one way, the hole the other."""
    generator = contourpy.contour_generator(*cone(), fill_type="OuterOffset")
    points, offsets = generator.filled(0.5, 1.5)
    same((len(points), len(offsets[0])), (1, 3))
    outer, hole = np.split(points[0], offsets[0][1:-1])
    near(area(outer) - area(hole), np.pi * (1.5**2 - 0.5**2), atol=1e-2)


@check
def in_threads():
    x, y, z = cone(301)
    ways = {"serial": {}, "threaded": {"thread_count": 2}}
    found = [
        contourpy.contour_generator(x, y, z, name=name, chunk_count=4, **more).lines(1.0)
        for name, more in sorted(ways.items())
    ]
    near(*(np.sort(np.concatenate(lines), axis=0) for lines in found))


@check
def masked():
    x, y = np.meshgrid(np.arange(4.0), np.arange(3.0))
    z = np.ma.array(x, mask=y < 1)
    (line,) = contourpy.contour_generator(x, y, z).lines(0.5)
    near(sorted(line[:, 1]), [1.0, 2.0])


if __name__ == "__main__":
    sys.exit(run("contourpy", contourpy.__version__))
