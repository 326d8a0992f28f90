"""Unpacking a package's source, and what its build shares with others, or keeps to itself."""

import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.build.backend import cache_base, newest_file, prepare_source, source_epoch
from crossbuild.build.crossenv import CrossEnv
from crossbuild.build.workspace import Workplace
from crossbuild.core.errors import BuildError
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk.read import Sdk
from crossbuild.toolchain.compilers import Wrappers


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def plain(name: str, *, mode: int = 0o644, time: int = 1_000_000_000) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = mode, time
    return info


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_the_root_with_times_and_modes(tmp_path: Path) -> None:
    sdist = archive(
        tmp_path / "p-1.tar.gz",
        (plain("p-1/setup.py"), b"x"),
        (plain("p-1/configure", mode=0o4777, time=1_200_000_000), b"y"),
        (link("p-1/inner", "setup.py"), b""),
    )
    root = prepare_source(sdist, tmp_path / "source")
    assert root == tmp_path / "source/p-1"
    assert (root / "configure").stat().st_mode & 0o7777 == 0o755
    assert (root / "inner").read_text() == "x"
    assert newest_file(root / "setup.py") == 315_532_800
    assert (root / "configure").stat().st_mtime == 1_200_000_000


def test_the_epoch_is_the_newest_files_whatever_a_build_leaves(tmp_path: Path) -> None:
    tar = archive(
        tmp_path / "p-1.tar.gz",
        (plain("p-1/sub/old", time=1_100_000_000), b"x"),
        (plain("p-1/sub/new", time=1_200_000_000), b"y"),
        (link("p-1/link", "sub/new"), b""),
    )
    zipped = tmp_path / "p-1.zip"
    with zipfile.ZipFile(zipped, "w") as writer:
        writer.writestr(zipfile.ZipInfo("p-1/sub/old", (2004, 11, 9, 11, 33, 20)), "x")
        writer.writestr(zipfile.ZipInfo("p-1/sub/new", (2008, 1, 10, 21, 20, 0)), "y")
    for sdist in (tar, zipped):
        folder = tmp_path / f"from-{sdist.suffix}"
        root = prepare_source(sdist, folder)
        (root / "made").write_text("by an interrupted build")
        assert source_epoch(prepare_source(sdist, folder).parent) == 1_200_000_000


def test_what_is_there_whole_is_kept(tmp_path: Path) -> None:
    sdist = archive(tmp_path / "p-1.tar.gz", (plain("p-1/a"), b"x"))
    root = prepare_source(sdist, tmp_path / "source")
    (root / "made").write_text("by an interrupted build")
    assert (prepare_source(sdist, tmp_path / "source") / "made").exists()


@pytest.mark.parametrize(
    "member",
    [
        plain("../outside"),
        plain("/absolute"),
        link("p-1/link", "../../outside"),
        link("p-1/link", "/etc/passwd"),
        link("p-1/link", "../outside", tarfile.LNKTYPE),
        link("p-1/device", "", tarfile.CHRTYPE),
    ],
)
def test_a_hostile_archive_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    sdist = archive(tmp_path / "p-1.tar.gz", (member, b""))
    with pytest.raises(BuildError, match="is damaged") as caught:
        prepare_source(sdist, tmp_path / "source")
    assert member.name in caught.value.evidence
    assert not (tmp_path / "source").exists()


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    sdist = tmp_path / "p-1.tar.gz"
    sdist.write_bytes(b"\x1f\x8b not gzip")
    with pytest.raises(BuildError) as caught:
        prepare_source(sdist, tmp_path / "source")
    assert "downloaded anew" in caught.value.cure


def test_an_archive_with_several_roots_is_no_sdist(tmp_path: Path) -> None:
    sdist = archive(tmp_path / "x.tar.gz", (plain("a/x"), b""), (plain("b/x"), b""))
    with pytest.raises(BuildError, match="is no source distribution"):
        prepare_source(sdist, tmp_path / "source")


@pytest.mark.parametrize(
    ("sdk", "cwd", "base"),
    [
        ("project/sysroots/sdk", "project", "project"),
        ("poky", "project", "project/build/work/cp311"),
        ("/opt/poky", "/", "project/build/work/cp311"),
    ],
)
def test_the_base_of_the_cache_has_the_sdk_of_the_same_project(
    bookworm: Sdk, sdk: str, cwd: str, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target's Python is always in it."""
    cell = tmp_path / "project/build/work/cp311"
    cell.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / cwd)
    python = TargetPython(
        "3.11", "3.11.2", cell / "target", cell, cell, {}, ".so", "cpython-311", "cp311", "sysroot"
    )
    place = Workplace(
        cell / "numpy-1.26.4",
        replace(bookworm, root=tmp_path / sdk),
        python,
        build_python=None,  # type: ignore[arg-type]  # no path of it is compiled into anything
        targets={},
        cache=tmp_path / "cache",
    )
    assert cache_base(place) == str(tmp_path / base)


@pytest.mark.parametrize(
    ("version", "variable"),
    [("3.7", "PYTHONDONTWRITEBYTECODE"), ("3.11", "PYTHONPYCACHEPREFIX")],
)
def test_byte_code_lies_nowhere_but_in_the_environment(
    version: str, variable: str, tmp_path: Path
) -> None:
    tools = Wrappers(tmp_path / "bin", "arm", has_fortran=False)
    env = CrossEnv(tmp_path, version, tmp_path, tmp_path, tmp_path, tools)
    found = env.environment({})
    names = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"} & found.keys()
    assert names == {variable}
    assert found[variable] in {"1", str(tmp_path / "byte-code")}
