"""A mirror that is not Debian's: what is not signed, or not what was signed, is not unpacked."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from crossbuild.core.errors import IndexUnreachableError
from crossbuild.sdk import debian
from crossbuild.sdk.debian import Apt

pytestmark = pytest.mark.skipif(not shutil.which("gpg"), reason="gpg signs the mirror")

DEB = "thing_1.0_armhf.deb"


class Mirror:
    """A Debian mirror with one package, in a folder, signed with a key of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.keyring = root / "mirror", root / "keyring.gpg"
        self.deb = self.root / "pool" / DEB
        self.suite = self.root / "dists/sample"
        self._home = root / "gnupg"
        self._home.mkdir(mode=0o700)
        self._gpg("--quick-generate-key", "mirror@example.org", "ed25519", "sign", "never")
        self._gpg("--output", str(self.keyring), "--export")
        control = root / "thing/DEBIAN/control"
        control.parent.mkdir(parents=True)
        fields = ("Package: thing", "Version: 1.0", "Architecture: armhf", "Maintainer: me")
        control.write_text("\n".join([*fields, "Description: a thing", ""]))
        self.deb.parent.mkdir(parents=True)
        subprocess.run(
            ["dpkg-deb", "--build", "--root-owner-group", root / "thing", self.deb], check=True
        )
        self.list()
        self.sign()

    def list(self) -> None:
        """Write the list of packages."""
        argv = ["dpkg-scanpackages", "--arch", "armhf", "pool"]
        listed = subprocess.run(argv, cwd=self.root, check=True, capture_output=True).stdout
        for folder in ("binary-armhf", "source"):
            path = self.suite / "main" / folder
            path.mkdir(parents=True, exist_ok=True)
        (self.suite / "main/binary-armhf/Packages").write_bytes(listed)
        (self.suite / "main/source/Sources").write_bytes(b"")

    def sign(self) -> None:
        """Sign the hashes of the lists."""
        paths = [path for path in self.suite.rglob("*") if path.name in {"Packages", "Sources"}]
        sums = "".join(
            f" {hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_size} "
            f"{path.relative_to(self.suite)}\n"
            for path in paths
        )
        heads = "Suite: sample\nCodename: sample\nComponents: main\nArchitectures: armhf\n"
        date = "Date: Thu, 01 Jan 2026 00:00:00 UTC\n"
        (self.suite / "Release").write_text(f"{heads}{date}SHA256:\n{sums}")
        signed = self.suite / "InRelease"
        signed.unlink(missing_ok=True)
        self._gpg("--output", str(signed), "--clear-sign", str(self.suite / "Release"))

    def _gpg(self, *words: str) -> None:
        own = ["gpg", "--homedir", str(self._home), "--batch", "--passphrase", ""]
        subprocess.run([*own, *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    return Mirror(tmp_path_factory.mktemp("signed"))


@pytest.fixture
def mirror(signed: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """A copy of the signed mirror, which a test may spoil."""
    mirror = object.__new__(Mirror)
    mirror.__dict__ = {**signed.__dict__, "root": tmp_path / "mirror"}
    shutil.copytree(signed.root, mirror.root)
    mirror.deb, mirror.suite = mirror.root / "pool" / DEB, mirror.root / "dists/sample"
    monkeypatch.setattr(debian, "KEYRING", signed.keyring)
    return mirror


def apt_of(mirror: Mirror, folder: Path) -> Apt:
    return Apt(mirror.root.as_uri() + "/", "sample", "armhf", folder / "apt", folder / "log")


def other_bytes(path: Path) -> None:
    """Change a file, and not its size."""
    data = path.read_bytes()
    path.write_bytes(data[:-8] + bytes(8))


def test_what_is_signed_is_taken(mirror: Mirror, tmp_path: Path) -> None:
    (path,) = apt_of(mirror, tmp_path).download(["thing"], [])
    assert path.read_bytes() == mirror.deb.read_bytes()


def test_a_mirror_without_a_signature_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    (mirror.suite / "InRelease").unlink()
    with pytest.raises(IndexUnreachableError) as caught:
        apt_of(mirror, tmp_path).download(["thing"], [])
    assert "is not signed" in caught.value.evidence


def test_a_list_other_than_the_signed_one_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    listed = mirror.suite / "main/binary-armhf/Packages"
    listed.write_text(listed.read_text().replace("a thing", "a thinG"))
    with pytest.raises(IndexUnreachableError) as caught:
        apt_of(mirror, tmp_path).download(["thing"], [])
    assert "Hash Sum mismatch" in caught.value.evidence


def test_a_package_other_than_the_listed_one_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    other_bytes(mirror.deb)
    with pytest.raises(IndexUnreachableError) as caught:
        apt_of(mirror, tmp_path).download(["thing"], [])
    assert "Hash Sum mismatch" in caught.value.evidence


def test_a_package_that_was_changed_in_the_cache_is_fetched_again(
    mirror: Mirror, tmp_path: Path
) -> None:
    apt = apt_of(mirror, tmp_path)
    (path,) = apt.download(["thing"], [])
    other_bytes(path)
    assert apt.download(["thing"], []) == [path]
    assert path.read_bytes() == mirror.deb.read_bytes()
