"""Which wheels a board needs, and whether it can take them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossbuild.board.protocol import BoardFacts
from crossbuild.core.errors import BoardError, ConfigurationError
from crossbuild.verify.selection import pins, require_pip, require_space, select
from tests.support.boards import write_wheel

NATIVE = "cp37-cp37m-linux_armv7l"


def board(free_space: int = 10**9) -> BoardFacts:
    return BoardFacts(
        machine="armv7l",
        python="3.7.8",
        python_tag="cp37",
        libc="glibc 2.31",
        float_abi="hard",
        cpu="ARMv7 Processor rev 10 (v7l)",
        cpus=4,
        memory=10**9,
        free_space=free_space,
        child_programs=True,
        bits=32,
    )


@pytest.mark.parametrize(
    ("changes", "loads"),
    [
        ({}, True),
        ({"machine": "armv8l"}, True),
        ({"machine": "aarch64"}, True),  # its kernel's word, where the user land is 32-bit
        ({"machine": "aarch64", "bits": 64}, False),
        ({"machine": "armv6l"}, False),
        ({"machine": "x86_64", "bits": 64, "float_abi": "unknown"}, False),
        ({"float_abi": "unknown"}, False),
    ],
)
def test_which_boards_load_our_wheels(changes: dict[str, Any], loads: bool) -> None:
    assert replace(board(), **changes).is_armv7hf is loads


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    write_wheel(tmp_path, "scipy", NATIVE, {"s.py": b"0" * 7000}, "Requires-Dist: NumPy (>=1.16)\n")
    write_wheel(tmp_path, "numpy", NATIVE, {})
    write_wheel(tmp_path, "numpy", "cp311-cp311-linux_armv7l", {})
    needs = (
        "Requires-Dist: six\n"
        'Requires-Dist: extra-only; extra == "more"\n'
        'Requires-Dist: windows-only; sys_platform == "win32"\n'
        'Requires-Dist: arm-only; platform_machine == "armv7l" and python_version < "3.8"\n'
    )
    write_wheel(tmp_path, "pandas", NATIVE, {}, needs)
    for name in ("six", "extra_only", "windows_only", "arm_only"):
        write_wheel(tmp_path, name, "py2.py3-none-any", {})
    return tmp_path


def names(wheels: tuple[Path, ...]) -> list[str]:
    return [path.name.split("-")[0] for path in wheels]


def test_a_package_and_what_it_requires(shelf: Path) -> None:
    wheels = select(shelf, ["scipy"], board())
    assert [path.name for path in wheels] == [f"numpy-1.0-{NATIVE}.whl", f"scipy-1.0-{NATIVE}.whl"]


def test_markers_are_the_boards(shelf: Path) -> None:
    assert names(select(shelf, ["pandas"], board())) == ["arm_only", "pandas", "six"]
    assert names(select(shelf, ["pandas[more]"], board())) == [
        "arm_only",
        "extra_only",
        "pandas",
        "six",
    ]


def test_no_requirement(shelf: Path) -> None:
    with pytest.raises(ConfigurationError, match="is neither a package"):
        select(shelf, ["./scipy"], board())


def test_space(shelf: Path) -> None:
    wheels = select(shelf, ["scipy"], board())
    require_space(wheels, board(), "x")
    with pytest.raises(BoardError) as caught:
        require_space(wheels, board(free_space=5000), "root@board")
    assert caught.value.what.startswith("root@board has 5.0 kB free, but the wheels need ")
    assert "scipy-1.0-cp37-cp37m-linux_armv7l.whl 2" in caught.value.evidence


@pytest.mark.parametrize(
    ("platform", "pip", "enough"),
    [
        ("linux_armv7l", "9.0.1", True),
        ("manylinux2014_armv7l", "19.1.1", False),
        ("manylinux2014_armv7l", "19.3.1", True),
        ("manylinux_2_31_armv7l", "20.2.4", False),
        ("manylinux_2_31_armv7l", "20.3", True),
    ],
)
def test_pip_knows_the_tag(tmp_path: Path, platform: str, pip: str, enough: bool) -> None:
    wheel = write_wheel(tmp_path, "numpy", f"cp37-cp37m-{platform}", {})
    if enough:
        require_pip([wheel], pip, "board")
        return
    with pytest.raises(BoardError, match=f"pip {pip} on board is too old for numpy") as caught:
        require_pip([wheel], pip, "board")
    assert platform in caught.value.evidence


def test_pins_of_these_wheels_alone(shelf: Path, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements-cp37.txt"
    requirements.write_text("numpy==1.0 --hash=sha256:aa\nsix==1.0 --hash=sha256:bb\n")
    assert pins(requirements, select(shelf, ["scipy"], board())) == "numpy==1.0 --hash=sha256:aa\n"
