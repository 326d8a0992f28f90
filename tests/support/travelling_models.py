"""Makes models, arrays and tables on one machine, and uses them on another.

``make FILE`` fits and pickles them, with what they predict; ``load FILE`` loads each, and prints a
line for it: its name, and ``same`` or what went wrong.  It runs on the build machine and on the
board, so its syntax is Python 3.5's.
"""

import pickle
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

try:
    from sklearn.ensemble import HistGradientBoostingRegressor
except ImportError:  # before scikit-learn 1.0
    HistGradientBoostingRegressor = None


def data():
    """300 points with a number and a class for each, the same on each machine."""
    random = np.random.RandomState(1)
    points = random.uniform(-1, 1, (300, 4))
    values = points[:, 0] * 3 - points[:, 1] ** 2 + np.sin(5 * points[:, 2])
    return points, values, (values > 0.2).astype(int) + (values > 1.5)


def estimators():
    """Each estimator and what it is fitted to: numbers, or classes."""
    columns = ColumnTransformer(
        [("scaled", StandardScaler(), [0, 1]), ("binned", OneHotEncoder(), [2])]
    )
    found = {
        "linear regression": (LinearRegression(), "values"),
        "logistic regression": (LogisticRegression(max_iter=500), "classes"),
        "stochastic gradient descent": (SGDClassifier(random_state=0), "classes"),
        "naive Bayes": (GaussianNB(), "classes"),
        "tree of classes": (DecisionTreeClassifier(max_depth=6, random_state=0), "classes"),
        "tree of values": (DecisionTreeRegressor(max_depth=6, random_state=0), "values"),
        "random forest": (RandomForestClassifier(20, random_state=0), "classes"),
        "extra trees": (ExtraTreesRegressor(20, random_state=0), "values"),
        "gradient boosting": (GradientBoostingRegressor(n_estimators=30, random_state=0), "values"),
        "isolation forest": (IsolationForest(n_estimators=20, random_state=0), "classes"),
        "SVM": (SVC(probability=False), "classes"),
        "linear SVM": (LinearSVC(random_state=0, max_iter=5000), "classes"),
        "k-means": (KMeans(4, n_init=3, random_state=0), "values"),
        "neural network": (MLPRegressor((8,), max_iter=200, random_state=0), "values"),
        "neighbours, brute force": (KNeighborsClassifier(algorithm="brute"), "classes"),
        "neighbours, k-d tree": (KNeighborsClassifier(algorithm="kd_tree"), "classes"),
        "neighbours, ball tree": (KNeighborsClassifier(algorithm="ball_tree"), "classes"),
        "pipeline with an SVM": (make_pipeline(StandardScaler(), SVC()), "classes"),
        "pipeline of columns": (make_pipeline(columns, LinearRegression()), "values"),
    }
    if HistGradientBoostingRegressor is not None:
        found["histogram boosting"] = (HistGradientBoostingRegressor(max_iter=20), "values")
    return found


def asked(name, points):
    """The points, as that estimator takes them."""
    if name != "pipeline of columns":
        return points
    return np.column_stack([points[:, :2], np.floor(points[:, 2] * 2)])


def objects():
    """What is no model: arrays, tables, a random stream."""
    days = pd.date_range("2020-03-28", periods=4, freq="12h", tz="Europe/Berlin")
    table = pd.DataFrame(
        {"a": [1, 2, 3, 4], "b": [0.5, None, 2.5, 1e300], "c": ["x", "y", None, "z"]}, index=days
    )
    table["d"] = pd.Categorical(["u", "v", "u", "v"])
    both = pd.MultiIndex.from_product([["p", "q"], [1, 2**40]])
    return {
        "array of int64": np.arange(5) * 2**40,
        "array of intp": np.arange(5, dtype=np.intp),
        "array of records": np.array([(1, 2.5, b"ab")], dtype="<i8,<f4,S2"),
        "table": table,
        "series with two indices": pd.Series([1.0, 2.0, 3.0, 4.0], index=both),
        "periods": pd.Series(pd.period_range("2020-01", periods=3, freq="M")),
    }


def equal(got, want):
    if isinstance(want, (pd.DataFrame, pd.Series)):
        return got.equals(want) and list(got.index) == list(want.index)
    return got.dtype.kind == want.dtype.kind and got.tolist() == want.tolist()


def predicted(name, model, points):
    points = asked(name, points)
    methods = ("predict", "predict_proba", "decision_function", "transform")
    return [getattr(model, method)(points) for method in methods if hasattr(model, method)]


def make(file):
    points, values, classes = data()
    wanted = {"values": values, "classes": classes}
    models = {}
    for name, (model, kind) in estimators().items():
        model.fit(asked(name, points), wanted[kind])
        models[name] = (pickle.dumps(model), predicted(name, model, points))
    things = {name: pickle.dumps(value) for name, value in objects().items()}
    with open(file, "wb") as stream:
        pickle.dump((models, things), stream)


def load(file):
    points, made = data()[0], objects()
    with open(file, "rb") as stream:
        models, things = pickle.load(stream)
    for name, (pickled, want) in sorted(models.items()):
        told(name, pickled, lambda model, name=name: predicted(name, model, points), want, close)
    for name, pickled in sorted(things.items()):
        told(name, pickled, lambda thing: thing, made[name], equal)


def told(name, pickled, use, want, agree):
    try:
        answer = "same" if agree(use(pickle.loads(pickled)), want) else "other values"
    except Exception as error:  # noqa: BLE001  (each is to be heard)
        answer = "%s: %s" % (type(error).__name__, " ".join(str(error).split())[:200])
    print("%s: %s" % (name, answer))


def close(got, want):
    """Whether predictions agree: classes all, numbers to the last digits but a few."""
    near = [np.allclose(a, b, rtol=1e-9, atol=1e-9) for a, b in zip(got, want)]
    return len(got) == len(want) and all(near)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"make": make, "load": load}[sys.argv[1]](sys.argv[2])
