"""Works on pictures on the board and compares with numbers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import os
import sys
import tempfile

import numpy as np
import skimage
from smoke_checks import check, run, same


def near(got, want, atol=1e-9):
    assert np.allclose(got, want, rtol=1e-7, atol=atol), "%r, wanted %r" % (got, want)


def squares():
    """Two squares, of 16 and 36 points."""
    picture = np.zeros((20, 30), dtype=bool)
    picture[2:6, 2:6] = True
    picture[8:14, 12:18] = True
    return picture


def waves():
    y, x = np.mgrid[0:64, 0:64]
    return 0.5 + 0.25 * np.sin(x / 5.0) + 0.25 * np.cos(y / 7.0)


@check
def filters():
    from skimage import filters

    dot = np.zeros((21, 21))
    dot[10, 10] = 1.0
    blurred = filters.gaussian(dot, sigma=2)
    near(blurred.sum(), 1.0, 1e-3)
    near(blurred[10, 12] / blurred[10, 10], np.exp(-0.5), 1e-6)
    ramp = np.tile(np.arange(10.0), (10, 1)) / 9
    near(filters.sobel_v(ramp)[5, 5] * 9, 2.0)  # the difference of both neighbours
    two = np.concatenate([np.full(50, 10), np.full(50, 200)]).astype(np.uint8).reshape(10, 10)
    level = filters.threshold_otsu(two)
    same(10 <= level < 200, True)
    thrice = np.array([[1, 9, 1]] * 3, dtype=np.uint8)
    near(filters.median(thrice, behavior="ndimage"), 1)  # 0.15 had another by default


@check
def rank_filters():
    from skimage.filters import rank

    picture = np.arange(25, dtype=np.uint8).reshape(5, 5)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=np.uint8)
    same(int(rank.maximum(picture, cross)[2, 2]), 17)
    same(int(rank.mean(picture, cross)[2, 2]), 12)


@check
def morphology():
    from skimage import measure, morphology

    labels = measure.label(squares())
    same(int(labels.max()), 2)
    same([int(region.area) for region in measure.regionprops(labels)], [16, 36])
    near([region.centroid for region in measure.regionprops(labels)], [[3.5, 3.5], [10.5, 14.5]])
    same(int(morphology.remove_small_objects(squares(), 20).sum()), 36)
    skeleton = morphology.skeletonize(np.pad(np.ones((3, 21), dtype=bool), 5, "constant"))
    same(int(skeleton.sum()) in range(17, 22), True)
    disk = morphology.disk(3)
    same(int(disk.sum()), 29)


@check
def measures():
    from skimage import measure

    y, x = np.mgrid[-20:21, -20:21]
    contours = measure.find_contours(np.hypot(x, y), 10.0)
    same(len(contours), 1)
    near(np.hypot(*(contours[0] - 20).T), 10.0, 0.05)
    near(measure.perimeter(squares()) > 0, True)
    ball = np.hypot(np.hypot(*np.mgrid[-9:10, -9:10]), 0)
    same(int(measure.label(ball < 5).max()), 1)


@check
def segmentation():
    from skimage import segmentation

    field = np.array([[0, 1, 9, 1, 0]] * 5)
    markers = np.array([[1, 0, 0, 0, 2]] * 5)
    same(segmentation.watershed(field, markers)[2, [0, 1, 3, 4]].tolist(), [1, 1, 2, 2])
    same(int(segmentation.slic(np.dstack([waves()] * 3), 16).max()) > 8, True)
    same(segmentation.flood(squares(), (3, 3)).sum(), 16)


@check
def transforms():
    from skimage import transform

    picture = waves()
    near(transform.rotate(picture, 90)[10, 12], picture[12, 53], 1e-6)
    near(transform.resize(np.ones((8, 8)), (16, 4)), np.ones((16, 4)))
    same(transform.integral_image(np.ones((4, 4)))[-1, -1], 16)
    move = transform.AffineTransform(translation=(3, 4))
    near(move([[1.0, 1.0]]), [[4, 5]])
    line = np.zeros((41, 41))
    line[np.arange(41), np.arange(41)] = 1
    space, angles, distances = transform.hough_line(line)
    same(int(space.max()) >= 40, True)
    angle = angles[np.unravel_index(space.argmax(), space.shape)[1]]
    near(abs(angle), np.pi / 4, 0.02)
    sinogram = transform.radon(np.pad(np.ones((8, 8)), 12, "constant"), theta=[0.0, 90.0])
    near(sinogram.sum(axis=0), [64, 64], 1e-6)


@check
def features():
    from skimage import feature

    corners = feature.corner_peaks(feature.corner_harris(squares().astype(float)), min_distance=1)
    same(len(corners) >= 4, True)
    found = feature.match_template(waves(), waves()[20:40, 11:31])
    same(np.unravel_index(found.argmax(), found.shape), (20, 11))
    same(feature.local_binary_pattern(np.ones((5, 5)), 8, 1)[2, 2], 255)
    brief = feature.BRIEF(patch_size=15)
    brief.extract(waves(), np.array([[30, 30], [32, 32]]))
    same(brief.descriptors.shape, (2, 256))
    blobs = feature.blob_doh(
        np.pad(np.ones((10, 10)), 20, "constant"), min_sigma=3, threshold=0.001
    )
    same(len(blobs) >= 1, True)
    until_0_18 = not hasattr(feature, "graycomatrix")
    pairs = feature.greycomatrix if until_0_18 else feature.graycomatrix
    near(pairs(np.array([[0, 1], [0, 1]], dtype=np.uint8), [1], [0], 2)[0, 1, 0, 0], 2)


@check
def colours():
    from skimage import color

    near(color.rgb2gray(np.array([[[1.0, 1.0, 1.0]]])), 1.0)
    near(color.rgb2hsv(np.array([[[0.0, 1.0, 0.0]]])), [[[1 / 3.0, 1, 1]]])
    lab = color.rgb2lab(np.array([[[1.0, 0.0, 0.0]]]))
    near(lab, [[[53.24, 80.09, 67.20]]], 0.02)


@check
def restoration():
    from skimage import restoration

    clean = 0.25 + 0.5 * waves()  # old releases want values between 0 and 1, with the noise
    noisy = clean + 0.1 * np.sin(1000 * np.arange(64 * 64)).reshape(64, 64)
    error = np.abs(noisy - clean).mean()
    for way in (
        restoration.denoise_tv_chambolle(noisy, weight=0.1),
        restoration.denoise_bilateral(noisy),
        restoration.denoise_nl_means(noisy, h=0.1),
    ):
        same(np.abs(way - clean).mean() < error, True)
    wrapped = np.angle(np.exp(1j * np.linspace(0, 20, 50)))
    near(np.diff(restoration.unwrap_phase(wrapped)), 20 / 49.0)


@check
def graph():
    from skimage import graph

    costs = np.ones((5, 5))
    costs[2, :4] = 50
    path, cost = graph.route_through_array(costs, (0, 0), (4, 0), fully_connected=False)
    near(cost, 12.0)
    same(path[-1], (4, 0))


@check
def files():
    from skimage import io

    picture = (waves() * 255).astype(np.uint8)
    colour = np.dstack([picture, picture.T, 255 - picture])
    folder = tempfile.mkdtemp()
    png, jpeg = os.path.join(folder, "a.png"), os.path.join(folder, "a.jpg")
    io.imsave(png, colour, check_contrast=False)
    same(np.array_equal(io.imread(png), colour), True)
    io.imsave(jpeg, picture, check_contrast=False)
    read = io.imread(jpeg)
    same(read.shape, picture.shape)
    same(np.abs(read.astype(int) - picture).mean() < 2, True)


if __name__ == "__main__":
    sys.exit(run("scikit-image", skimage.__version__))
