"""A wheelhouse is signed, and refused once anything of it is not what was signed."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.core import files
from crossbuild.core.errors import SignatureError
from crossbuild.export import signing
from crossbuild.export.signers import MinisignTrust, SshTrust
from tests.support.programs import CROSSBUILD
from tests.support.sample_wheels import Sample
from tests.support.signed_wheelhouses import (
    PURE,
    Keys,
    make_keys,
    publish,
    signed,
    ssh_key,
    without_session,
)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


def test_what_ssh_signed_is_verified(keys: Keys, tmp_path: Path) -> None:
    house = signed(tmp_path / "house", keys.ssh)
    told = signing.verify(house, SshTrust(keys.allow()))
    assert told.signer == "vendor@example.com"
    assert set(told.names) == {
        *("SERIAL", "install.sh", "requirements-cp311.txt"),
        *("helper-1.0-py3-none-any.whl", "tool-1.0-py3-none-any.whl"),
    }
    listed = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=house, check=False)
    assert listed.returncode == 0


def test_two_keys_sign_the_same_list(keys: Keys, tmp_path: Path) -> None:
    house = signed(tmp_path / "house", keys.ssh)
    first = signing.verify(house, SshTrust(keys.allow()))
    assert signing.sign(house, keys.minisign) == first.serial
    assert signing.verify(house, SshTrust(keys.allow())) == first
    assert signing.verify(house, MinisignTrust(keys.trust_minisign())).serial == first.serial


def test_publishing_the_same_again_leaves_the_signature(keys: Keys, tmp_path: Path) -> None:
    house = signed(tmp_path / "house", keys.ssh)
    before = {path: path.read_bytes() for path in house.iterdir() if path.is_file()}
    publish(house)
    assert {path: path.read_bytes() for path in house.iterdir() if path.is_file()} == before


def test_a_new_wheel_takes_the_signature_away_and_the_next_serial_is_larger(
    keys: Keys, tmp_path: Path
) -> None:
    house = publish(tmp_path / "house")
    last = signing.sign(house, keys.ssh, serial=4_000_000_000)
    publish(house, "2.0")
    with pytest.raises(SignatureError, match="is not signed"):
        signing.verify(house, SshTrust(keys.allow()))
    with pytest.raises(SignatureError, match="smaller than that of the last signature"):
        signing.sign(house, keys.ssh, serial=last - 1)
    assert signing.sign(house, keys.ssh) == last + 1


def _expired(keys: Keys, house: Path) -> SshTrust:
    return SshTrust(keys.allow('valid-before="20200101"'))


def _revoked(keys: Keys, house: Path) -> SshTrust:
    return SshTrust(keys.allow(), keys.revoke())


def _unknown(keys: Keys, house: Path) -> SshTrust:
    path = keys.trusted / "allowed_signers"
    path.write_text(f"vendor@example.com {keys.strange_ssh.with_suffix('.pub').read_text()}")
    return SshTrust(path)


def _for_something_else(keys: Keys, house: Path) -> SshTrust:
    (house / "SHA256SUMS.sig").unlink()
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(keys.ssh)]
    subprocess.run([*words, str(house / "SHA256SUMS")], check=True)
    return SshTrust(keys.allow())


def _another_list(keys: Keys, house: Path) -> SshTrust:
    text = (house / "SHA256SUMS").read_text()
    (house / "SHA256SUMS").write_text(text.replace(files.sha256(house / "SERIAL"), "0" * 64))
    return SshTrust(keys.allow())


def _no_text(keys: Keys, house: Path) -> SshTrust:
    (house / "SHA256SUMS").write_bytes(b"\xff\xfe\r\n\0")
    return SshTrust(keys.allow())


def _strange_minisign(keys: Keys, house: Path) -> MinisignTrust:
    signing.sign(house, keys.minisign)
    return MinisignTrust(Path(f"{keys.strange_minisign}.pub"))


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (_expired, "its key has expired"),
        (_revoked, "ssh-keygen refuses it"),
        (_unknown, "nobody allowed"),
        (_for_something_else, "namespace does not match"),
        (_another_list, "incorrect signature"),
        (_no_text, "incorrect signature"),
        (_strange_minisign, "minisign refuses it"),
    ],
)
def test_a_key_that_does_not_count_is_refused(
    prepare: Callable[[Keys, Path], SshTrust | MinisignTrust],
    words: str,
    keys: Keys,
    tmp_path: Path,
) -> None:
    house = signed(tmp_path / "house", keys.ssh)
    with pytest.raises(SignatureError) as refused:
        signing.verify(house, prepare(keys, house))
    assert words in str(refused.value)
    assert "install nothing of it" in refused.value.cure


TOOL = f"tool-1.0-{PURE}.whl"


@pytest.mark.parametrize(
    ("spoil", "fact"),
    [
        (lambda house: (house / TOOL).write_bytes(b"x"), f"{TOOL} has other bytes"),
        (lambda house: (house / TOOL).unlink(), f"{TOOL} is missing"),
        (lambda house: (house / "SERIAL").write_text("9\n"), "SERIAL has other bytes"),
        (lambda house: (house / "tool-2.0.tar.gz").touch(), "tool-2.0.tar.gz is not listed"),
        (lambda house: (house / "links.HTML").touch(), "links.HTML is not listed"),
    ],
)
def test_a_file_that_was_not_signed_is_refused(
    spoil: Callable[[Path], object], fact: str, keys: Keys, tmp_path: Path
) -> None:
    house = signed(tmp_path / "house", keys.ssh)
    spoil(house)
    with pytest.raises(SignatureError) as verified:
        signing.verify(house, SshTrust(keys.allow()))
    with pytest.raises(SignatureError) as signed_again:
        signing.sign(house, keys.ssh)
    assert fact in verified.value.evidence
    assert fact in signed_again.value.evidence


@pytest.mark.parametrize("line", ["0" * 64 + "  ../etc/passwd", "numpy.whl", ""])
def test_a_list_that_is_none_is_not_signed(line: str, keys: Keys, tmp_path: Path) -> None:
    house = publish(tmp_path / "house")
    (house / "SHA256SUMS").write_text(line)
    with pytest.raises(SignatureError, match="no list of a wheelhouse's files"):
        signing.sign(house, keys.ssh)
    assert not (house / "SERIAL").exists()


def test_a_signature_that_fails_leaves_the_wheelhouse_as_it_was(tmp_path: Path) -> None:
    house = publish(tmp_path / "house")
    before = sorted(house.iterdir())
    key = ssh_key(tmp_path / "locked", "secret")
    environment = {**without_session(), "SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force"}
    words = [str(CROSSBUILD), "sign", str(house), "--key", str(key)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "incorrect passphrase" in done.stderr
    assert "its own words stand above" in done.stderr
    assert [path for path in sorted(house.iterdir()) if path.name != ".lock"] == [
        path for path in before if path.name != ".lock"
    ]


def test_the_passphrase_is_asked_by_ssh_itself(tmp_path: Path) -> None:
    house = publish(tmp_path / "house")
    key = ssh_key(tmp_path / "locked", "secret")
    ask = tmp_path / "ask"
    ask.write_text("#!/bin/sh\necho secret\n")
    ask.chmod(0o755)
    environment = {**without_session(), "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    words = [str(CROSSBUILD), "sign", str(house), "--key", str(key)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (house / "SHA256SUMS.sig").is_file()


def test_what_is_no_key_is_told(tmp_path: Path) -> None:
    house = publish(tmp_path / "house")
    (tmp_path / "key").write_text("-----BEGIN\n".replace("-----", "gpg "))
    with pytest.raises(SignatureError, match="no key that crossbuild signs with"):
        signing.sign(house, tmp_path / "key")
    with pytest.raises(SignatureError, match="cannot be read"):
        signing.sign(house, tmp_path / "none")
    assert not (house / "SERIAL").exists()


def test_a_folder_that_is_no_wheelhouse_is_told_and_not_made(keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="is no wheelhouse"):
        signing.sign(tmp_path / "none", keys.ssh)
    assert not (tmp_path / "none").exists()


def test_the_command_line_signs_and_verifies(keys: Keys, tmp_path: Path) -> None:
    house = publish(tmp_path / "house")
    done = CliRunner().invoke(app.app, ["sign", str(house), "--key", str(keys.minisign)])
    assert done.exit_code == 0, done.output
    public = str(keys.trust_minisign())
    verify = ["verify-signature", str(house)]
    assert CliRunner().invoke(app.app, [*verify, "--public-key", public]).exit_code == 0
    assert CliRunner().invoke(app.app, verify).exit_code == 2
    both = ["--public-key", public, "--revoked", str(keys.revoke())]
    assert CliRunner().invoke(app.app, [*verify, *both]).exit_code == 2


def test_a_file_of_keys_that_is_missing_is_no_signature_that_is_refused(
    keys: Keys, tmp_path: Path
) -> None:
    house = signed(tmp_path / "house", keys.ssh)
    with pytest.raises(SignatureError, match="a file of keys is missing"):
        signing.verify(house, SshTrust(keys.allow(), tmp_path / "revoked"))


def test_a_wheel_in_the_place_of_a_signed_one_is_refused_by_its_bytes(
    keys: Keys, tmp_path: Path
) -> None:
    house = signed(tmp_path / "house", keys.ssh)
    other = Sample("tool", "1.0", PURE, {"tool.py": b"raise SystemExit\n"})
    (tmp_path / "evil").mkdir()
    shutil.copy(other.build(tmp_path / "evil"), house)
    with pytest.raises(SignatureError, match="is not what its SHA256SUMS lists"):
        signing.verify(house, SshTrust(keys.allow()))
