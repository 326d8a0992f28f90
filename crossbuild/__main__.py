"""``python -m crossbuild`` is the command line."""

from crossbuild.cli.app import main

main()
