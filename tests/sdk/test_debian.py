"""Packages of Debian: apt's settings, and files that are damaged."""

from pathlib import Path

import pytest

from crossbuild.core.errors import CommandError
from crossbuild.sdk import debian

NOWHERE = "file:///no/such/mirror/"


def test_a_damaged_package_is_removed_to_be_fetched_again(tmp_path: Path) -> None:
    package = tmp_path / "libc6_2.36_armhf.deb"
    package.write_bytes(b"half of it")
    with pytest.raises(CommandError, match=r"libc6_2\.36_armhf\.deb is damaged") as caught:
        debian.unpack([package], tmp_path / "out", tmp_path / "log")
    assert "run the same command again" in caught.value.cure
    assert not package.exists()


def test_apt_gets_the_build_machines_proxy_but_none_of_its_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "apt.conf"
    machine.write_text(
        'Acquire::http::Proxy "http://proxy.example:3128";\n'
        'APT::Update::Post-Invoke-Success { "touch /hooked"; };\n'
    )
    monkeypatch.setattr(debian, "run", _with_apt_config(machine))
    apt = debian.Apt(NOWHERE, "bookworm", "armhf", tmp_path / "apt", tmp_path / "log")
    text = apt._settings()
    assert 'Acquire::http::Proxy "http://proxy.example:3128";' in text
    assert "Post-Invoke" not in text


def _with_apt_config(path: Path):  # type: ignore[no-untyped-def]
    from crossbuild.core.command import clean_environment, run

    def run_with(argv: list[str], **options: object) -> object:
        options["env"] = clean_environment(APT_CONFIG=str(path))
        return run(argv, **options)  # type: ignore[arg-type]

    return run_with
