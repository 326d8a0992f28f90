"""Computes with pandas on the board and compares with numbers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import io
import pickle
import sys

import numpy as np
import pandas as pd
from smoke_checks import check, run, same


def near(got, want):
    assert np.allclose(got, want, rtol=1e-12, atol=1e-12), "%r, wanted %r" % (got, want)


def table():
    return pd.DataFrame(
        {
            "town": ["Oslo", "Rome", "Oslo", "Rome", "Bern"],
            "degrees": [3.5, 17.25, -1.5, 21.75, 9.0],
            "count": [1, 2, 3, 4, 5],
        }
    )


@check
def group_by():
    grouped = table().groupby("town")
    same(grouped["count"].sum().to_dict(), {"Bern": 5, "Oslo": 4, "Rome": 6})
    near(grouped["degrees"].mean().loc[["Bern", "Oslo", "Rome"]], [9.0, 1.0, 19.5])
    near(grouped["degrees"].var(ddof=1).loc[["Oslo", "Rome"]], [12.5, 10.125])
    near(grouped["degrees"].median().loc["Rome"], 19.5)
    same(grouped.size().tolist(), [1, 2, 2])
    same(grouped["count"].cumsum().tolist(), [1, 2, 4, 6, 5])
    same(grouped["count"].rank().tolist(), [1.0, 1.0, 2.0, 2.0, 1.0])


@check
def join():
    lands = pd.DataFrame({"town": ["Rome", "Oslo", "Riga"], "land": ["IT", "NO", "LV"]})
    same(table().merge(lands, on="town")["count"].sum(), 10)
    left = table().merge(lands, on="town", how="left").sort_values("count")
    same(left["land"].fillna("?").tolist(), ["NO", "IT", "NO", "IT", "?"])
    outer = table().merge(lands, on="town", how="outer", indicator=True)
    same(sorted(outer["_merge"].astype(str).unique()), ["both", "left_only", "right_only"])
    times = pd.DataFrame({"t": [1, 5, 10], "a": [1, 2, 3]})
    ticks = pd.DataFrame({"t": [2, 3, 7], "b": [20, 30, 70]})
    same(pd.merge_asof(times, ticks, on="t")["b"].fillna(-1).tolist(), [-1, 30, 70])


@check
def reshape_and_sort():
    wide = table().pivot_table(index="town", values="count", aggfunc="sum")
    same(wide["count"].tolist(), [5, 4, 6])
    same(table().sort_values(["town", "degrees"])["count"].tolist(), [5, 3, 1, 2, 4])
    stacked = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "b"]).stack()
    same(stacked.loc[(1, "a")], 3)
    codes, names = pd.factorize(table()["town"])
    same(codes.tolist(), [0, 1, 0, 1, 2])
    same(list(names), ["Oslo", "Rome", "Bern"])
    same(pd.cut([1, 5, 9], bins=[0, 3, 6, 10], labels=False).tolist(), [0, 1, 2])


@check
def time_zones():
    """Clocks in Berlin went from 02:00 to 03:00 on 2020-03-29, and back on 2020-10-25."""
    hours = pd.date_range("2020-03-29 00:00", periods=4, freq="60min", tz="UTC")
    berlin = hours.tz_convert("Europe/Berlin")
    same([stamp.hour for stamp in berlin], [1, 3, 4, 5])
    same(str(berlin[1].utcoffset()), "2:00:00")
    back = pd.Timestamp("2020-10-25 00:30", tz="UTC").tz_convert("Europe/Berlin")
    same((back + pd.Timedelta(hours=1)).isoformat(), "2020-10-25T02:30:00+01:00")
    same(pd.Timestamp("2262-04-11").value, 9223286400000000000)
    same(pd.Timestamp(1, unit="ns").nanosecond, 1)


@check
def time_series():
    days = pd.date_range("2019-12-30", periods=70, freq="D")
    series = pd.Series(np.arange(70.0), index=days)
    weekly = series.resample("W").sum()
    near(weekly.iloc[[0, 1]], [21.0, 70.0])
    near(series.rolling(7).mean().iloc[-1], 66.0)
    near(series.ewm(alpha=0.5).mean().iloc[2], (0.25 * 0 + 0.5 * 1 + 2) / 1.75)
    same(series.loc["2020-02"].shape, (29,))
    same(str(pd.Period("2020-02", freq="M").end_time.date()), "2020-02-29")
    same(pd.bdate_range("2020-01-01", "2020-01-31").size, 23)
    same((pd.Timestamp("2020-03-01") - pd.Timestamp("2020-02-01")).days, 29)


@check
def csv():
    text = 'when,name,size\n2020-01-02,a,1\n2020-01-03,"b,c",\n2020-01-04,d,12345678901\n'
    read = pd.read_csv(io.StringIO(text), parse_dates=["when"])
    same(read["name"].tolist(), ["a", "b,c", "d"])
    same(read["size"].sum(), 12345678902.0)
    same(read["when"].dt.dayofweek.tolist(), [3, 4, 5])
    near(pd.read_csv(io.StringIO("x\n0.1\n1e-300\n123456.789"))["x"], [0.1, 1e-300, 123456.789])
    out = io.StringIO()
    read.to_csv(out, index=False)
    same(pd.read_csv(io.StringIO(out.getvalue()), parse_dates=["when"]).equals(read), True)
    same(pd.read_json(io.StringIO(table().to_json()))["count"].sum(), 15)


@check
def widths():
    """Types of 32 and 64 bits keep their width, and a pointer's width is no type of the data."""
    for name in ["int8", "int32", "int64", "uint32", "uint64", "float32", "float64"]:
        series = pd.Series([1, 2, 3], dtype=name)
        same(str(series.dtype), name)
        same(series.sum(), 6)
        same(series.groupby([0, 1, 1]).sum().tolist(), [1, 5])
        same(str(series.iloc[[2, 0]].dtype), name)
    same(str(pd.Series([1, 2]).dtype), "int64")
    same(str(pd.DataFrame({"a": [1, 2]})["a"].dtype), "int64")
    big = pd.Series([2**62, 2**62 - 1])
    same(big.max() - big.min(), 1)
    same(pd.Series([2**40, 2**40, 1]).nunique(), 2)
    same(pd.Series([1, None, 3], dtype="Int64").sum(), 4)
    same(pd.Series([2**33 + 1, 5]).isin([2**33 + 1]).tolist(), [True, False])
    same(pd.Series(["b", "a", "b"], dtype="category").cat.codes.tolist(), [1, 0, 1])


@check
def text():
    names = pd.Series(["Zürich", "oslo", None])
    same(names.str.upper().tolist()[:2], ["ZÜRICH", "OSLO"])
    same(names.str.len().fillna(0).astype(int).tolist(), [6, 4, 0])
    same(names.str.extract("(.)s", expand=False).tolist()[1], "o")
    hashed = pd.util.hash_pandas_object(pd.Series(["a", "b"]), index=False)
    same(hashed.tolist(), [13950350942979735504, 12688059582079114975])


@check
def pickles():
    again = pickle.loads(pickle.dumps(table()))  # noqa: S301  (our own bytes)
    same(again.equals(table()), True)


if __name__ == "__main__":
    sys.exit(run("pandas", pd.__version__))
