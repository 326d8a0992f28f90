"""Source archives: unpacked with times and modes, and refused where they are hostile."""

import contextlib
import gzip
import io
import os
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crossbuild.core.errors import BuildError
from crossbuild.packages.source import archive as archives
from crossbuild.packages.source import tree as source_tree
from crossbuild.wheel import zip_safety


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
        link("p-1/link", "missing", tarfile.LNKTYPE),
        link("p-1/device", "", tarfile.CHRTYPE),
        link("p-1/pipe", "", tarfile.FIFOTYPE),
        plain(f"p-1/{'a' * 300}"),
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


def zipped(path: Path, *members: zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w") as writer:
        for member in members:
            writer.writestr(member, "x")
    return path


def zip_member(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (2008, 1, 10, 21, 20, 0))
    info.external_attr = mode << 16
    return info


def test_programs_in_a_zip_stay_executable(tmp_path: Path) -> None:
    modes = {"program": 0o100755, "text": 0o100644, "from_windows": 0}
    members = (zip_member(f"p-1/{name}", mode) for name, mode in modes.items())
    root = source_tree.prepare(zipped(tmp_path / "p-1.zip", *members), tmp_path / "source")
    found = {path.name: bool(path.stat().st_mode & 0o111) for path in root.iterdir()}
    assert found == {"program": True, "text": False, "from_windows": False}


@pytest.mark.parametrize("name", ["../outside", "/absolute", "p-1/../../outside"])
def test_a_hostile_zip_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BuildError, match="is damaged") as caught:
        source_tree.prepare(zipped(tmp_path / "p-1.zip", zip_member(name)), tmp_path / "source")
    assert name in caught.value.evidence
    assert not (tmp_path / "source").exists()


def test_a_member_is_read_from_the_root_alone(tmp_path: Path) -> None:
    tar = archive(tmp_path / "p-1.tar.gz", (plain("p-1/a/f"), b"inner"), (plain("p-1/f"), b"outer"))
    assert archives.member(tar, "f") == b"outer"
    assert archives.member(tar, "g") == b""
    (tmp_path / "p-2.tar.gz").write_bytes(tar.read_bytes()[:-40])
    with pytest.raises(BuildError, match="is damaged"):
        archives.member(tmp_path / "p-2.tar.gz", "g")


#: Parts of which names and links are made that lead anywhere.
PART = st.sampled_from(["a", "b", "c", "..", "."])
NAME = st.lists(PART, min_size=1, max_size=4).map("/".join)
KIND = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])


@given(members=st.lists(st.tuples(NAME, KIND, NAME), max_size=6))
@example(members=[("d/l", tarfile.SYMTYPE, ".."), ("up", tarfile.SYMTYPE, "d/l/../..")])
@settings(max_examples=100, deadline=None)
def test_nothing_leaves_the_folder(members: list[tuple[str, bytes, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name).resolve() / "top"
        members = [*members, *((f"{name}/x", tarfile.REGTYPE, "") for name, _, _ in members)]
        prepared = ((link(f"p/{name}", to, kind), b"") for name, kind, to in members)
        sdist = archive(top.with_name("p-1.tar.gz"), *prepared)
        with contextlib.suppress(BuildError):
            source_tree.prepare(sdist, top / "source")
        assert {path.name for path in top.parent.iterdir()} <= {"top", "p-1.tar.gz"}
        for path in top.rglob("*"):
            assert path.resolve().is_relative_to(top / "source"), members


def test_what_is_there_twice_is_refused(tmp_path: Path) -> None:
    for first, second in (
        (plain("p/a"), plain("p/./a")),
        (link("p/a", "b"), link("p/a", "", tarfile.DIRTYPE)),
        (link("p/a", "", tarfile.DIRTYPE), plain("p/a")),
    ):
        sdist = archive(tmp_path / "p-1.tar.gz", (first, b""), (second, b""))
        with pytest.raises(BuildError, match="is damaged"):
            source_tree.prepare(sdist, tmp_path / "source")


def test_files_are_their_users_and_times_are_sane(tmp_path: Path) -> None:
    stranger = plain("p/a", time=2**70)
    stranger.uid = stranger.gid = 54321
    sdist = tmp_path / "p-1.tar.gz"
    with tarfile.open(sdist, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(stranger, io.BytesIO())
    status = (source_tree.prepare(sdist, tmp_path / "source") / "a").stat()
    assert (status.st_uid, status.st_gid, status.st_mtime) == (os.getuid(), os.getgid(), 0)


def test_bombs_are_refused_before_they_go_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = tarfile.TarInfo("p/x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 32
    many = archive(tmp_path / "many-1.tar.gz", *((plain(f"p/{n}"), b"xx") for n in range(20)))
    bombs = {"a header of": tmp_path / "header-1.tar", "files": many, "bytes unpacked": many}
    bombs["a header of"].write_bytes(header.tobuf() + bytes(1024))
    for fact, sdist in bombs.items():
        monkeypatch.setattr(zip_safety, "MAX_MEMBERS", 10 if fact == "files" else 100)
        monkeypatch.setattr(zip_safety, "MAX_TOTAL", 30 if fact == "bytes unpacked" else 1 << 20)
        with pytest.raises(BuildError) as caught:
            source_tree.prepare(sdist, tmp_path / "source")
        assert fact in caught.value.evidence
        with pytest.raises(BuildError):
            archives.member(sdist, "missing")


def test_odd_zips_are_taken_or_refused(tmp_path: Path) -> None:
    sdist = zipped(tmp_path / "p-1.zip", zip_member("p-1/a"))
    undated = bytearray(sdist.read_bytes())
    central = undated.rindex(b"PK\x01\x02")
    undated[central + 14 : central + 16] = b"\0\0"  # neither month nor day
    sdist.write_bytes(undated)
    assert (source_tree.prepare(sdist, tmp_path / "undated") / "a").is_file()
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(sdist, zip_member("p-1/a"), zip_member("p-1/a"))
    with pytest.raises(BuildError, match="is damaged"):
        source_tree.prepare(sdist, tmp_path / "source")


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_no_damage_is_more_than_told(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sdist = archive(folder / "p-1.tar", (plain("p/a"), b"x" * 600), (link("p/b", "a"), b""))
        if data.draw(st.booleans()):
            sdist = zipped(folder / "p-1.zip", zip_member("p/a"), zip_member("p/b/c"))
        else:
            sdist.write_bytes(gzip.decompress(sdist.read_bytes()))
        damaged = bytearray(sdist.read_bytes())
        for _ in range(data.draw(st.integers(1, 6))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        sdist.write_bytes(damaged)
        with contextlib.suppress(BuildError):
            archives.member(sdist, "a")
        with contextlib.suppress(BuildError):
            source_tree.prepare(sdist, folder / "source")
