"""``crossbuild board``: real boards."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Real boards.", no_args_is_help=True)


@app.command()
def probe(
    destination: Annotated[str, typer.Argument(help="user@host, or a name of ssh's config.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The profile, for `audit --profile`.")
    ] = Path("board.toml"),
    python: Annotated[str, typer.Option(help="The board's Python.")] = "python3",
) -> None:
    """Write the profile of a real board: CPU, libraries, Python, pip."""
    from crossbuild.audit import profile
    from crossbuild.board import probe as probes
    from crossbuild.board.ssh import ssh_board

    with ssh_board(destination, python=python, user_site=True) as board:
        profile.save(probes.probe(board), output)
    typer.echo(output)
