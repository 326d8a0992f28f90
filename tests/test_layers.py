"""The layers: a module imports those before it in this list, never those after it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import crossbuild

ROOT = Path(crossbuild.__file__).parent

#: From the ground floor to the command line; below that, in the order in which data flows.
_ORDER = """
errors settings timeline run console side_by_side
files requirement job_pool trace digests tree_digest own_tools inside pyproject
elf_tables elf_headers elf elf_layout static_library
wheel_record zip_safety wheel_archive wheel prose slim wheelhouse store differences
environment_script sdk libraries compile_cache compiler_identity fortran_cache fortran reference_sdk
build_python sysconfigdata probes synthesis overlay target_python
artifact pip_settings index_session index recipe_fields recipe lock closure resolve
farm shared_cache additions debug_info configuration plan find_package
compiler_log wrappers cython_cache generators crossenv workplace meson build
thumb code_map thumb_walk thumb_function isa_families dispatch isa
board_profile board_sysroot runtime bundle audit gate doctor
diagnosis board board_root tether isolation emulated_board
cpio board_kernel serial_line sabrelite_board
ssh_connection ssh_board board_wheels board_probe
verify project_tests suite_results known_failures suite_jobs suites board_choice proof
native_board parity
cell pipeline reproduce report matrix
cli_options cli_inputs cli
"""
LAYERS = _ORDER.split()


def modules() -> Iterator[tuple[str, Path]]:
    """Every module with the top-level name that it belongs to."""
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] not in {"__init__", "inside", "recipes", "on_board", "emulation"}:
            yield parts[0], path


def imported(path: Path) -> set[str]:
    """The top-level names of crossbuild that a module imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "crossbuild":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("crossbuild."):
            names.add(str(node.module).split(".")[1])
    return names - {"__version__"}


def test_every_module_has_its_place() -> None:
    assert {name for name, _ in modules()} <= set(LAYERS)


def test_no_module_imports_a_later_one() -> None:
    place = {name: number for number, name in enumerate(LAYERS)}
    upward = [
        f"{path.relative_to(ROOT)} imports {other}"
        for name, path in modules()
        for other in imported(path)
        if other != name and place[other] > place[name]
    ]
    assert not upward
