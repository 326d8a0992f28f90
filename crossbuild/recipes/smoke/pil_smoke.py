"""Works on pictures with Pillow on the board and compares with numbers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import io
import sys

import PIL
from PIL import Image, ImageDraw, ImageFilter, features
from smoke_checks import check, run, same


def picture():
    image = Image.new("RGB", (40, 30), (10, 20, 30))
    ImageDraw.Draw(image).rectangle([10, 5, 29, 24], fill=(200, 100, 50))
    return image


def saved(image, kind, **options):
    store = io.BytesIO()
    image.save(store, kind, **options)
    return Image.open(io.BytesIO(store.getvalue()))


@check
def libraries():
    same([features.check(name) for name in ("jpg", "zlib")], [True, True])


@check
def drawing():
    same(picture().getpixel((10, 5)), (200, 100, 50))
    same(picture().getpixel((9, 5)), (10, 20, 30))
    same(picture().convert("L").getpixel((15, 15)), (200 * 299 + 100 * 587 + 50 * 114) // 1000)


@check
def files():
    for kind in ("PNG", "BMP", "GIF", "PPM", "TIFF"):
        same(saved(picture(), kind).convert("RGB").tobytes(), picture().tobytes())
    jpeg = saved(picture(), "JPEG", quality=95)
    same(jpeg.size, (40, 30))
    pairs = zip(jpeg.getpixel((20, 15)), (200, 100, 50))  # noqa: B905  (Python 3.5)
    same(max(abs(a - b) for a, b in pairs) < 6, True)


@check
def geometry():
    same(picture().rotate(90, expand=True).size, (30, 40))
    same(picture().transpose(Image.FLIP_LEFT_RIGHT).getpixel((29, 5)), (200, 100, 50))
    same(picture().resize((4, 3), Image.BOX).size, (4, 3))
    same(picture().crop((12, 7, 20, 20)).getcolors(), [(104, (200, 100, 50))])


@check
def filters():
    flat = Image.new("L", (9, 9), 77).filter(ImageFilter.GaussianBlur(2))
    same(flat.getextrema(), (77, 77))
    same(Image.new("L", (3, 3), 9).filter(ImageFilter.MaxFilter(3)).getpixel((1, 1)), 9)


@check
def bands():
    red, green, blue = picture().split()
    same(Image.merge("RGB", (blue, green, red)).getpixel((15, 15)), (50, 100, 200))
    same(red.histogram()[200], 400)


if __name__ == "__main__":
    sys.exit(run("pillow", PIL.__version__))
