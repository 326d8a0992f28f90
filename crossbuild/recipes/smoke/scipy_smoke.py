"""Computes with scipy on the board and compares with numbers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.  The wanted
numbers are closed forms, or constants of the handbooks.
"""

import io
import math
import sys

import numpy as np
import scipy
from smoke_checks import check, run, same


def near(got, want, rtol=1e-9, atol=1e-11):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, "shape %r, wanted %r" % (got.shape, want.shape)
    assert np.allclose(got, want, rtol=rtol, atol=atol), "%r, wanted %r" % (got, want)


def chain(n):
    """The second difference: its eigenvalues are 2 - 2 cos(k pi / (n + 1))."""
    from scipy import sparse

    ones = np.ones(n)
    return sparse.spdiags([-ones, 2 * ones, -ones], [-1, 0, 1], n, n).tocsc()


def chain_eigenvalues(n):
    return 2 - 2 * np.cos(np.arange(1, n + 1) * math.pi / (n + 1))


@check
def dense_linear_algebra():
    from scipy import linalg

    near(linalg.solve([[2.0, 1.0], [1.0, 3.0]], [3.0, 5.0]), [0.8, 1.4])
    c, s = math.cos(0.5), math.sin(0.5)
    near(linalg.expm(np.array([[0, -0.5], [0.5, 0]])), [[c, -s], [s, c]])
    near(linalg.sqrtm([[33.0, 24.0], [48.0, 57.0]]), [[5, 2], [4, 7]])
    a = np.sin(np.arange(400.0) ** 1.5).reshape(20, 20)
    p, lower, upper = linalg.lu(a)
    near(p.dot(lower).dot(upper), a)
    t, z = linalg.schur(a)
    near(z.dot(t).dot(z.T), a)
    u, s, v = linalg.svd(a)
    near((u * s).dot(v), a)
    near(linalg.eigh_tridiagonal(2 * np.ones(30), -np.ones(29))[0], chain_eigenvalues(30))
    near(linalg.eigh(chain(30).toarray(), 2 * np.eye(30))[0], chain_eigenvalues(30) / 2)
    near(linalg.solve_toeplitz([2.0, -1.0, 0.0], [1.0, 0.0, 1.0]), [1, 1, 1])
    near(linalg.pinv(np.array([[1.0, 2.0], [2.0, 4.0]])), np.array([[1, 2], [2, 4]]) / 25.0)
    near(linalg.blas.ddot([1.0, 2.0], [3.0, 4.0]), 11)
    same(linalg.lapack.dgesv(np.eye(2), np.ones(2))[3], 0)


@check
def built_with_openblas():
    import contextlib

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        scipy.show_config()
    assert "openblas" in text.getvalue().lower(), text.getvalue()


@check
def one_openblas_for_numpy_and_scipy():
    """A second one would be a second pool of threads."""
    from scipy.linalg import blas

    near(blas.dgemm(1.0, [[2.0]], [[3.0]]), [[6]])
    near(np.linalg.solve([[2.0]], [4.0]), [2])
    try:
        with open("/proc/self/maps") as maps:
            found = {line.split()[-1] for line in maps if "libopenblas" in line}
    except OSError:
        return  # a board without /proc cannot tell
    assert len(found) == 1, "OpenBLAS is loaded from %s" % (sorted(found) or "nowhere")


@check
def sparse_eigenvalues():
    from scipy.sparse.linalg import eigs, eigsh, svds

    n = 100
    want, start = chain_eigenvalues(n), np.ones(n)
    near(np.sort(eigsh(chain(n), k=4, v0=start)[0]), want[-4:], rtol=1e-7)
    near(np.sort(eigsh(chain(n), k=3, sigma=0, v0=start)[0]), want[:3], rtol=1e-7)
    near(np.sort(eigs(chain(n), k=3, v0=start)[0].real), want[-3:], rtol=1e-7)
    near(np.sort(svds(chain(n), k=2, v0=start)[1]), want[-2:], rtol=1e-6)


