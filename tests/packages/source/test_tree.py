"""A folder's source: what belongs to it, what it is copied as, and what its digest covers."""

import os
import socket
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError, RecipeError
from crossbuild.packages.recipe import Edit
from crossbuild.packages.source import tree as source_tree
from crossbuild.packages.source.tree import SourceTree
from tests.support import projects
from tests.support.repositories import committed
from tests.support.repositories import git as run_git

#: Begin of an ELF file for x86-64, and for Arm.
X86, ARM = (b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + machine for machine in (b"\x3e\0", b"\x28\0"))


def names(tree: SourceTree) -> list[str]:
    return [entry.name for entry in tree.entries]


def test_what_is_made_is_no_source(tmp_path: Path) -> None:
    left_out = (".cache/x", ".mypy_cache/x", "inner/.ruff_cache/x", "build/x", "wheelhouse/x")
    kept = (".github/x", "package/build/x.py", "setup.py")
    marked = ("env/pyvenv.cfg", "env/lib/x.py", "target/CACHEDIR.TAG", "target/x.o")
    projects.of(tmp_path, dict.fromkeys((*left_out, *kept, *marked), ""))
    (tmp_path / "empty").mkdir()
    tree = source_tree.read(tmp_path)
    assert names(tree) == [".github/x", "empty", "package/build/x.py", "setup.py"]
    tree.copy(tmp_path / "build/copy")
    assert (tmp_path / "build/copy/empty").is_dir()


def test_what_is_tracked_is_source_whatever_it_is_called(tmp_path: Path) -> None:
    committed(tmp_path, {".gitignore": "*.log\n", "setup.py": "", "build/gen.py": ""})
    untracked = ("build/lib/x.py", "src/new.py", "x.log", ".venv/lib.py", "env/pyvenv.cfg")
    projects.of(tmp_path, dict.fromkeys(untracked, ""))
    assert names(source_tree.read(tmp_path)) == [
        *(".gitignore", "build/gen.py", "setup.py", "src/new.py"),
    ]


@pytest.mark.parametrize("has_git", [True, False])
def test_what_a_run_writes_is_no_source(has_git: bool, tmp_path: Path) -> None:
    projects.of(tmp_path, {"setup.py": "", "wheels/x.whl": "", "src/work/x": "", "src/a.c": ""})
    if has_git:
        committed(tmp_path, {"setup.py": ""})
    apart = (tmp_path / "wheels", tmp_path / "src/work", tmp_path.parent)
    assert names(source_tree.read(tmp_path, apart)) == ["setup.py", "src/a.c"]


def test_a_package_inside_what_a_run_writes_is_refused(tmp_path: Path) -> None:
    committed(tmp_path, {"out/package/setup.py": ""})
    for apart in (tmp_path / "out", tmp_path / "out/package", tmp_path):
        with pytest.raises(ConfigurationError, match="lies among the sources of package"):
            source_tree.read(tmp_path / "out/package", (apart,))


def test_a_package_in_a_repository_is_copied_with_it(tmp_path: Path) -> None:
    files = {"lib/x.c": "", "bindings/python/setup.py": "", "bindings/python/build/old": ""}
    project = projects.of(tmp_path / "project", files)
    committed(project, {"lib/x.c": "", "bindings/python/setup.py": ""})
    tree = source_tree.read(project / "bindings/python")
    assert names(tree) == ["bindings/python/setup.py", "lib/x.c"]
    package = source_tree.prepare(tree, tmp_path / "copy")
    assert package == tmp_path / "copy/project/bindings/python"
    assert (package / "../../lib/x.c").is_file()
    assert run_git(package, "status", "--porcelain") == ""
    before = tree.digest
    (project / "lib/x.c").write_text("int x;")
    assert source_tree.read(project / "bindings/python").digest != before
    assert names(source_tree.read_alone(project / "bindings/python")) == ["setup.py"]


