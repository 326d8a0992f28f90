"""Fits models on the board and compares with coefficients known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import pickle
import sys

import numpy as np
import sklearn
from smoke_checks import check, run, same


def near(got, want, atol=1e-8):
    assert np.allclose(got, want, rtol=1e-7, atol=atol), "%r, wanted %r" % (got, want)


def grid():
    """Points whose answers are known: y = 2 a - 3 b + 5."""
    a, b = np.meshgrid(np.arange(5.0), np.arange(4.0))
    x = np.column_stack([a.ravel(), b.ravel()])
    return x, x.dot([2.0, -3.0]) + 5.0


def blobs():
    """Three far clouds of 60 points, each in a small square."""
    steps = np.linspace(-1, 1, 60)
    square = np.column_stack([np.sin(7 * steps), np.cos(11 * steps)])
    x = np.vstack([square + centre for centre in ([0, 0], [20, 0], [0, 20])])
    return x, np.repeat([0, 1, 2], 60)


@check
def linear_models():
    from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge

    x, y = grid()
    model = LinearRegression().fit(x, y)
    near(model.coef_, [2, -3])
    near(model.intercept_, 5)
    # (X'X + a I) w = X'y of centred X: its diagonal is 40 and 25, the rest is 0.
    near(Ridge(alpha=10.0).fit(x, y).coef_, [2 * 40 / 50.0, -3 * 25 / 35.0])
    # Soft thresholds: the threshold is alpha n / diagonal.
    near(Lasso(alpha=0.5, tol=1e-12).fit(x, y).coef_, [2 - 0.5 * 20 / 40, -3 + 0.5 * 20 / 25])
    x, y = blobs()
    same(LogisticRegression(max_iter=500).fit(x, y).score(x, y), 1.0)


@check
def stochastic_gradient():
    from sklearn.linear_model import SGDClassifier

    x, y = blobs()
    same(SGDClassifier(random_state=0, max_iter=200).fit(x / 20, y).score(x / 20, y), 1.0)


@check
def trees():
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    x, y = blobs()
    tree = DecisionTreeClassifier(random_state=0).fit(x, y)
    same(tree.get_n_leaves(), 3)
    same(tree.predict([[20.0, 1.0], [1.0, 19.0], [0.5, 0.5]]).tolist(), [1, 2, 0])
    forest = RandomForestClassifier(n_estimators=10, random_state=0, n_jobs=2).fit(x, y)
    same(forest.score(x, y), 1.0)
    step = np.arange(20.0).reshape(-1, 1)
    boosted = GradientBoostingRegressor(learning_rate=1.0, n_estimators=3, random_state=0)
    near(boosted.fit(step, (step.ravel() > 9) * 4.0).predict([[3.0], [15.0]]), [0, 4])


@check
def histogram_boosting_in_two_threads():
    try:
        from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
    except ImportError:
        return  # 0.20 and older have none
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = blobs()
    same(HistGradientBoostingClassifier(max_iter=5).fit(x, y).score(x, y), 1.0)


@check
def support_vectors():
    from sklearn.svm import SVC, SVR, LinearSVC

    x = np.array([[0.0, 0.0], [2.0, 0.0]])
    model = SVC(kernel="linear", C=100.0).fit(x, [0, 1])
    near(model.coef_, [[1, 0]])
    near(model.intercept_, [-1])
    near(model.dual_coef_, [[-0.5, 0.5]])
    x, y = blobs()
    same(SVC(gamma="scale").fit(x, y).score(x, y), 1.0)
    same(LinearSVC(random_state=0).fit(x / 20, y).score(x / 20, y), 1.0)
    line = np.arange(10.0).reshape(-1, 1)
    near(SVR(kernel="linear", C=100.0, epsilon=0.01).fit(line, line.ravel()).coef_, [[1]], 0.01)


@check
def clusters():
    from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans

    x, y = blobs()
    centres = KMeans(3, n_init=3, random_state=0).fit(x).cluster_centers_
    want = np.array([x[y == group].mean(axis=0) for group in (0, 2, 1)])
    near(centres[np.lexsort((centres[:, 1], np.round(centres[:, 0])))], want)
    same(len(set(DBSCAN(eps=2.0).fit(x).labels_)), 3)
    same(sorted(np.bincount(AgglomerativeClustering(3).fit(x).labels_)), [60, 60, 60])


@check
def neighbours():
    from sklearn.neighbors import BallTree, KDTree, KNeighborsClassifier

    x, y = blobs()
    for way in ["brute", "kd_tree", "ball_tree"]:
        same(KNeighborsClassifier(5, algorithm=way).fit(x, y).score(x, y), 1.0)
    line = np.arange(10.0).reshape(-1, 1)
    for kind in (KDTree, BallTree):
        distance, index = kind(line).query([[4.2]], k=2)
        near(distance, [[0.2, 0.8]])
        same(index.tolist(), [[4, 5]])


@check
def decomposition():
    from sklearn.decomposition import NMF, PCA

    x, _ = grid()
    near(PCA().fit(x).explained_variance_, [40 / 19.0, 25 / 19.0])
    product = np.outer([1.0, 2.0, 3.0], [4.0, 5.0])
    got = NMF(1, init="random", random_state=0, max_iter=2000, tol=1e-10).fit(product)
    near(got.inverse_transform(got.transform(product)), product, 1e-2)


@check
def measures():
    from sklearn.isotonic import IsotonicRegression
    from sklearn.metrics import confusion_matrix, pairwise_distances, roc_auc_score

    same(confusion_matrix([0, 1, 1], [0, 0, 1]).tolist(), [[1, 0], [1, 1]])
    near(roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.75)
    near(pairwise_distances([[0.0, 0.0]], [[3.0, 4.0]], n_jobs=2), [[5]])
    near(IsotonicRegression().fit_transform([0, 1, 2], [3.0, 1.0, 5.0]), [2, 2, 5])


@check
def text_features():
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

    counts = CountVectorizer().fit_transform(["a cat, a dog", "dog dog"]).toarray()
    same(counts.tolist(), [[1, 1], [0, 2]])
    hashed = HashingVectorizer(n_features=16, norm=None).transform(["cat dog"])
    same(hashed.nnz, 2)


@check
def threads():
    """Without OpenMP a build falls back to one thread in silence."""
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

    same(_openmp_effective_n_threads(2), 2)


@check
def pickles():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    x, y = blobs()
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)).fit(x, y)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301  (our own bytes)
    same(again.predict(x).tolist(), y.tolist())


if __name__ == "__main__":
    sys.exit(run("scikit-learn", sklearn.__version__))
