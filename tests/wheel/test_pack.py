"""Wheels: read with suspicion, packed reproducibly."""

import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossbuild.wheel import pack as wheel
from crossbuild.wheel import zip_safety
from crossbuild.wheel.pack import WheelError
from crossbuild.wheel.record import digest
from tests.support.sample_wheels import Sample

NAME = "x-1.0-py3-none-any.whl"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return Sample(files={"sample/__init__.py": b"one = 1\n"}, requires=("a>1",)).build(tmp_path)


def archive(folder: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = folder / NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as sink:
        for name, data in entries:
            sink.writestr(name, data)
    return path


def refused(path: Path) -> str:
    with pytest.raises(WheelError) as caught, wheel.opened(path):
        pass
    assert caught.value.cure
    return f"{caught.value.what}: {caught.value.evidence}"


def test_what_a_wheel_says(sample: Path) -> None:
    with wheel.opened(sample) as found:
        assert (found.name, str(found.version)) == ("sample", "1.0")
        assert [str(tag) for tag in found.tags] == ["cp311-cp311-linux_armv7l"]
        assert found.dist_info == "sample-1.0.dist-info"
        assert found.metadata["Requires-Dist"] == "a>1"
        assert found.wheel_headers["Tag"] == "cp311-cp311-linux_armv7l"
        assert found.data("sample/__init__.py") == b"one = 1\n"
        contents = {name: digest(found.data(name)) for name in found.members}
        assert wheel.record_faults(found, contents) == ()


def test_equal_content_gives_equal_bytes(sample: Path, tmp_path: Path) -> None:
    with wheel.unpacked(sample) as tree:
        (tree / "sample/__init__.py").touch()
        again = wheel.pack(tree, tmp_path / "again.whl", epoch=0)
        assert again.read_bytes() == sample.read_bytes()
        later = wheel.pack(tree, tmp_path / "later.whl", epoch=1_700_000_000)
    with zipfile.ZipFile(later) as found:
        assert {info.date_time for info in found.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        names = [info.filename for info in found.infolist()]
    assert names[0] == "sample/__init__.py"
    assert names[-1] == "sample-1.0.dist-info/RECORD"


def test_modes_are_kept_as_two(sample: Path, tmp_path: Path) -> None:
    with wheel.unpacked(sample) as tree:
        (tree / "run.sh").write_text("#!/bin/sh\n")
        (tree / "run.sh").chmod(0o700)
        packed = wheel.pack(tree, tmp_path / NAME, epoch=0)
    with zipfile.ZipFile(packed) as found:
        modes = {i.filename: stat.S_IMODE(i.external_attr >> 16) for i in found.infolist()}
    assert modes.pop("run.sh") == 0o755
    assert set(modes.values()) == {0o644}
    with wheel.unpacked(packed) as tree:
        assert (tree / "run.sh").stat().st_mode & stat.S_IXUSR


def test_the_temporary_folder_goes(sample: Path) -> None:
    with wheel.unpacked(sample) as tree:
        assert (tree / "sample/__init__.py").exists()
    assert not tree.exists()


def test_a_failed_pack_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    with pytest.raises(WheelError, match="is not an unpacked wheel"):
        wheel.pack(tmp_path / "tree", tmp_path / NAME, 0)
    (tmp_path / "tree/x-1.dist-info").mkdir()
    (tmp_path / "tree/x-1.dist-info/link").symlink_to("/etc/passwd")
    with pytest.raises(WheelError, match="symbolic link"):
        wheel.pack(tmp_path / "tree", tmp_path / NAME, 0)
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("../evil.py", "leaves the folder"),
        ("a/../../evil.py", "leaves the folder"),
        ("/etc/passwd", "absolute"),
        ("C:/x", "absolute"),
        ("a\nb", "not a plain path"),
        ("a//b", "not a plain path"),
        ("x" * 300, "too long"),
    ],
)
def test_names_that_leave_the_folder(tmp_path: Path, name: str, fact: str) -> None:
    assert fact in refused(archive(tmp_path, (name, b"")))