def test_without_git_the_current_folder_is_the_project_of_what_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = {"far": "'../../lib/x.c'", "split": "os.path.join('..', 'lib')", "own": "'x.c'"}
    projects.of(tmp_path, {f"python/{name}/setup.py": text for name, text in code.items()})
    monkeypatch.chdir(tmp_path)
    roots = {name: source_tree.read(tmp_path / "python" / name).root for name in code}
    own = tmp_path / "python/own"
    assert roots == {"far": tmp_path, "split": tmp_path, "own": own}
    monkeypatch.setenv("HOME", str(tmp_path))
    far = tmp_path / "python/far"
    assert source_tree.read(far).root == far


def test_a_home_in_git_is_no_project_of_what_it_does_not_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(tmp_path, {".profile": "", "tracked/setup.py": "", "untracked/setup.py": ""})
    run_git(tmp_path, "rm", "--quiet", "--cached", "untracked/setup.py")
    monkeypatch.setenv("HOME", str(tmp_path))
    roots = [source_tree.read(tmp_path / name).root for name in ("tracked", "untracked")]
    assert roots == [tmp_path, tmp_path / "untracked"]


def test_links(tmp_path: Path) -> None:
    folder = projects.of(tmp_path / "package", {"setup.py": "", "src/a.c": "", "build/x": ""})
    outside = projects.of(tmp_path / "common", {"b.c": "b", "deep/c.c": "c"})
    for name, target in {
        "src/inside.c": "a.c",
        "up": "src",
        "absolute.c": str(folder / "src/a.c"),
        "common": "../common",
        "b.c": str(outside / "b.c"),
        "above": "../..",
        "dangling": "nothing",
        "loop": "loop",
        "made": "build",
    }.items():
        (folder / name).symlink_to(target)
    (outside / "back").symlink_to(outside)
    (outside / "deep/self").symlink_to("c.c")
    tree = source_tree.read(folder)
    copy = tmp_path / "copy"
    tree.copy(copy)
    assert (copy / "src/inside.c").readlink() == Path("a.c")
    assert (copy / "up").readlink() == Path("src")
    assert (copy / "common/deep/self").read_text() == "c\n"
    followed = {str(path.relative_to(copy)) for path in copy.rglob("*") if not path.is_symlink()}
    assert followed == {
        *("setup.py", "src", "src/a.c", "absolute.c", "b.c"),
        *("common", "common/b.c", "common/deep", "common/deep/c.c", "common/deep/self"),
    }
    assert tree.notes == (
        "links that lead nowhere are left out: dangling, loop",
        "links to what is no source, or holds it, are left out: above, common/back, made",
    )
    before = tree.digest
    (outside / "deep/c.c").write_text("changed")
    assert source_tree.read(folder).digest != before


def test_a_tracked_link_out_of_the_repository_is_followed(tmp_path: Path) -> None:
    projects.of(tmp_path / "common", {"x.c": "x"})
    project = projects.of(tmp_path / "project", {"setup.py": ""})
    (project / "common").symlink_to("../common")
    committed(project, {"setup.py": ""})
    run_git(project, "add", "common")
    assert names(source_tree.read(project)) == ["common/x.c", "setup.py"]


def test_names_are_bytes_and_pipes_are_passed_over(tmp_path: Path) -> None:
    latin = os.fsdecode(b"caf\351.txt")
    folder = projects.of(tmp_path / "p", {"setup.py": "", latin: "x"})
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket"))
        tree = source_tree.read(folder)
        assert names(tree) == sorted((latin, "setup.py"))
        assert (source_tree.prepare(tree, tmp_path / "copy") / latin).read_text() == "x\n"
        before = tree.digest
    (folder / latin).unlink()
    assert source_tree.read(folder).digest != before
    (folder / latin).symlink_to("nowhere")
    assert source_tree.read(folder).notes == ("links that lead nowhere are left out: caf\\xe9.txt",)


