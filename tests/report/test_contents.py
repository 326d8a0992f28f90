"""What a wheel tells of itself."""

from pathlib import Path

import pytest

from crossbuild.report import contents, record, view
from tests.support.sample_wheels import Sample

FILES = {
    "a/x.cpython-311-arm-linux-gnueabihf.so": b"GCC: (GNU) 9.2.0\0" + b"1" * 83,
    "a.libs/libgfortran-1.so.5.0.0": b"2" * 50,
    "a/tests/data.bin": b"3" * 30,
    "a/__init__.py": b"4" * 20,
    "a/include/x.h": b"5" * 10,
    "a/x.pyx": b"6" * 5,
    "a-1.0.dist-info/sboms/a.cdx.json": b"{}",
}


def test_kinds_are_told_by_name(tmp_path: Path) -> None:
    read = contents.read(Sample("a", files=FILES).build(tmp_path))
    assert read.bills == ("a.cdx.json",)
    kinds = {kind: size for kind, size in read.kinds.items() if kind != "other"}
    assert kinds == {"code": 150, "python": 20, "tests": 30, "development": 15}
    assert dict(read.folders)["a/tests"] == 30
    assert (read.generator, read.compilers, read.openblas) == ("test", ("GCC: (GNU) 9.2.0",), "")


@pytest.mark.parametrize(
    ("tag", "python"),
    [
        ("cp311-cp311-linux_armv7l", "3.11"),
        ("cp38-abi3-linux_armv7l", "3.8+"),
        ("cp39.cp310-none-any", "3.9"),
        ("py3-none-any", "any"),
        ("py2.py3-none-any", "any"),
        ("cp27-cp27mu-linux_armv7l", "cp27"),
    ],
)
def test_the_python_of_a_wheel(tag: str, python: str, tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    Sample("a", tag=tag).build(tmp_path).rename(house / f"a-1.0-{tag}.whl")
    (wheel,) = view.of(house, record.Record(), None).wheels
    assert wheel.python == python


def test_an_abi3_wheel_suits_its_python_and_later_ones(tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    for name, tag in (("a", "cp38-abi3-none"), ("b", "cp37-none-any"), ("c", "cp311-none-any")):
        Sample(name, tag=tag).build(tmp_path).rename(house / f"{name}-1.0-{tag}.whl")
    shown = view.of(house, record.Record(), None)
    assert [(one.python, one.wheels) for one in shown.pythons] == [("3.7", 1), ("3.11", 2)]


def test_what_only_extras_require_is_told_by_the_extras(tmp_path: Path) -> None:
    sample = Sample(requires=('b; extra == "dev"', "c; python_version < '3.9'"))
    sample.headers = "Provides-Extra: dev\n"
    read = contents.read(sample.build(tmp_path))
    assert (read.requires, read.extras) == (("c; python_version < '3.9'",), ("dev",))


def test_a_board_installs_the_newest_of_each(tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    for version, size in (("1.9", 100), ("1.10", 10)):
        path = Sample("a", version, files={"a.py": b"x" * size}).build(tmp_path / version)
        path.rename(house / path.name)
    shown = view.of(house, record.Record(), None)
    newest = next(one.contents for one in shown.wheels if one.contents.version == "1.10")
    assert [(one.python, one.wheels, one.installed) for one in shown.pythons] == [
        ("3.11", 1, newest.installed)
    ]