@check
def sparse_systems():
    from scipy import sparse
    from scipy.sparse.linalg import cg, gmres, splu, spsolve

    a, x = chain(50), np.sin(np.arange(50.0))
    near(spsolve(a, a.dot(x)), x, atol=1e-9)
    near(splu(a).solve(a.dot(x)), x, atol=1e-9)
    for solver in (cg, gmres):
        got, status = solver(a + sparse.identity(50), a.dot(x) + x)
        same(status, 0)
        near(got, x, atol=1e-3)
    same((a.dot(a)).nnz, 50 + 2 * 49 + 2 * 48)
    graph = sparse.csr_matrix([[0, 7, 2, 0], [0, 0, 0, 1], [0, 3, 0, 8], [0, 0, 0, 0]])
    near(sparse.csgraph.dijkstra(graph, indices=0), [0, 5, 2, 6])
    same(sparse.csgraph.connected_components(sparse.identity(3))[0], 3)


@check
def minimisation():
    from scipy import optimize

    start = [-1.2, 1.0]
    for method, tolerance in (
        ("BFGS", 1e-4),
        ("L-BFGS-B", 1e-3),
        ("Nelder-Mead", 1e-3),
        ("SLSQP", 1e-2),
        ("TNC", 1e-2),
    ):
        got = optimize.minimize(optimize.rosen, start, method=method, jac=None, tol=1e-10)
        near(got.x, [1, 1], atol=tolerance)
    got = optimize.minimize(lambda p: (p[0] - 1) ** 2 + p[1] ** 2, [3.0, 3.0], method="COBYLA")
    near(got.x, [1, 0], atol=1e-3)
    near(optimize.minimize_scalar(lambda v: (v - 2) ** 2).x, 2)


@check
def roots_and_fits():
    from scipy import optimize

    near(optimize.brentq(lambda v: v**3 - 2, 0, 2), 2 ** (1 / 3.0))
    near(optimize.fsolve(lambda v: [v[0] ** 2 - 2, v[0] * v[1] - 1], [1.0, 1.0]),
         [math.sqrt(2), math.sqrt(0.5)], rtol=1e-7)  # fmt: skip
    x = np.linspace(0, 2, 30)
    near(optimize.curve_fit(lambda v, a, b: a * np.exp(-b * v), x, 3 * np.exp(-1.5 * x))[0],
         [3, 1.5], rtol=1e-6)  # fmt: skip
    near(optimize.least_squares(lambda v: v - [1, 2], [0.0, 0.0]).x, [1, 2], rtol=1e-6)
    near(optimize.nnls([[1.0, 0.0], [0.0, 1.0]], [2.0, -1.0])[0], [2, 0])


@check
def linear_programmes():
    from scipy import optimize

    got = optimize.linprog([-1, -2], A_ub=[[1, 1], [1, 0]], b_ub=[4, 3], bounds=[(0, None), (0, 2)])
    near(got.x, [2, 2], atol=1e-6)
    rows, columns = optimize.linear_sum_assignment([[4, 1, 3], [2, 0, 5], [3, 2, 2]])
    same(columns.tolist(), [1, 0, 2])


@check
def integrals():
    from scipy import integrate

    near(integrate.quad(lambda v: math.exp(-v * v), -np.inf, np.inf)[0], math.sqrt(math.pi))
    near(integrate.quad(math.log, 0, 1)[0], -1)
    near(integrate.dblquad(lambda y, x: x * y, 0, 1, 0, 1)[0], 0.25)
    near(integrate.fixed_quad(lambda v: v**5, 0, 1, n=3)[0], 1 / 6.0)


@check
def differential_equations():
    from scipy import integrate

    t = np.linspace(0, 2, 5)
    got = integrate.odeint(lambda y, _: [y[1], -y[0]], [0.0, 1.0], t)
    near(got[:, 0], np.sin(t), atol=1e-6)
    for method in ("RK45", "LSODA", "Radau"):
        got = integrate.solve_ivp(lambda _, y: -y, (0, 1), [1.0], method=method, rtol=1e-8)
        near(got.y[0, -1], math.exp(-1), rtol=1e-5)
    solver = integrate.ode(lambda _, y: -y).set_integrator("dopri5").set_initial_value(1.0)
    near(solver.integrate(1.0), [math.exp(-1)], rtol=1e-5)