def test_what_another_machine_compiled_is_left_out_with_a_word(tmp_path: Path) -> None:
    module = "p/_c.cpython-311-x86_64-linux-gnu.so"
    for name, data in {
        module: X86,
        "p/_d.abi3.so": X86,
        "p/libold.so.1": X86,
        "c.o": X86,
        "p/libarm.so": ARM,
        "p/_e.cpython-311-arm-linux-gnueabihf.so": ARM,
        "p/text.so": b"GROUP (libm.so.6)",
        "program": X86,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    kept = [
        *("p/_e.cpython-311-arm-linux-gnueabihf.so", "p/libarm.so", "p/text.so", "program"),
    ]
    tree = source_tree.read(tmp_path)
    assert names(tree) == kept
    left = f"c.o, {module}, p/_d.abi3.so and 1 more"
    assert tree.notes == (f"files compiled for another machine are left out: {left}",)
    run_git(tmp_path, "init", "--quiet")
    run_git(tmp_path, "add", "--force", "p/libold.so.1", module)
    assert names(source_tree.read(tmp_path)) == sorted([*kept, "p/libold.so.1"])


def tagged(folder: Path) -> None:
    run_git(folder, "tag", "v2")


def executable(folder: Path) -> None:
    (folder / "run").chmod(0o755)


def relinked(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("setup.py")


@pytest.mark.parametrize("change", [tagged, executable, relinked])
def test_a_digest_covers_what_decides_a_build(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    project = committed(tmp_path, {"setup.py": "", "run": ""})
    (project / "link").symlink_to("run")
    before = source_tree.read(project).digest
    assert source_tree.read(project).digest == before
    change(project)
    assert source_tree.read(project).digest != before


def test_a_copys_epoch_is_its_newest_files(tmp_path: Path) -> None:
    project = committed(tmp_path / "project", {"setup.py": ""})
    os.utime(project / "setup.py", (1_200_000_000, 1_200_000_000))
    source_tree.prepare(source_tree.read(project), tmp_path / "copy")
    assert source_tree.epoch(tmp_path / "copy") == 1_200_000_000


def test_a_recipe_changes_an_sdist(tmp_path: Path) -> None:
    sdist = tmp_path / "thing-1.0.tar.gz"
    inside = projects.of(tmp_path / "thing-1.0", {"build/check.py": "run('./program')\n"})
    os.utime(inside / "build/check.py", (1_200_000_000, 1_200_000_000))
    with tarfile.open(sdist, "w:gz") as archive:
        archive.add(inside, "thing-1.0")
    edit = Edit(file="build/check.py", old="run('./program')", new="b''")
    copy = source_tree.prepare(sdist, tmp_path / "copy", [edit])
    assert (copy / "build/check.py").read_text() == "b''\n"
    assert source_tree.epoch(tmp_path / "copy") == 1_200_000_000
    for file, old, said in (
        ("build/check.py", "ru(", "0 times"),
        ("check.py", "x", "no such file"),
    ):
        other = Edit(file=file, old=old, new="")
        with pytest.raises(RecipeError, match="does not fit") as caught:
            source_tree.prepare(sdist, tmp_path / "other", [other])
        assert said in caught.value.evidence
        assert not (tmp_path / "other").exists()


def test_without_git_names_tell_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(tmp_path, {"setup.py": "", "build/x.py": ""})
    monkeypatch.setenv("PATH", "/nowhere")
    tree = source_tree.read(tmp_path)
    assert names(tree) == ["setup.py"]
    (note,) = tree.notes
    assert note.endswith("as git cannot: the program 'git' is missing")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads all")
def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    projects.of(tmp_path, {"setup.py": ""})
    (tmp_path / "setup.py").chmod(0)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        _ = source_tree.read(tmp_path).digest
    (tmp_path / "folder").mkdir(mode=0)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        source_tree.read(tmp_path)


def test_what_has_gone_is_told(tmp_path: Path) -> None:
    projects.of(tmp_path / "p", {"setup.py": ""})
    tree = source_tree.read(tmp_path / "p")
    (tmp_path / "p/setup.py").unlink()
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        tree.copy(tmp_path / "copy")
    assert "just gone" in caught.value.cure
