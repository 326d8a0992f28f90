"""Computes with numpy on the board and compares with numbers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.  The wanted
numbers are closed forms, or streams that numpy promises never to change.
"""

import contextlib
import io
import math
import struct
import sys

import numpy as np
from smoke_checks import check, run, same


def near(got, want, rtol=1e-10, atol=1e-12):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, "shape %r, wanted %r" % (got.shape, want.shape)
    assert np.allclose(got, want, rtol=rtol, atol=atol), "%r, wanted %r" % (got, want)


def hilbert(n):
    i = np.arange(n)
    return 1.0 / (i[:, None] + i[None, :] + 1)


@check
def sizes_of_types():
    word = struct.calcsize("P")
    same(np.dtype(np.intp).itemsize, word)
    same(np.dtype("l").itemsize, struct.calcsize("l"))
    same([np.dtype(c).itemsize for c in "bhiqefdFD"], [1, 2, 4, 8, 2, 4, 8, 8, 16])
    if word == 4:  # Arm: long double is a double, and a double lies on 8 bytes
        same(np.dtype(np.longdouble).itemsize, 8)
        same(np.dtype(np.clongdouble).itemsize, 16)
        same(np.dtype("d").alignment, 8)
        same(np.dtype("q").alignment, 8)
    same(np.dtype([("a", "b"), ("b", "d")], align=True).itemsize, 8 + np.dtype("d").alignment)


@check
def long_double():
    info = np.finfo(np.longdouble)
    assert info.eps <= np.finfo(np.float64).eps, info.eps
    near(float(np.longdouble("0.1") + np.longdouble("0.2")), 0.3)
    near(float(np.sqrt(np.longdouble(2))), math.sqrt(2))


@check
def built_with_openblas():
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        np.show_config()
    assert "openblas" in text.getvalue().lower(), text.getvalue()


@check
def solve():
    h = hilbert(5)
    near(np.linalg.solve(h, h.sum(axis=1)), np.ones(5), rtol=1e-9)
    near(np.linalg.det(hilbert(3)), 1 / 2160.0, rtol=1e-9)
    exact = [
        [16, -120, 240, -140],
        [-120, 1200, -2700, 1680],
        [240, -2700, 6480, -4200],
        [-140, 1680, -4200, 2800],
    ]
    near(np.linalg.inv(hilbert(4)), exact, rtol=1e-8)


@check
def matrix_products():
    n = 150  # large enough for OpenBLAS to block and to use its threads
    i = np.arange(n, dtype=float)
    a = i[:, None] + i[None, :]
    s1, s2 = n * (n - 1) / 2, (n - 1) * n * (2 * n - 1) / 6
    want = n * np.outer(i, i) + s1 * a + s2
    near(a.dot(a), want, rtol=1e-13)
    near(a.astype(np.float32).dot(a.astype(np.float32)), want, rtol=1e-4)
    near((a * 1j).dot(a), want * 1j, rtol=1e-13)
    near(a.dot(i), s2 + i * s1, rtol=1e-13)
    near(a[::2, ::3].dot(a[::2, ::3].T), np.einsum("ik,jk->ij", a[::2, ::3], a[::2, ::3]))


@check
def singular_values():
    near(np.linalg.svd([[3.0, 0.0], [4.0, 5.0]])[1], [math.sqrt(45), math.sqrt(5)])
    a = np.sin(np.arange(60 * 40.0)).reshape(60, 40) + np.eye(60, 40)
    u, s, v = np.linalg.svd(a, full_matrices=False)
    near((u * s).dot(v), a, atol=1e-10)
    near(u.T.dot(u), np.eye(40), atol=1e-10)
    same(int(np.linalg.matrix_rank(np.outer(np.arange(5), np.arange(5)))), 1)


