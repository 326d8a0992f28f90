"""Build ids: of what the board gets, where the linker's named a folder of the build machine."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.elf import file as elf
from crossbuild.pipeline.make import make_wheels
from crossbuild.pipeline.request import BuildRequest
from crossbuild.progress.console import Console
from crossbuild.repair import build_id, repair
from crossbuild.sdk.model import Sdk
from tests.support import projects
from tests.support.sdk_copy import hard_linked

#: Has a symbol of this name, as ld up to 2.35 makes one of the path of crti.o.
CODE = 'int f(void) {{ return {value}; }} asm("\\"{path}\\" = 1");\n'


def linked(sdk: Sdk, folder: Path, value: int = 1) -> Path:
    """A module with a symbol that names its folder, scrubbed, with a new build id."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    (folder / "x.c").write_text(CODE.format(path=folder, value=value))
    module = tree / "x.so"
    words = ["-shared", "-fPIC", "-nostdlib", "-Wl,--build-id=sha1", "x.c", "-o", str(module)]
    subprocess.run([*sdk.tools.cc, *words], cwd=folder, check=True)
    assert repair._scrub(tree, {folder: "/crossbuild"}) == {module}
    build_id.renew([module], sdk, folder / "log")
    return module


def test_it_tells_the_code_and_not_the_folder(bookworm: Sdk, tmp_path: Path) -> None:
    one, two = linked(bookworm, tmp_path / "1"), linked(bookworm, tmp_path / "another/2")
    other = linked(bookworm, tmp_path / "3", value=3)
    assert one.read_bytes() != two.read_bytes()  # they are not stripped yet
    assert elf.read(one).build_id == elf.read(two).build_id
    assert elf.read(one).build_id != elf.read(other).build_id
    assert len(elf.read(one).build_id) == 40
    for module in (one, two):
        subprocess.run([bookworm.tools.strip, "--strip-unneeded", module], check=True)
    assert one.read_bytes() == two.read_bytes()


def test_a_module_without_one_gets_none(bookworm: Sdk, tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int x;\n")
    words = ["-shared", "-nostdlib", "-Wl,--build-id=none", "x.c", "-o", "x.so"]
    subprocess.run([*bookworm.tools.cc, *words], cwd=tmp_path, check=True)
    before = (tmp_path / "x.so").read_bytes()
    build_id.renew([tmp_path / "x.so"], bookworm, tmp_path / "log")
    assert (tmp_path / "x.so").read_bytes() == before


@pytest.mark.slow
def test_a_linker_that_writes_paths_gives_the_same_wheel_from_two_folders(
    reference_sdk_root: Callable[[str], Path],
    request_in: Callable[..., BuildRequest],
    tmp_path: Path,
) -> None:
    """bullseye has binutils 2.35; the paths must not be of one length."""
    root = reference_sdk_root("debian-bullseye")
    project = projects.write(tmp_path / "tiny")
    made: list[bytes] = []
    moved = hard_linked(root, tmp_path / "moved/sdk")
    for place, within in ((root, tmp_path), (moved, tmp_path / "another/folder")):
        request = request_in(project, python="3.9", within=within)
        target = replace(request.target, sdk=place)
        [entry] = make_wheels(replace(request, target=target), Console())
        made.append(entry.wheel.read_bytes())
    assert made[0] == made[1]