@check
def interpolation():
    from scipy import interpolate

    x = np.linspace(0, math.pi, 25)
    near(interpolate.CubicSpline(x, np.sin(x))(1.0), math.sin(1), rtol=1e-5)
    near(interpolate.splev(1.0, interpolate.splrep(x, np.sin(x))), math.sin(1), rtol=1e-5)
    near(interpolate.UnivariateSpline(x, np.sin(x), s=0).integral(0, math.pi), 2, rtol=1e-5)
    near(interpolate.PchipInterpolator([0, 1, 2], [0, 1, 8])(1), 1)
    grid = interpolate.RegularGridInterpolator((x, x), np.add.outer(x, x))
    near(grid([[1.0, 2.0]]), [3])
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
    near(interpolate.griddata(points, points.sum(axis=1), [[0.2, 0.5]]), [0.7])


@check
def special_functions():
    from scipy import special

    pi = math.pi
    near(special.gamma([0.5, 5, 1 / 3.0]), [math.sqrt(pi), 24, 2.678938534707747633])
    near(special.erf([0.5, 1]), [0.5204998778130465377, 0.8427007929497148693])
    near(special.erfinv(0.5), 0.4769362762044698734)
    near(special.jv([0, 1], [2.404825557695772769, 1]), [0, 0.4400505857449335160])
    near(special.kv(0.5, 1), math.sqrt(pi / 2) * math.exp(-1))
    near(special.zeta(2, 1), pi * pi / 6)
    near(special.ellipk([0, 0.5]), [pi / 2, 1.854074677301371918])
    near(special.hyp2f1(1, 1, 2, 0.5), 2 * math.log(2))
    near(special.eval_sh_chebyt(2.0, [-10 - 10j, 3 + 1j]), [81 + 1680j, 41 + 40j])
    near(special.lambertw(1), 0.5671432904097838730 + 0j)
    near(special.airy(0)[0], 3 ** (-2 / 3.0) / 1.354117939426400417)
    near(special.betainc(2, 3, 0.5), 0.6875)
    near(special.gammainc(1, 2), 1 - math.exp(-2))
    near(special.expi(1), 1.895117816355936756)
    near(special.digamma(1), -0.5772156649015328606)
    near(special.sph_harm(0, 0, 0, 0) if hasattr(special, "sph_harm")
         else special.sph_harm_y(0, 0, 0, 0), 0.5 / math.sqrt(pi) + 0j)  # fmt: skip
    near(special.roots_legendre(2)[0], [-math.sqrt(1 / 3.0), math.sqrt(1 / 3.0)])
    near(special.comb(30, 15), 155117520)
    near(special.wofz(1j), 0.4275835761558070045 + 0j)
    near(special.mathieu_a(0, 0), 0)


@check
def distributions():
    from scipy import stats

    near(stats.norm.cdf(1.96), 0.9750021048517795)
    near(stats.norm.ppf(0.975), 1.959963984540054)
    near(stats.t.ppf(0.975, 10), 2.2281388519649385, rtol=1e-8)
    near(stats.chi2.sf(3, 2), math.exp(-1.5))
    near(stats.binom.pmf(3, 10, 0.5), 120 / 1024.0)
    near(stats.poisson.cdf(2, 1), 2.5 * math.exp(-1))
    near(stats.beta.cdf(0.5, 2, 3), 0.6875)
    near(stats.gamma.ppf(0.5, 1), math.log(2))
    near(stats.multivariate_normal([0, 0]).pdf([0, 0]), 0.5 / math.pi)
    near(stats.uniform.rvs(size=2, random_state=42), [0.3745401188473625, 0.9507143064162014])


@check
def statistical_tests():
    from scipy import stats

    x = np.arange(10.0)
    line = stats.linregress(x, 3 * x + 2)
    near([line[0], line[1], line[2]], [3, 2, 1])
    near(stats.pearsonr(x, -x)[0], -1)
    near(stats.spearmanr(x, x**3)[0], 1)
    near(stats.ttest_1samp([1.0, 2.0, 3.0], 0)[0], 2 * math.sqrt(3))
    near(stats.kendalltau([1, 2, 3, 4], [1, 3, 2, 4])[0], 2 / 3.0)
    near(stats.skew([1.0, 2.0, 3.0]), 0)
    near(stats.fisher_exact([[3, 1], [1, 3]])[1], 34 / 70.0)
    near(stats.gaussian_kde([-1.0, 1.0])(0.3), stats.gaussian_kde([-1.0, 1.0])(-0.3))