@check
def eigenvalues():
    n = 30
    a = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    want = 2 - 2 * np.cos(np.arange(1, n + 1) * math.pi / (n + 1))
    near(np.linalg.eigvalsh(a), want)
    near(np.sort(np.linalg.eigvals(a).real), want)
    w, v = np.linalg.eig([[0.0, -1.0], [1.0, 0.0]])
    near(sorted(w.imag), [-1, 1])
    near(np.array([[0, -1], [1, 0]]).dot(v), v * w)
    near(np.sort(np.roots([1, -6, 11, -6]).real), [1, 2, 3], rtol=1e-8)


@check
def factorisations():
    near(np.linalg.cholesky([[4.0, 2.0], [2.0, 3.0]]), [[2, 0], [1, math.sqrt(2)]])
    a = hilbert(6)[:, :4]
    q, r = np.linalg.qr(a)
    near(q.dot(r), a)
    near(q.T.dot(q), np.eye(4), atol=1e-10)
    x = np.arange(10.0)
    near(np.polyfit(x, 3 * x**2 - 2 * x + 1, 2), [3, -2, 1], rtol=1e-8)
    try:
        np.linalg.inv(np.zeros((2, 2)))
    except np.linalg.LinAlgError:
        return
    raise AssertionError("a singular matrix was inverted")


@check
def fourier_transforms():
    near(np.fft.fft([1, 2, 3, 4]), [10, -2 + 2j, -2, -2 - 2j])
    t = np.arange(64)
    peak = np.zeros(33)
    peak[5] = 32
    near(np.fft.rfft(np.cos(2 * math.pi * 5 * t / 64)).real, peak, atol=1e-10)
    x = np.sin(np.arange(1009.0) ** 2)  # a prime length
    near(np.fft.ifft(np.fft.fft(x)).real, x)
    near((np.abs(np.fft.fft(x)) ** 2).sum() / 1009, (x**2).sum())
    near(np.fft.irfft2(np.fft.rfft2(np.outer(x[:8], x[:6])), s=(8, 6)), np.outer(x[:8], x[:6]))


@check
def random_streams():
    old = np.random.RandomState(42)
    near(old.random_sample(3), [0.3745401188473625, 0.9507143064162014, 0.7319939418114051])
    near(np.random.RandomState(42).standard_normal(2), [0.4967141530112327, -0.13826430117118466])
    new = np.random.Generator(np.random.PCG64(42))
    near(new.random(3), [0.7739560485559633, 0.4388784397520523, 0.8585979199113825])
    philox = np.random.Generator(np.random.Philox(7)).standard_normal(20000)
    near([philox.mean(), philox.std()], [0, 1], atol=0.03)
    shuffled = np.random.RandomState(1).permutation(100)
    same(sorted(shuffled.tolist()), list(range(100)))


@check
def sorting():
    values = np.arange(5003) * 3571 % 5003  # a permutation: 5003 is prime
    for kind in ("quicksort", "mergesort", "heapsort"):
        for code in ("i4", "i8", "u2", "f4", "f8", "f2" if kind == "heapsort" else "f8"):
            some = values[:2000].astype(code) if code == "f2" else values.astype(code)
            got = np.sort(some, kind=kind)
            assert (got[1:] >= got[:-1]).all(), (kind, code)
    same(np.sort(values).tolist(), list(range(5003)))
    same(values[np.argsort(values)].tolist(), list(range(5003)))
    same(int(np.partition(values, 77)[77]), 77)
    same(np.sort(np.array(["pear", "fig", "apple"])).tolist(), ["apple", "fig", "pear"])
    same(np.searchsorted(np.arange(10), 3.5), 4)
    same(np.unique([3, 1, 3, 2, 1]).tolist(), [1, 2, 3])


