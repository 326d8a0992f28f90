"""Reference SDKs made from the mirror, moved, and used as a user would."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossbuild.core.files import remove_tree
from crossbuild.sdk import reference as reference_sdk
from crossbuild.sdk.reference.definition import Definition
from tests.support.reference_sdks import create_sdk

_PROGRAMS = {
    "hello.c": """
        #include <math.h>
        #include <stdio.h>
        #include <zlib.h>
        int main(int n, char **words)
        { return printf("%.4f %d\\n", sqrt(n * 2.0), zlibVersion()[0] == '1') < 0; }
        """,
    "throw.cc": """
        #include <iostream>
        #include <stdexcept>
        #include <string>
        int main()
        { try { throw std::runtime_error("up"); } catch (const std::exception &e)
          { std::cout << std::string(e.what()) << std::endl; } }
        """,
    "solve.f90": """
        program solve
          double precision :: a(2,2) = reshape((/2d0,1d0,1d0,3d0/), (/2,2/)), b(2) = (/3d0,5d0/)
          integer :: pivots(2), status
          call dgesv(2, 1, a, 2, pivots, b, 2, status)
          print '(2F7.3,I2)', b, status
        end program
        """,
}
_PRINTED = {"hello.c": "1.4142 1\n", "throw.cc": "up\n", "solve.f90": "  0.800  1.400 0\n"}
_COMPILE = {
    "hello.c": "$CC $CFLAGS $LDFLAGS -v hello.c -o hello.c.out -lz -lm",
    "throw.cc": "$CXX $CXXFLAGS $LDFLAGS -v throw.cc -o throw.cc.out",
    "solve.f90": "${CC/-gcc /-gfortran } $LDFLAGS -v solve.f90 -o solve.f90.out -lopenblas",
}


@pytest.fixture(scope="module", params=["debian-bookworm", "debian-bullseye", "debian-trixie"])
def moved_sdk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Definition, Path]]:
    """A real reference SDK, made in one folder and moved to another."""
    definition = reference_sdk.load(request.param)
    folder = tmp_path_factory.mktemp(definition.suite)
    create_sdk(definition, folder / "made")
    yield definition, (folder / "made").rename(folder / "moved")
    remove_tree(folder)  # 300 MB


def _in_sdk(sdk: Path, command: str, cwd: Path) -> str:
    line = f'. "{sdk}"/environment-setup-* && {command}'
    done = subprocess.run(
        ["bash", "-c", line],
        env={"PATH": os.defpath, "QEMU_CPU": "cortex-a9"},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", _PROGRAMS)
def test_a_moved_sdk_compiles_what_runs_on_the_board(
    moved_sdk: tuple[Definition, Path], tmp_path: Path, name: str
) -> None:
    _, sdk = moved_sdk
    (tmp_path / name).write_text(_PROGRAMS[name])
    chatter = _in_sdk(sdk, _COMPILE[name], tmp_path)
    searched = {os.path.normpath(word) for word in chatter.split() if word.startswith("/")}
    outside = {path for path in searched if not Path(path).is_relative_to(sdk.parent)}
    assert {path for path in outside if path.startswith(("/usr", "/opt", "/home"))} == set()
    printed = _in_sdk(sdk, f"qemu-arm-static -L $SDKTARGETSYSROOT ./{name}.out", tmp_path)
    assert printed == _PRINTED[name]


@pytest.mark.slow
def test_the_targets_python_runs(moved_sdk: tuple[Definition, Path], tmp_path: Path) -> None:
    definition, sdk = moved_sdk
    python = f"$SDKTARGETSYSROOT/usr/bin/python{definition.python}"
    code = "import bz2, ctypes, hashlib, lzma, sqlite3, ssl, zlib; import sys; print(sys.version)"
    emulated = f"qemu-arm-static -L $SDKTARGETSYSROOT {python}"
    assert _in_sdk(sdk, f"{emulated} -c '{code}'", tmp_path).startswith(f"{definition.python}.")
    assert _in_sdk(sdk, f"{emulated} -m pip --version", tmp_path).startswith("pip ")


@pytest.mark.slow
def test_openblas_is_the_defined_one_and_asks_for_no_executable_stack(
    moved_sdk: tuple[Definition, Path], tmp_path: Path
) -> None:
    definition, sdk = moved_sdk
    (tmp_path / "say.c").write_text(
        "#include <cblas.h>\n#include <stdio.h>\nint main() { puts(openblas_get_config()); }\n"
    )
    _in_sdk(sdk, "$CC say.c -o say -lopenblas", tmp_path)
    said = _in_sdk(sdk, "qemu-arm-static -L $SDKTARGETSYSROOT ./say", tmp_path)
    assert ("CORTEXA9 MAX_THREADS=4" if definition.openblas else "ARMV6") in said
    headers = _in_sdk(
        sdk, "$READELF -lW $SDKTARGETSYSROOT/usr/lib/libopenblas.so.0 | grep GNU_STACK", tmp_path
    )
    # Debian 11's own has the flag: bundling clears it in a wheel
    assert (" RW " if definition.openblas else " RW") in headers
