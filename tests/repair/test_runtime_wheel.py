"""The runtime wheel: the sysroot's OpenBLAS once, found by the modules that need it."""

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.audit import profile as board_profile
from crossbuild.audit import sysroot_profile
from crossbuild.audit.profile import BoardProfile, BoardPython
from crossbuild.core.errors import RepairError
from crossbuild.elf import file as elf
from crossbuild.repair import runtime_wheel
from crossbuild.repair.runtime_wheel import Runtime
from crossbuild.sdk.model import Sdk
from crossbuild.wheel import pack as wheel

PYTHON = BoardPython(
    version="3.11",
    full_version="3.11.2",
    abi_tag="cp311",
    ext_suffix=".cpython-311-arm-linux-gnueabihf.so",
)

#: A library in assembly, whose bytes no release of the compiler changes.
LIBRARY = """
.file "{name}.s"
.arch armv7-a
.global {name}
.type {name}, %function
{name}: bx lr
"""

#: Of a wheel of two such libraries: its files, by their names and bytes, wherever these have the
#: version; without the bill of materials, which the version stands for, and RECORD.
CONTENT = "14da14a960c0a7226a5c656cb1898e406c2f8a66feeeb62b3a855b3afe44cc9d"


@pytest.fixture(scope="module")
def board(bookworm: Sdk) -> BoardProfile:
    return sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON)


@pytest.fixture
def shared(bookworm: Sdk, board: BoardProfile, tmp_path: Path) -> Runtime:
    made = runtime_wheel.make(bookworm, board, ["openblas"], tmp_path / "runtime")
    assert made is not None
    return made


@pytest.mark.trap(6)
def test_it_holds_openblas_and_what_that_needs(shared: Runtime) -> None:
    assert set(shared.names) == {"libopenblas.so.0", "libgfortran.so.5"}
    with wheel.unpacked(shared.wheel) as tree:
        libraries = {path.name: elf.read(path) for path in tree.glob("*/*.so*")}
    assert set(libraries) == set(shared.names.values())
    for name, library in libraries.items():
        assert library.soname == name
        assert library.search_path == ("$ORIGIN",)
        assert not library.executable_stack
    openblas = libraries[shared.names["libopenblas.so.0"]]
    assert shared.names["libgfortran.so.5"] in openblas.needed


def test_the_same_libraries_give_the_same_bytes(
    bookworm: Sdk, board: BoardProfile, shared: Runtime, tmp_path: Path
) -> None:
    again = runtime_wheel.make(bookworm, board, ["openblas"], tmp_path / "again")
    assert again is not None
    assert again.wheel.name == shared.wheel.name
    assert again.wheel.read_bytes() == shared.wheel.read_bytes()


def test_a_version_stands_for_what_is_done_to_libraries(
    bookworm: Sdk, board: BoardProfile, tmp_path: Path
) -> None:
    """Where this fails, give ``_LAYOUT`` another value: else one version has two contents."""
    for name, needed in (("inner", []), ("outer", ["-linner"])):
        source = tmp_path / f"{name}.s"
        source.write_text(LIBRARY.format(name=name))
        words = ["-shared", "-nostdlib", "-Wl,--no-as-needed", "-Wl,--build-id=none"]
        words += [f"-Wl,-soname,lib{name}.so", f"-L{tmp_path}", str(source), *needed]
        argv = [*bookworm.tools.cc, *words, "-o", str(tmp_path / f"lib{name}.so")]
        subprocess.run(argv, check=True)
    sdk = replace(bookworm, library_dirs=(tmp_path,))
    made = runtime_wheel.make(sdk, board, ["outer"], tmp_path / "runtime")
    assert made is not None
    version = made.version.encode()
    total = hashlib.sha256()
    with zipfile.ZipFile(made.wheel) as archive:
        for name in sorted(archive.namelist()):
            if "/sboms/" not in name and not name.endswith("RECORD"):
                data = (name.encode() + b"\0" + archive.read(name)).replace(version, b"VERSION")
                total.update(hashlib.sha256(data).digest())
    assert total.hexdigest() == CONTENT