@check
def elementary_functions():
    x = np.linspace(-3, 3, 1001)
    for name in ("exp", "sin", "cos", "tanh", "arctan", "expm1"):
        want = [getattr(math, {"arctan": "atan"}.get(name, name))(v) for v in x]
        near(getattr(np, name)(x), want, rtol=1e-14)
        near(getattr(np, name)(x.astype(np.float32)), want, rtol=2e-5, atol=2e-6)
    y = np.linspace(0.01, 50, 1001)
    near(np.log(y), [math.log(v) for v in y], atol=1e-14)
    near(np.sqrt(y), [math.sqrt(v) for v in y], rtol=1e-15)
    near(np.power(y, 1.5), [v**1.5 for v in y])
    near(np.hypot(3, 4), 5)
    near(np.floor([-1.5, 1.5]), [-2, 1])


@check
def integers():
    big = np.array([2**62, 2**62 - 1, -(2**62)], dtype=np.int64)
    same((big // 3).tolist(), [2**62 // 3, (2**62 - 1) // 3, -(2**62) // 3])
    same((big % 1000).tolist(), [2**62 % 1000, (2**62 - 1) % 1000, -(2**62) % 1000])
    same(int(np.array([2**63], dtype=np.uint64)[0] >> np.uint64(3)), 2**60)
    same(int(np.arange(100000, dtype=np.int64).sum()), 4999950000)
    same(int(np.array([200, 100], dtype=np.uint8).sum(dtype=np.uint8)), 44)
    same(int(np.bitwise_xor.reduce(np.arange(1, 1000))), 999 ^ 1000 ^ 1000 ^ 999)
    same(np.array([1.9, -1.9, 1e18]).astype(np.int64).tolist(), [1, -1, 10**18])


@check
def half_precision():
    same(float(np.float16(1) / np.float16(3)), 0.333251953125)
    same(float(np.float16(65504)), 65504.0)
    with np.errstate(over="ignore"):
        assert np.isinf(np.array([65520.0]).astype(np.float16)[0])


@check
def floating_point_flags():
    for trap, left, right in (("divide", 1.0, 0.0), ("invalid", 0.0, 0.0)):
        try:
            with np.errstate(**{trap: "raise"}):
                np.array([left] * 9) / np.array([right] * 9)
        except FloatingPointError:
            continue
        raise AssertionError("%s raised nothing" % trap)
    same([np.isnan(np.nan), np.signbit(-0.0), np.isposinf(np.inf)], [True] * 3)


@check
def dates():
    same(str(np.datetime64("2000-02-28") + np.timedelta64(2, "D")), "2000-03-01")
    same(str(np.datetime64("2038-01-19T03:14:07") + 1), "2038-01-19T03:14:08")
    same(int(np.busday_count("2024-01-01", "2024-02-01")), 23)


@check
def statistics():
    x = np.arange(1, 101, dtype=float)
    near([x.mean(), x.var(), np.median(x), np.percentile(x, 25)], [50.5, 833.25, 50.5, 25.75])
    near(np.corrcoef(x, -x), [[1, -1], [-1, 1]])
    same(np.histogram([1, 2, 2, 5], bins=[0, 2, 4, 6])[0].tolist(), [1, 2, 1])
    near(np.interp(2.5, [1, 2, 3], [10, 20, 40]), 30)
    near(np.convolve([1, 2, 3], [0, 1, 0.5]), [0, 1, 2.5, 4, 1.5])


@check
def files_and_text():
    a = np.arange(12.0).reshape(3, 4)
    store = io.BytesIO()
    np.savez_compressed(store, a=a, names=np.array(["x", "y"]))
    store.seek(0)
    back = np.load(store)
    near(back["a"], a)
    same(back["names"].tolist(), ["x", "y"])
    near(np.loadtxt(io.StringIO("1 2\n3 4.5\n")), [[1, 2], [3, 4.5]])
    near(np.array(["1e-3", "-2.5"]).astype(float), [0.001, -2.5])
    same(np.array2string(np.array([0.1, 1 / 3.0])), "[0.1        0.33333333]")
    same(np.frombuffer(b"\x01\x00\x00\x02", dtype=">u2").tolist(), [256, 2])


if __name__ == "__main__":
    sys.exit(run("numpy", np.__version__))
