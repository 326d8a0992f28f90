"""What the tests of boards share: a board's root file system, and wheels for it."""

import base64
import getpass
import hashlib
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard, emulated_board, prepared_root
from crossbuild.core import defaults
from crossbuild.sdk.model import Sdk
from tests.support.ssh_server import Server, landing

#: A module with instructions that a Cortex-A9 lacks: integer divide, fused multiply-add.
ARITHMETIC = r"""
#include <Python.h>
static PyObject *size(PyObject *self, PyObject *none) { return PyLong_FromLong(sizeof(long)); }
static PyObject *divide(PyObject *self, PyObject *none)
{
    int x = 42, y = 6, r;
    __asm__ volatile(".arch armv7ve\n sdiv %0, %1, %2" : "=r"(r) : "r"(x), "r"(y));
    return PyLong_FromLong(r);
}
static PyObject *fused(PyObject *self, PyObject *none)
{
    double x = 2, y = 3, z = 1;
    __asm__ volatile(".fpu neon-vfpv4\n vfma.f64 %P0, %P1, %P2" : "+w"(z) : "w"(x), "w"(y));
    return PyFloat_FromDouble(z);
}
static PyMethodDef methods[] = {
    {"size", size, METH_NOARGS, ""}, {"divide", divide, METH_NOARGS, ""},
    {"fused", fused, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "arithmetic", "", -1, methods};
PyMODINIT_FUNC PyInit_arithmetic(void) { return PyModule_Create(&module); }
"""


@pytest.fixture(scope="module")
def base(bookworm: Sdk) -> Path:
    return prepared_root(bookworm.target_sysroot, "3.11", defaults.CACHE / "boards")


@pytest.fixture(scope="module")
def shared_board(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedBoard]:
    """A board for tests that leave it as it was."""
    with emulated_board(base, "3.11", work=tmp_path_factory.mktemp("shared")) as fresh:
        yield fresh


@pytest.fixture
def board(base: Path, tmp_path: Path) -> Iterator[EmulatedBoard]:
    with emulated_board(base, "3.11", work=tmp_path / "work") as fresh:
        yield fresh


@pytest.fixture
def server(shared_board: EmulatedBoard, tmp_path: Path) -> Iterator[Server]:
    """An sshd whose every login lands on an emulated board."""
    with landing(shared_board, tmp_path) as running:
        yield running


@pytest.fixture
def user() -> str:
    """The destination that reaches it."""
    return f"{getpass.getuser()}@127.0.0.1"


#: What a suite on a board requires.
REQUIRES = ("pytest<8", "hypothesis<6.142")

TABLES = "tables-1.0-py3-none-any.whl"


def write_wheel(
    folder: Path, name: str, tag: str, files: dict[str, bytes], needs: str = ""
) -> Path:
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    record = ""
    for path, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(data)}\n"
    wheel = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in content.items():
            archive.writestr(path, data)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return wheel


@pytest.fixture(scope="module")
def wheelhouse(bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheelhouse")
    source, module = folder / "arithmetic.c", folder / "arithmetic.so"
    source.write_text(ARITHMETIC)
    include = bookworm.target_sysroot / "usr/include/python3.11"
    flags = ["-shared", "-fPIC", "-O2", "-I", str(include)]
    subprocess.run([*bookworm.tools.cc, *flags, str(source), "-o", str(module)], check=True)
    extension = "arithmetic.cpython-311-arm-linux-gnueabihf.so"
    needs = "Requires-Dist: tables\n"
    tag = "cp311-cp311-linux_armv7l"
    wheels = [
        write_wheel(folder, "arithmetic", tag, {extension: module.read_bytes()}, needs),
        write_wheel(folder, "tables", "py3-none-any", {"tables.py": b"seven = 7\n"}),
        write_wheel(folder, "old", "cp37-cp37m-linux_armv7l", {"old.py": b""}),
        write_wheel(folder, "elsewhere", "cp311-cp311-linux_aarch64", {"elsewhere.py": b""}),
    ]
    lines = []
    for wheel in wheels[:2]:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{wheel.name.split('-')[0]}==1.0 --hash=sha256:{digest}\n")
    (folder / "requirements-cp311.txt").write_text("".join(lines))
    return folder
