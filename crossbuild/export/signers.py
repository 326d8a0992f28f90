"""The programs that sign and check: ssh-keygen (``-Y``, OpenSSH 8.2 and later) and minisign.

Which one is told by the key's file.  Passphrases are asked by the programs themselves, or by
ssh's agent; no secret is on a command line, in a variable or in a log.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import system_packages
from crossbuild.core.command import Completed, clean_environment, run_attended, try_run, which
from crossbuild.core.errors import SignatureError, ToolMissingError
from crossbuild.wheel.wheelhouse import MINISIGN_SIGNATURE, SSH_SIGNATURE, SUMS

#: What ssh's signatures are for: one of a mail or a commit counts for nothing here.
NAMESPACE = "crossbuild-wheelhouse"

_SSH_PRIVATE = b"-----BEGIN "
_SSH_PUBLIC = (b"ssh-", b"ecdsa-", b"sk-")  # with the private one in the agent
_MINISIGN = b"untrusted comment:"


@dataclass(frozen=True)
class SshTrust:
    """Whose ssh keys count.

    :ivar allowed_signers: ssh-keygen's file of names and keys, with their times of validity
    :ivar revoked: keys that no longer count: a list of public keys, or a KRL
    """

    allowed_signers: Path
    revoked: Path | None = None
    signature: str = SSH_SIGNATURE

    def check(self, text: bytes, signature: Path) -> str:
        """Check the signature of a text; return who made it.

        :raises SignatureError: no key that counts now made it
        """
        files = [self.allowed_signers, *([self.revoked] if self.revoked else [])]
        _require("ssh-keygen", *files)
        keygen = ("ssh-keygen", "-Y")
        places = ("-f", self.allowed_signers, "-s", signature)
        found = try_run([*keygen, "find-principals", *places])
        names = found.output.split("\n", 1)[0].split(",")[0]
        if found.status != 0 or not names:
            reason = "its key has expired" if "expired" in found.output else "nobody allowed"
            raise _refused(f"{reason}, says ssh-keygen", found)
        revoked = ("-r", self.revoked) if self.revoked else ()
        words = [*keygen, "verify", "-n", NAMESPACE, "-I", names, *places, *revoked]
        checked = try_run(words, stdin=text.decode("utf-8", "surrogateescape"))
        if checked.status != 0:
            raise _refused("ssh-keygen refuses it", checked)
        return names


@dataclass(frozen=True)
class MinisignTrust:
    """Whose minisign key counts; it neither expires nor is revoked but by another file."""

    public_key: Path
    signature: str = MINISIGN_SIGNATURE

    def check(self, text: bytes, signature: Path) -> str:
        """Check the signature of a text; return who made it.

        :raises SignatureError: the key did not make it
        """
        _require("minisign", self.public_key)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, SUMS)
            copy.write_bytes(text)
            words = ("-V", "-q", "-p", self.public_key, "-m", copy, "-x", signature)
            checked = try_run(["minisign", *words])
        if checked.status != 0:
            raise _refused("minisign refuses it", checked)
        return str(self.public_key)


Trust = SshTrust | MinisignTrust


def sign(text: bytes, key: Path) -> tuple[str, bytes]:
    """Sign a text; return the signature's name beside it, and the signature.

    :param key: a private key of ssh or minisign, or ssh's public one of a key in the agent
    :raises SignatureError: the file is no such key, or the program did not sign
    """
    program, name = _kind(key)
    _require(program, key)
    place = key.absolute()
    words: dict[str, list[str | Path]] = {
        "ssh-keygen": ["-q", "-Y", "sign", "-n", NAMESPACE, "-f", place, SUMS],
        "minisign": ["-S", "-s", place, "-m", SUMS, "-x", name],
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, SUMS).write_bytes(text)
        run_attended([program, *words[program]], cwd=Path(folder))
        signature = Path(folder, name)
        return name, signature.read_bytes()


def _kind(key: Path) -> tuple[str, str]:
    """The program of a key, and the name of its signatures."""
    try:
        with key.open("rb") as stream:
            beginning = stream.read(100)
    except OSError as error:
        raise SignatureError(
            "the key cannot be read", evidence=str(error), cure="name the key's file with --key"
        ) from error
    if beginning.startswith((_SSH_PRIVATE, *_SSH_PUBLIC)):
        return "ssh-keygen", SSH_SIGNATURE
    if beginning.startswith(_MINISIGN):
        return "minisign", MINISIGN_SIGNATURE
    raise SignatureError(
        f"{key} is no key that crossbuild signs with",
        evidence="it begins neither as a key of OpenSSH nor as one of minisign",
        cure="make one: ssh-keygen -t ed25519 -f wheels-key, or minisign -G -s wheels.key",
    )


def _require(program: str, *needed: Path) -> None:
    """Check that a program is there, and the files that it is given."""
    env = clean_environment()
    if which(program, env) is None:
        raise ToolMissingError(
            f"the program {program!r} is missing",
            evidence=f"not found on PATH={env['PATH']}",
            cure=system_packages.cure(program),
        )
    missing = [str(path) for path in needed if not path.is_file()]
    if missing:
        raise SignatureError(
            "a file of keys is missing", evidence=", ".join(missing), cure="check the path"
        )


def _refused(why: str, completed: Completed) -> SignatureError:
    return SignatureError(
        f"the signature of the wheelhouse does not count: {why}",
        evidence=completed.output.strip(),
        cure="install nothing of it; get the wheelhouse again from who made it. If the key is "
        "right and new, add it to what this machine trusts",
    )
