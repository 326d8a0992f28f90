"""What is known of a bundled library, and where its licence's texts are found."""

from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.papers import libraries
from crossbuild.papers.libraries import Library
from crossbuild.sdk.model import Brought, Sdk


def described(sdk: Sdk, soname: str, path: Path) -> Library:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"\x7fELF OpenBLAS 0.3.9 \0")
    return libraries.describe(sdk, soname, path, f"crossbuild_runtime/{soname}")


@pytest.fixture
def yocto(bookworm: Sdk, tmp_path: Path) -> Sdk:
    """An SDK whose sysroot has no licence of anything."""
    (tmp_path / "sysroot/usr/lib").mkdir(parents=True)
    return replace(bookworm, target_sysroot=tmp_path / "sysroot")


def test_a_sysroot_without_licences_is_told_of(yocto: Sdk) -> None:
    folder = yocto.target_sysroot / "usr/lib"
    openblas = described(yocto, "libopenblas.so.0", folder / "libopenblas.so.0")
    assert openblas.version == "0.3.9"
    assert not openblas.texts
    (text,) = openblas.papers.values()
    assert b"has no licence text of it" in text
    assert b"It is under BSD-3-Clause" in text
    assert list(openblas.papers) == ["libopenblas.txt"]
    gomp = described(yocto, "libgomp.so.1", folder / "libgomp.so.1")
    assert list(gomp.texts) == ["GCC-exception-3.1.txt", "GPL-3.0-or-later.txt"]
    odd = described(yocto, "libodd.so.2", folder / "libodd.so.2")
    assert (odd.licence, odd.version) == ("", "")
    assert b"Nor does crossbuild know" in odd.papers["libodd.txt"]


@pytest.mark.parametrize("place", ["usr/share/common-licenses", "usr/share/licenses"])
def test_licences_that_yocto_put_into_the_sysroot(place: str, yocto: Sdk) -> None:
    folder = yocto.target_sysroot / place / "openblas"
    folder.mkdir(parents=True)
    (folder / "LICENSE").write_text("as it is")
    path = yocto.target_sysroot / "usr/lib/libopenblas.so.0"
    assert described(yocto, "libopenblas.so.0", path).texts == {"libopenblas/LICENSE": b"as it is"}


def test_a_library_that_was_brought_along(yocto: Sdk, tmp_path: Path) -> None:
    library, compiler = tmp_path / "brought/library", tmp_path / "brought/compiler"
    (library / "licences").mkdir(parents=True)
    compiler.mkdir()
    soname = "libgfortran-crossbuild.so.5"
    (library / "licences" / soname).write_text("GCC's copyright")
    (compiler / "packages.txt").write_text(
        "gcc-12-cross-base_12.2.0-14cross1_all\nlibgfortran-12-dev-armhf-cross_12.2.0-14cross1_all\n"
    )
    brought = Brought("gfortran", "gfortran 12 of Debian bookworm", "key", (library, compiler))
    sdk = replace(yocto, gcc_version="9.2.0", brought=(brought,))
    one = described(sdk, soname, library / "usr/lib" / soname)
    assert (one.version, one.origin) == ("12.2.0", "gfortran 12 of Debian bookworm")
    assert one.texts["libgfortran-crossbuild.txt"] == b"GCC's copyright"
    assert "GCC-exception-3.1.txt" in one.texts


def test_the_version_in_a_pc_file(yocto: Sdk) -> None:
    folder = yocto.target_sysroot / "usr/lib"
    (folder / "pkgconfig").mkdir()
    (folder / "pkgconfig/libjpeg.pc").write_text("Name: libjpeg\nVersion: 2.1.5\n")
    assert described(yocto, "libjpeg.so.62", folder / "libjpeg.so.62").version == "2.1.5"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("libopenblas-1a2b3c4d.so.0", "libopenblas"),
        ("libgcc_s-0a.so.1", "libgcc_s"),
        ("libstdc++.so.6.0.30", "libstdc++"),
        ("x.so", "x"),
    ],
)
def test_names(file: str, name: str) -> None:
    assert libraries.stem(file) == name