def test_modules_find_it_and_their_wheel_requires_it(
    bookworm: Sdk, shared: Runtime, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    (tree / "package/inner").mkdir(parents=True)
    (tree / "package-1.dist-info").mkdir()
    metadata = tree / "package-1.dist-info/METADATA"
    metadata.write_text("Metadata-Version: 2.1\nName: package\nVersion: 1\n\nA text.\n")
    source = tmp_path / "m.c"
    source.write_text("void dgesv_(void); void f(void) { dgesv_(); }\n")
    module = tree / "package/inner/m.so"
    argv = [*bookworm.tools.cc, "-shared", "-fPIC", str(source), "-lopenblas", "-o", str(module)]
    subprocess.run(argv, check=True)
    runtime_wheel.use(tree, [module], shared, tmp_path / "log")
    linked = elf.read(module)
    assert shared.names["libopenblas.so.0"] in linked.needed
    assert "libopenblas.so.0" not in linked.needed
    assert linked.search_path == ("$ORIGIN/../../crossbuild_runtime",)
    headers, _, body = metadata.read_text().partition("\n\n")
    assert headers.splitlines()[-1] == f"Requires-Dist: crossbuild-runtime (=={shared.version})"
    assert body == "A text.\n"


def test_modules_go_on_finding_what_their_own_wheel_has(
    bookworm: Sdk, shared: Runtime, tmp_path: Path
) -> None:
    """As scipy's find libsf_error_state, from 1.15 on; a folder of the build goes."""
    tree = tmp_path / "tree"
    (tree / "package/inner").mkdir(parents=True)
    (tree / "package-1.dist-info").mkdir()
    (tree / "package-1.dist-info/METADATA").write_text("Name: package\nVersion: 1\n\n")
    (tmp_path / "own.c").write_text("int own(void) { return 1; }\n")
    source = tmp_path / "m.c"
    source.write_text("void dgesv_(void); int own(void); int f(void) { dgesv_(); return own(); }\n")
    library, module = tree / "package/libown.so", tree / "package/inner/m.so"
    linked = [*bookworm.tools.cc, "-shared", "-fPIC", "-o"]
    subprocess.run([*linked, str(library), str(tmp_path / "own.c")], check=True)
    words = ["-lopenblas", f"-L{library.parent}", "-lown", f"-Wl,-rpath,$ORIGIN/../:{tmp_path}"]
    subprocess.run([*linked, str(module), str(source), *words], check=True)
    runtime_wheel.use(tree, [library, module], shared, tmp_path / "log")
    assert elf.read(module).search_path == ("$ORIGIN/../", "$ORIGIN/../../crossbuild_runtime")


def test_a_module_that_needs_nothing_of_it_is_left_alone(
    bookworm: Sdk, shared: Runtime, tmp_path: Path
) -> None:
    source = tmp_path / "m.c"
    source.write_text("int f(void) { return 1; }\n")
    module = tmp_path / "m.so"
    argv = [*bookworm.tools.cc, "-shared", "-fPIC", str(source), "-o", str(module)]
    subprocess.run(argv, check=True)
    before = module.read_bytes()
    runtime_wheel.use(tmp_path, [module], shared, tmp_path / "log")
    assert module.read_bytes() == before


def test_a_board_that_has_the_libraries_needs_none(bookworm: Sdk, tmp_path: Path) -> None:
    full = sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON, exclude=())
    assert runtime_wheel.make(bookworm, full, ["openblas"], tmp_path) is None


def test_a_library_that_is_nowhere_is_told(
    bookworm: Sdk, board: BoardProfile, tmp_path: Path
) -> None:
    with pytest.raises(RepairError) as caught:
        runtime_wheel.make(bookworm, board, ["nosuch"], tmp_path)
    assert "libnosuch.so" in caught.value.what
    assert "TOOLCHAIN_TARGET_TASK" in caught.value.cure


def test_the_boards_description_says_what_images_lack() -> None:
    assert "libopenblas*" in board_profile.description("imx6q").absent