def test_links_twins_and_files_that_are_folders(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "symbolic link" in refused(archive(tmp_path, (link, b"/etc")))
    with pytest.warns(UserWarning, match="Duplicate"):
        twins = archive(tmp_path, ("a", b"1"), ("a", b"2"))
    assert "there twice" in refused(twins)
    with zipfile.ZipFile(tmp_path / NAME, "w", zipfile.ZIP_LZMA) as sink:
        sink.writestr("a", b"1")
    assert "not every pip reads" in refused(tmp_path / NAME)
    assert "a file and a folder" in refused(archive(tmp_path, ("a", b"1"), ("a/b", b"2")))


def test_names_that_only_look_different(tmp_path: Path) -> None:
    """One accented letter, and a letter with its accent after it: one file, on some systems."""
    pair = archive(tmp_path, ("caf\u00e9.py", b"1"), ("cafe\u0301.py", b"2"))
    assert "looks like another name" in refused(pair)


def test_folders_have_names_too(tmp_path: Path) -> None:
    assert "leaves the folder" in refused(archive(tmp_path, ("../x/", b"")))
    assert "absolute" in refused(archive(tmp_path, ("/x/", b"")))
    assert "there twice" in refused(archive(tmp_path, ("a", b"1"), ("a/", b"")))


def test_an_entry_without_a_name(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a", b""))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 28], data[at + 32] = 0, 1  # the name becomes the comment
    path.write_bytes(data)
    assert "absolute or foreign" in refused(path)


def test_files_that_share_their_bytes(tmp_path: Path) -> None:
    """The bomb of many directory entries for one local file."""
    path = archive(tmp_path, ("a", bytes(range(256)) * 9), ("b", b"2"))
    data = bytearray(path.read_bytes())
    first, second = data.index(b"PK\1\2"), data.rindex(b"PK\1\2")
    data[second + 16 : second + 28] = data[first + 16 : first + 28]  # CRC and sizes
    data[second + 42 : second + 46] = data[first + 42 : first + 46]  # where it lies
    path.write_bytes(data)
    assert "share their bytes" in refused(path)


def test_a_file_that_goes_on_after_its_size(tmp_path: Path) -> None:
    """The directory says 10 bytes, the stream has 64 million."""
    path = archive(tmp_path, ("a", bytes(64 << 20)), ("b", bytes(range(256)) * 4000))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    tracemalloc.start()
    with wheel.opened(path) as found, pytest.raises(WheelError, match="damaged"):
        found.data("a")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_absurd_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "unpacks from" in refused(archive(tmp_path, ("zeros", bytes(8 << 20))))
    monkeypatch.setattr(zip_safety, "MAX_TOTAL", 1000)
    assert "more than 1000" in refused(archive(tmp_path, ("a", bytes(600)), ("b", bytes(600))))
    monkeypatch.setattr(zip_safety, "MAX_MEMBERS", 1)
    assert "2 files, more than 1" in refused(archive(tmp_path, ("a", b""), ("b", b"")))


def test_no_archive(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("<html>404</html>")
    assert "no readable wheel" in refused(tmp_path / NAME)
    (tmp_path / "numpy.whl").write_bytes(b"")
    assert "cannot read" in refused(tmp_path / f"absent-{NAME}")


def test_a_name_that_is_no_wheels(tmp_path: Path) -> None:
    archive(tmp_path, ("a", b"")).rename(tmp_path / "numpy.whl")
    assert "not a wheel's file name" in refused(tmp_path / "numpy.whl")


def test_no_dist_info(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a", b""))
    with wheel.opened(path) as found, pytest.raises(WheelError, match=r"0 \.dist-info folders"):
        found.metadata  # noqa: B018


def test_a_damaged_member(sample: Path) -> None:
    data = bytearray(sample.read_bytes())
    at = data.index(b"sample/__init__.py") + len("sample/__init__.py")
    data[at] ^= 0xFF
    sample.write_bytes(data)
    with wheel.opened(sample) as found, pytest.raises(WheelError, match="damaged"):
        found.data("sample/__init__.py")


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [
        ("sample/__init__.py,", "sample/other.py,", "in the archive but not in RECORD"),
        (",8\n", ",9\n", "has 8 bytes, RECORD says 9"),
        ("__init__.py,sha256=", "__init__.py,sha256=A", "RECORD says sha256=A"),
        ("__init__.py,sha256=", "__init__.py,md5=", "no accepted hash"),
    ],
)
def test_record_faults(sample: Path, old: str, new: str, fact: str) -> None:
    with zipfile.ZipFile(sample) as found:
        entries = {info.filename: found.read(info) for info in found.infolist()}
    record = "sample-1.0.dist-info/RECORD"
    text = entries[record].decode()
    assert old in text
    entries[record] = text.replace(old, new).encode()
    with zipfile.ZipFile(sample, "w") as sink:
        for name, data in entries.items():
            sink.writestr(name, data)
    with wheel.opened(sample) as found_wheel:
        contents = {name: digest(found_wheel.data(name)) for name in found_wheel.members}
        faults = wheel.record_faults(found_wheel, contents)
    assert any(fact in fault.fact for fault in faults)


@given(data=st.data())
@settings(
    max_examples=150,
    deadline=2000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_damage_escapes_as_another_error(sample: Path, data: st.DataObject) -> None:
    whole = sample.read_bytes()
    damaged = bytearray(whole)
    for offset in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        damaged[offset] = data.draw(st.integers(0, 255))
    path = sample.with_name("damaged-1.0-py3-none-any.whl")
    path.write_bytes(damaged[: data.draw(st.just(len(whole)) | st.integers(0, len(whole)))])
    try:
        with wheel.opened(path) as found:
            contents = {name: digest(found.data(name)) for name in found.members}
            wheel.record_faults(found, contents)
            assert found.metadata is not None
        with wheel.unpacked(path) as tree:
            assert tree.is_dir()
    except WheelError as error:
        assert error.cure  # noqa: PT017
