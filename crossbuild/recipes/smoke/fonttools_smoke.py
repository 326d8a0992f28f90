"""Makes a font with fonttools on the board, and reads it again.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import io
import sys

import fontTools
from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.areaPen import AreaPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from smoke_checks import check, run, same


def square(size):
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, size), (size, size), (size, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def built():
    """A font with squares for A and B."""
    names = [".notdef", "A", "B"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({65: "A", 66: "B"})
    builder.setupGlyf({name: square(100 * (1 + index)) for index, name in enumerate(names)})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    stream = io.BytesIO()
    builder.save(stream)
    return stream.getvalue()


@check
def glyphs():
    font = TTFont(io.BytesIO(built()))
    same(font["head"].unitsPerEm, 1000)
    same(font.getBestCmap(), {65: "A", 66: "B"})
    pen = AreaPen()
    font.getGlyphSet()["B"].draw(pen)
    same(abs(pen.value), 300.0**2)
    cutter = subset.Subsetter()
    cutter.populate(unicodes=[66])
    cutter.subset(font)
    same(font.getGlyphOrder(), [".notdef", "B"])


if __name__ == "__main__":
    sys.exit(run("fonttools", fontTools.version))
