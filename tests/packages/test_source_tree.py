"""A package's source: what belongs to it, and how it is unpacked to be built."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from crossbuild.core.errors import BuildError
from crossbuild.packages import source_tree


def test_caches_of_tools_are_no_source() -> None:
    for path in (".cache/crossbuild/x", ".mypy_cache/x", "inner/.ruff_cache/x", "build/x"):
        assert not source_tree.is_source(Path(path))
    for path in ("setup.py", "package/build/x.py", ".github/x"):
        assert source_tree.is_source(Path(path))


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
    root = source_tree.prepare(sdist, tmp_path / "source")
    assert root == tmp_path / "source/p-1"
    assert (root / "configure").stat().st_mode & 0o7777 == 0o755
    assert (root / "inner").read_text() == "x"
    assert source_tree.newest_file(root / "setup.py") == 315_532_800
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
        root = source_tree.prepare(sdist, folder)
        (root / "made").write_text("by an interrupted build")
        assert source_tree.epoch(source_tree.prepare(sdist, folder).parent) == 1_200_000_000


def test_what_is_there_whole_is_kept(tmp_path: Path) -> None:
    sdist = archive(tmp_path / "p-1.tar.gz", (plain("p-1/a"), b"x"))
    root = source_tree.prepare(sdist, tmp_path / "source")
    (root / "made").write_text("by an interrupted build")
    assert (source_tree.prepare(sdist, tmp_path / "source") / "made").exists()


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
        source_tree.prepare(sdist, tmp_path / "source")
    assert member.name in caught.value.evidence
    assert not (tmp_path / "source").exists()


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    sdist = tmp_path / "p-1.tar.gz"
    sdist.write_bytes(b"\x1f\x8b not gzip")
    with pytest.raises(BuildError) as caught:
        source_tree.prepare(sdist, tmp_path / "source")
    assert "downloaded anew" in caught.value.cure


def test_an_archive_with_several_roots_is_no_sdist(tmp_path: Path) -> None:
    sdist = archive(tmp_path / "x.tar.gz", (plain("a/x"), b""), (plain("b/x"), b""))
    with pytest.raises(BuildError, match="is no source distribution"):
        source_tree.prepare(sdist, tmp_path / "source")
