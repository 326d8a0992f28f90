"""Draws figures with matplotlib on the board, and compares pixels and numbers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import io
import sys

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (after the back end is chosen)
import numpy as np  # noqa: E402
from matplotlib import ft2font, tri  # noqa: E402
from matplotlib.font_manager import findfont  # noqa: E402
from matplotlib.patches import Rectangle  # noqa: E402
from matplotlib.path import Path  # noqa: E402
from smoke_checks import check, run, same


def near(got, want, atol=1e-9):
    assert np.allclose(got, want, rtol=1e-9, atol=atol), "%r, wanted %r" % (got, want)


def pixels(figure):
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    return np.frombuffer(figure.canvas.buffer_rgba(), np.uint8).reshape(height, width, 4)


def red_with_a_blue_middle():
    figure = plt.figure(figsize=(1, 0.8), dpi=100, facecolor="red")
    middle = Rectangle((0.25, 0.25), 0.5, 0.5, color="blue", linewidth=0, antialiased=False)
    middle.set_transform(figure.transFigure)
    figure.add_artist(middle)
    return figure


@check
def agg():
    drawn = pixels(red_with_a_blue_middle())
    same(drawn.shape, (80, 100, 4))
    same(drawn[0, 0].tolist(), [255, 0, 0, 255])
    same(int((drawn == [0, 0, 255, 255]).all(axis=2).sum()), 50 * 40)


@check
def files():
    begin = {"png": b"\x89PNG", "pdf": b"%PDF-", "svg": b"<?xml", "ps": b"%!PS"}
    for kind in sorted(begin):
        stream = io.BytesIO()
        red_with_a_blue_middle().savefig(stream, format=kind)
        same(stream.getvalue()[: len(begin[kind])], begin[kind])
        if kind == "png":
            read = plt.imread(io.BytesIO(stream.getvalue()))
            near(read[40, 50], [0, 0, 1, 1])


@check
def fonts():
    font = ft2font.FT2Font(findfont("DejaVu Sans"))
    same((font.family_name, font.units_per_EM, font.num_glyphs), ("DejaVu Sans", 2048, 6241))
    same(font.get_char_index(ord("A")), 36)
    font.set_size(10.24, 200)
    since_3_10 = hasattr(ft2font, "LoadFlags")
    unhinted = ft2font.LoadFlags.NO_HINTING if since_3_10 else ft2font.LOAD_NO_HINTING
    same(font.load_char(ord("A"), flags=unhinted).linearHoriAdvance >> 16, 19)
    figure = plt.figure(figsize=(2, 1), dpi=100)
    figure.text(0.1, 0.4, r"Zürich $\sqrt{x^2}$", fontsize=20)
    dark = int((pixels(figure)[:, :, 0] < 128).sum())
    same(600 < dark < 1500, True)


@check
def paths():
    circle = Path.unit_circle()
    same(circle.contains_points([(0.5, 0.5), (0.9, 0.9)]).tolist(), [True, False])
    same(circle.intersects_path(Path([(0, 0), (2, 2)])), True)
    same(circle.intersects_path(Path([(2, 0), (2, 2)])), False)
    near(circle.get_extents().bounds, [-1, -1, 2, 2])


@check
def pictures():
    figure = plt.figure(figsize=(1, 1), dpi=40)
    axes = figure.add_axes([0, 0, 1, 1])
    axes.axis("off")
    axes.imshow([[0.0, 1.0], [2.0, 3.0]], cmap="gray", interpolation="nearest", aspect="auto")
    drawn = pixels(figure)[:, :, 0]
    same([int(drawn[a, b]) for a, b in ((5, 5), (5, 35), (35, 5), (35, 35))], [0, 85, 170, 255])


@check
def triangles():
    """Delaunay's, by Qhull: a square and its middle."""
    found = tri.Triangulation([0, 1, 1, 0, 0.5], [0, 0, 1, 1, 0.5])
    same((len(found.triangles), len(found.edges)), (4, 8))
    same(int(found.get_trifinder()(0.5, 0.1)) >= 0, True)
    near(tri.LinearTriInterpolator(found, [0, 1, 2, 1, 1])(0.25, 0.5), 0.75)


@check
def contours():
    x, y = np.meshgrid(np.linspace(-2, 2, 101), np.linspace(-2, 2, 101))
    drawn = plt.figure().gca().contour(x, y, np.hypot(x, y), levels=[1.0])
    (line,) = drawn.allsegs[0]
    near(np.hypot(line[:, 0], line[:, 1]), 1.0, atol=1e-3)


@check
def layout():
    """By kiwisolver: no label is cut off."""
    figure, axes = plt.subplots(2, 2, constrained_layout=True, figsize=(4, 3), dpi=50)
    for one in axes.flat:
        one.set_xlabel("x", fontsize=20)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    lows = [one.get_tightbbox(renderer).y0 for one in axes.flat]
    same(min(lows) >= 0, True)
    same(axes[0, 0].get_window_extent().y0 > axes[1, 0].get_window_extent().y1, True)


if __name__ == "__main__":
    sys.exit(run("matplotlib", mpl.__version__))
