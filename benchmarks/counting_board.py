"""An emulated Cortex-A9 that counts instructions: Debian's armhf packages, ours beside them."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import debian_board
from crossbuild.board.emulated import CPU
from crossbuild.board.isolation import find_isolation, namespaces
from crossbuild.core import files
from crossbuild.core.command import clean_environment, run
from crossbuild.sdk.model import Sdk
from crossbuild.wheel import pack as wheel

HERE = Path(__file__).parent

#: One thread, and dictionaries in the same order each time.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class CountingBoard:
    """A root file system in which QEMU, its plug-in and both sides' libraries lie."""

    root: Path

    def counts(self, argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[int], str]:
        """The instructions between each two calls of getsid, and what the program printed."""
        qemu = ["/bench/lib/ld-linux-x86-64.so.2", "--library-path", "/bench/lib"]
        qemu += ["/bench/qemu-arm", "-cpu", CPU, "-plugin", "/bench/count.so,out=/bench/counts"]
        words = [*namespaces(find_isolation()), "chroot", str(self.root), *qemu, *argv]
        printed = run(words, env=clean_environment(**_ENVIRONMENT, **env)).output
        marks = [int(line) for line in (self.root / "bench/counts").read_text().split()]
        pairs = zip(marks[::2], marks[1::2], strict=True)
        return [after - before for before, after in pairs], printed


@contextmanager
def counting_board(work: Path, sdk: Sdk, wheels: Sequence[Path]) -> Iterator[CountingBoard]:
    """A board that is removed at the end.

    :param sdk: the one whose OpenBLAS goes to ``/bench/openblas``
    :param wheels: those that are unpacked to ``/bench/ours``; Debian's are in ``/bench/Debian``
    """
    base = debian_board.unpacked(
        debian_board.fetched(debian_board.NATIVE, "armhf", dependencies=True), "board"
    )
    root = work / f"counting-{os.getpid()}"
    try:
        shutil.copytree(base, root, symlinks=True)
        (root / "bench/openblas").mkdir(parents=True)
        # Each side's packages lie at the same depth of sys.path: imports can be compared.
        (root / "usr/lib/python3/dist-packages").rename(root / "bench/Debian")
        (root / "bench/ours").mkdir()
        _place_qemu(root / "bench")
        _compile_gemm(root / "bench", sdk)
        shutil.copy(HERE / "operations.py", root / "bench")
        for path in wheels:
            with wheel.unpacked(path) as tree:
                shutil.copytree(tree, root / "bench/ours", dirs_exist_ok=True)
        yield CountingBoard(root)
    finally:
        files.remove_tree(root)


def _place_qemu(folder: Path) -> None:
    """QEMU with all its libraries, the C library too: it runs in a root that has none."""
    packages = debian_board.fetched(["qemu-user"], "amd64", dependencies=True)
    tree = debian_board.unpacked(packages, "qemu")
    shutil.copy(tree / "usr/bin/qemu-arm", folder)
    (folder / "lib").mkdir()
    for library in tree.glob("**/x86_64-linux-gnu/*.so*"):
        shutil.copy(library, folder / "lib")
    run(["gcc", "-O2", "-shared", "-fPIC", HERE / "count.c", "-o", folder / "count.so"])


def _compile_gemm(folder: Path, sdk: Sdk) -> None:
    run([*sdk.tools.cc, "-O2", HERE / "gemm.c", "-lopenblas", "-o", folder / "gemm"])
    for name in ("libopenblas.so.0", "libgfortran.so.5"):
        library = sdk.find_library(name)
        if library is not None:
            shutil.copy(library, folder / "openblas" / name)
