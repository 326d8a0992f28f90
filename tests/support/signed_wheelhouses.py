"""Keys of ssh and minisign, and wheelhouses to sign with them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from crossbuild.export import signing
from crossbuild.wheel import wheelhouse
from tests.support.programs import program
from tests.support.sample_wheels import Sample

#: The Python that runs the tests, as the installer's board.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PURE = "py3-none-any"


def ssh_key(path: Path, passphrase: str = "") -> Path:
    keygen = program("ssh-keygen", "openssh-client")
    words = ["-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run([keygen, *words], check=True)
    return path


def minisign_key(path: Path) -> Path:
    """A secret key without a passphrase; the public one lies beside it, as ``.pub``."""
    words = ["-G", "-W", "-s", str(path), "-p", f"{path}.pub"]
    subprocess.run([program("minisign", "minisign"), *words], check=True, capture_output=True)
    return path


@dataclass(frozen=True)
class Keys:
    """What a vendor and a stranger have, and the folder of what a board trusts."""

    ssh: Path
    minisign: Path
    strange_ssh: Path
    strange_minisign: Path
    trusted: Path

    def allow(self, options: str = "") -> Path:
        """Let the board allow the vendor's ssh key, e.g. ``valid-before="20200101"``."""
        public = self.ssh.with_suffix(".pub").read_text()
        path = self.trusted / "allowed_signers"
        path.write_text(f"vendor@example.com {options} {public}")
        return path

    def revoke(self) -> Path:
        path = self.trusted / "revoked_keys"
        path.write_text(self.ssh.with_suffix(".pub").read_text())
        return path

    def trust_minisign(self) -> Path:
        path = self.trusted / "minisign.pub"
        path.write_text(Path(f"{self.minisign}.pub").read_text())
        return path


def make_keys(folder: Path) -> Keys:
    (folder / "trusted").mkdir()
    return Keys(
        ssh_key(folder / "vendor"),
        minisign_key(folder / "vendor.minisign"),
        ssh_key(folder / "stranger"),
        minisign_key(folder / "stranger.minisign"),
        folder / "trusted",
    )


def publish(house: Path, version: str = "1.0") -> Path:
    """Publish a wheel ``tool``, and ``helper``, which it requires."""
    built = house.with_name(f"built-{version}")
    built.mkdir(exist_ok=True)
    source = f"import helper\nVERSION = {version!r}\n".encode()
    tool = Sample("tool", version, PURE, {"tool.py": source}, requires=("helper",))
    helper = Sample("helper", "1.0", PURE, {"helper.py": b"", "helper_data/x.txt": b"1"})
    wheelhouse.publish([tool.build(built), helper.build(built)], house, PYTHON)
    return house


def signed(house: Path, key: Path, version: str = "1.0") -> Path:
    signing.sign(publish(house, version), key)
    return house


def without_session() -> dict[str, str]:
    """An environment without the agent of who runs the tests."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "DISPLAY", "PIP_"))}
