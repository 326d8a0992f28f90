"""A profile probed on the board says what the sysroot that the board was made of says."""

from pathlib import Path

import pytest

from crossbuild.audit import profile as board_profile
from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import BoardProfile
from crossbuild.board.emulated import EmulatedBoard
from crossbuild.board.probe import probe
from crossbuild.sdk.model import Sdk

pytestmark = pytest.mark.slow


def test_probe_and_sysroot_agree(board: EmulatedBoard, bookworm: Sdk, tmp_path: Path) -> None:
    probed = probe(board)
    told = sysroot_profile.from_sysroot(bookworm.target_sysroot, probed.python)
    assert probed.cpu == told.cpu
    assert probed.machine == told.machine == "armv7l"
    assert probed.glibc == told.glibc == "2.36"
    assert probed.python.abi_tag == "cp311"
    assert probed.python.ext_suffix == ".cpython-311-arm-linux-gnueabihf.so"
    assert set(told.libraries) <= set(probed.libraries)
    for name in ("libc.so.6", "libstdc++.so.6", "libgcc_s.so.1"):
        assert told.libraries[name] - {name} <= probed.libraries[name]
    # They only need versions of these kinds; an empty set is not held against a wheel.
    assert not probed.libraries["libz.so.1"] | probed.libraries["libffi.so.8"]
    symbols = sysroot_profile.python_symbols(bookworm.target_sysroot, "3.11")
    assert symbols <= probed.python.symbols
    assert not {name for name in probed.libraries if name.startswith("libopenblas")}
    saved: BoardProfile = probed
    board_profile.save(saved, tmp_path / "board.toml")
    assert board_profile.load(tmp_path / "board.toml") == probed
