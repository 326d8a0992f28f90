"""Which package of which system has a program."""

import platform
from pathlib import Path

import pytest

from crossbuild.core import system_packages
from crossbuild.core.system_packages import command

#: What os-release says on systems of each kind.
RELEASES = {
    "Debian 12": "ID=debian",
    "Ubuntu 24.04": "ID=ubuntu\nID_LIKE=debian",
    "Linux Mint": 'ID=linuxmint\nID_LIKE="ubuntu debian"',
    "Fedora": "ID=fedora",
    "Rocky Linux": 'ID="rocky"\nID_LIKE="rhel centos fedora"',
    "Arch": "ID=arch",
    "Manjaro": "ID=manjaro\nID_LIKE=arch",
    "Tumbleweed": 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"',
}


@pytest.mark.parametrize(
    ("system", "line"),
    [
        ("Debian 12", "apt-get install qemu-user-static ccache"),
        ("Ubuntu 24.04", "apt-get install qemu-user-static ccache"),
        ("Linux Mint", "apt-get install qemu-user-static ccache"),
        ("Fedora", "dnf install qemu-user-static ccache"),
        ("Rocky Linux", "dnf install qemu-user-static ccache"),
        ("Arch", "pacman -S --needed qemu-user-static ccache"),
        ("Manjaro", "pacman -S --needed qemu-user-static ccache"),
        ("Tumbleweed", "zypper install qemu-linux-user ccache"),
    ],
)
def test_each_system_has_a_line_of_its_own(
    system: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "os-release").write_text(RELEASES[system] + "\n")
    monkeypatch.setattr(platform, "_os_release_candidates", (str(tmp_path / "os-release"),))
    monkeypatch.setattr(platform, "_os_release_cache", None)
    words = line.split()
    assert {*command(["ccache", "qemu-arm"]).split()} == {*words}
    assert command(["ccache", "qemu-arm"]).startswith(line.rpartition(" ")[0].rpartition(" ")[0])


def test_a_package_is_named_once_for_several_programs() -> None:
    assert command(["g++", "gcc"], {"ID": "debian"}) == "apt-get install build-essential"


def test_debians_packages_are_named_where_the_system_is_unknown() -> None:
    told = command(["pkg-config", "ccache"], {"ID": "nixos"})
    assert told == "install what Debian has as pkgconf, ccache"


@pytest.mark.parametrize(
    ("system", "line"),
    [
        ("debian", "apt-get install python3.11-dev"),
        ("fedora", "dnf install python3.11-devel"),
        ("opensuse", "zypper install python311-devel"),
        ("arch", ""),
        ("nixos", ""),
    ],
)
def test_a_pythons_headers(system: str, line: str) -> None:
    assert system_packages.python_headers("3.11", {"ID": system}) == line


def test_what_no_package_has_leads_to_the_doctor() -> None:
    assert command(["apt-get"], {"ID": "arch"}) == ""
    assert "doctor --machine" in system_packages.cure("no-such-program")


def test_make_setup_installs_what_the_table_names() -> None:
    listed = Path(__file__).parents[2] / "docker/system-packages.txt"
    installed = {*listed.read_text().split(), "apt", "bash"}  # apt and bash are in every Debian
    for need in system_packages.needs():
        if not need.extra:
            assert need.package["apt"] in installed