@check
def fourier_transforms():
    from scipy import fft

    near(fft.fft([1, 2, 3, 4]), [10, -2 + 2j, -2, -2 - 2j])
    near(fft.dct([1.0, 0.0, 0.0], norm="ortho"),
         [1 / math.sqrt(3), math.sqrt(0.5), 1 / math.sqrt(6)])  # fmt: skip
    x = np.sin(np.arange(331.0) ** 2)
    near(fft.irfft(fft.rfft(x), 331), x)
    near(fft.fft(x.astype(np.float32))[0].real, x.sum(), rtol=1e-3)


@check
def signals():
    from scipy import signal

    b, a = signal.butter(2, 0.5)
    half = 1 / math.sqrt(2)
    near(b, np.array([1, 2, 1]) * (1 - half))
    near(a, [1, 0, (math.sqrt(2) - 1) ** 2])
    near(signal.lfilter([1], [1, -0.5], [1, 0, 0, 0]), [1, 0.5, 0.25, 0.125])
    near(signal.fftconvolve([1, 2, 3], [0, 1, 0.5]), [0, 1, 2.5, 4, 1.5])
    same(signal.find_peaks([0, 2, 0, 1, 0, 3, 0])[0].tolist(), [1, 3, 5])
    near(signal.medfilt([1, 9, 2, 3, 1]), [1, 2, 3, 2, 1])
    near(signal.firwin(3, 0.5).sum(), 1)
    t = np.arange(256) / 256.0
    frequencies, power = signal.welch(np.sin(2 * math.pi * 32 * t), 256.0)
    near(frequencies[power.argmax()], 32)
    near(signal.correlate2d(np.eye(2), np.eye(2)), [[1, 0, 0], [0, 2, 0], [0, 0, 1]])
    near(signal.upfirdn([1, 1], [1, 2], up=2), [1, 1, 2, 2])


@check
def images():
    from scipy import ndimage

    dot = np.zeros((21, 21))
    dot[10, 10] = 1
    near(ndimage.gaussian_filter(dot, 1.5).sum(), 1, rtol=1e-4)
    same(int(ndimage.label(np.eye(4))[1]), 4)
    near(ndimage.distance_transform_edt(1 - dot)[13, 14], 5)
    near(ndimage.center_of_mass(dot), (10, 10))
    near(ndimage.shift(np.arange(5.0), 1, order=1), [0, 0, 1, 2, 3])
    near(ndimage.median_filter([1, 9, 2, 3, 1], 3), [1, 2, 3, 2, 1])
    same(int(ndimage.binary_dilation(dot).sum()), 5)


@check
def geometry():
    from scipy import spatial

    square = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0.3, 0.4]])
    near(spatial.ConvexHull(square).volume, 1)
    same(len(spatial.Delaunay(square).simplices), 4)
    distance, index = spatial.cKDTree(square).query([0.9, 0.8])
    same(int(index), 3)
    near(distance, math.sqrt(0.05))
    near(spatial.distance.pdist([[0, 0], [3, 4]], "cityblock"), [7])
    near(spatial.distance.cdist([[0, 0]], [[3, 4]]), [[5]])
    turn = spatial.transform.Rotation.from_euler("z", 90, degrees=True)
    near(turn.apply([1, 0, 0]), [0, 1, 0])


@check
def clusters():
    from scipy.cluster import hierarchy, vq

    points = np.array([[0.0], [0.1], [5.0], [5.1]])
    near(hierarchy.linkage(points)[:, 2], [0.1, 0.1, 4.9])
    same(vq.vq(points, np.array([[0.0], [5.0]]))[0].tolist(), [0, 0, 1, 1])


@check
def regression():
    from scipy import odr

    x = np.arange(10.0)
    model = odr.Model(lambda beta, v: beta[0] * v + beta[1])
    near(odr.ODR(odr.Data(x, 2 * x + 1), model, beta0=[1.0, 0.0]).run().beta, [2, 1], rtol=1e-5)


@check
def files():
    from scipy import io as scipy_io

    store = io.BytesIO()
    scipy_io.savemat(store, {"a": np.eye(3)})
    near(scipy_io.loadmat(io.BytesIO(store.getvalue()))["a"], np.eye(3))
    store = io.BytesIO()
    scipy_io.mmwrite(store, chain(5))
    near(scipy_io.mmread(io.BytesIO(store.getvalue())).toarray(), chain(5).toarray())


if __name__ == "__main__":
    sys.exit(run("scipy", scipy.__version__))
