"""The target sysroot: Debian's packages, laid out as Yocto has them."""

import os
from pathlib import Path

import pytest

from crossbuild.sdk.reference import target


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("lib/arm-linux-gnueabihf/libm.so.6", "usr/lib/libm.so.6"),
        ("lib/ld-linux-armhf.so.3", "usr/lib/ld-linux-armhf.so.3"),
        ("bin/uname", "usr/bin/uname"),
        ("usr/lib/arm-linux-gnueabihf/openblas-pthread/libblas.so.3", "usr/lib/libblas.so.3"),
        ("usr/include/arm-linux-gnueabihf/bits/types.h", "usr/include/bits/types.h"),
        (
            "usr/lib/python3.11/config-3.11-arm-linux-gnueabihf/Makefile",
            "usr/lib/python3.11/config-3.11-arm-linux-gnueabihf/Makefile",
        ),
        ("etc/ld.so.conf.d/arm-linux-gnueabihf.conf", "etc/ld.so.conf.d/arm-linux-gnueabihf.conf"),
    ],
)
def test_flat_places(path: str, place: str) -> None:
    assert target.flat(path) == place


def _packages(root: Path) -> None:
    """Files as Debian's packages have them."""
    files = {
        "lib/arm-linux-gnueabihf/libm.so.6": "libm",
        "usr/lib/arm-linux-gnueabihf/libc.so": "/* GNU ld script */\nGROUP ( "
        "/lib/arm-linux-gnueabihf/libc.so.6 /usr/lib/arm-linux-gnueabihf/libc_nonshared.a )",
        "usr/include/python3.11/pyconfig.h": "of no architecture",
        "usr/include/arm-linux-gnueabihf/python3.11/pyconfig.h": "of armhf",
        "usr/lib/python3.11/EXTERNALLY-MANAGED": "",
        "usr/share/doc/libm/copyright": "licence",
        "usr/share/doc/libm/changelog.gz": "",
        "usr/share/ca-certificates/mozilla/a.crt": "A\n",
        "usr/share/ca-certificates/mozilla/b.crt": "B\n",
        "bin/dash": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    links = {
        "usr/lib/arm-linux-gnueabihf/libm.so": "/lib/arm-linux-gnueabihf/libm.so.6",
        "usr/lib/python3.11/sitecustomize.py": "/etc/python3.11/sitecustomize.py",
        "usr/share/doc/libm-dev": "libm",
    }
    for name, goal in links.items():
        (root / name).symlink_to(goal)


@pytest.fixture
def sysroot(tmp_path: Path) -> Path:
    _packages(tmp_path / "unpacked")
    target.flatten(tmp_path / "unpacked", tmp_path / "sysroot")
    target.finish(tmp_path / "sysroot")
    return tmp_path / "sysroot"


def test_an_absolute_link_becomes_relative_and_holds_in_the_flat_place(sysroot: Path) -> None:
    link = sysroot / "usr/lib/libm.so"
    assert str(link.readlink()) == "libm.so.6"
    assert link.read_text() == "libm"


def test_a_link_to_nothing_is_not_kept(sysroot: Path) -> None:
    assert not os.path.lexists(sysroot / "usr/lib/python3.11/sitecustomize.py")


def test_a_linker_script_names_flat_paths(sysroot: Path) -> None:
    text = (sysroot / "usr/lib/libc.so").read_text()
    assert "GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a )" in text


def test_the_header_of_the_architecture_wins(sysroot: Path) -> None:
    assert (sysroot / "usr/include/python3.11/pyconfig.h").read_text() == "of armhf"


def test_what_the_packages_scripts_would_do_is_done(sysroot: Path) -> None:
    assert (sysroot / "bin/sh").resolve() == sysroot / "usr/bin/dash"
    assert (sysroot / "etc/ssl/certs/ca-certificates.crt").read_text() == "A\nB\n"
    assert not (sysroot / "usr/lib/python3.11/EXTERNALLY-MANAGED").exists()


def test_licences_are_kept_and_other_documents_are_not(sysroot: Path) -> None:
    assert (sysroot / "usr/share/doc/libm-dev/copyright").read_text() == "licence"
    assert not (sysroot / "usr/share/doc/libm/changelog.gz").exists()
