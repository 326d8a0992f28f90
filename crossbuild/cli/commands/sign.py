"""``crossbuild sign`` and ``verify-signature``: who vouches for a wheelhouse."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossbuild.cli.inputs import console

if TYPE_CHECKING:  # heavy at start-up
    from crossbuild.export.signers import Trust

WheelhouseArgument = Annotated[Path, typer.Argument(help="The folder that wheels published.")]


def sign(
    wheelhouse: WheelhouseArgument,
    key: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="A key of ssh or minisign; ssh's public one where an agent has the key.",
        ),
    ],
    serial: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10**18 - 1,
            help="By which boards recognise older wheelhouses; by default the seconds since 1970.",
        ),
    ] = None,
) -> None:
    """Sign a wheelhouse, and put install.sh for boards into it."""
    from crossbuild.export import signing

    number = signing.sign(wheelhouse, key, serial=serial)
    console.say(f"{wheelhouse} is signed, serial number {number}")


def verify_signature(
    wheelhouse: WheelhouseArgument,
    allowed_signers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Names and ssh keys, as ssh-keygen reads them."),
    ] = None,
    revoked: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Revoked ssh keys, or a KRL.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The public key of minisign.")
    ] = None,
) -> None:
    """Check that a wheelhouse is complete and signed by a trusted key."""
    from crossbuild.export import signing

    signed = signing.verify(wheelhouse, _trust(allowed_signers, revoked, public_key))
    console.say(
        f"{wheelhouse} is signed by {signed.signer}, serial number {signed.serial}: "
        f"{len(signed.names)} files"
    )


def _trust(allowed_signers: Path | None, revoked: Path | None, public_key: Path | None) -> "Trust":
    from crossbuild.export.signers import MinisignTrust, SshTrust

    if allowed_signers is not None and public_key is None:
        return SshTrust(allowed_signers, revoked)
    if public_key is not None and allowed_signers is None and revoked is None:
        return MinisignTrust(public_key)
    raise typer.BadParameter(
        "name --allowed-signers, with --revoked or not, for ssh; or --public-key for minisign"
    )
