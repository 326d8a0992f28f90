"""Models, arrays and tables pickled on x86-64 by the same versions are used on the board."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.board.emulated import EmulatedBoard
from crossbuild.core.command import clean_environment, run
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline.request import BuildRequest
from crossbuild.python import build_python
from tests.support import requests
from tests.support.boards import base, board

__all__ = ["base", "board"]

pytestmark = pytest.mark.slow

TRAVELLERS = Path(__file__).parents[1] / "support/travelling_models.py"

#: What does not arrive; docs/stack.md has what to do instead.
LOST = {"neighbours, ball tree", "neighbours, k-d tree"}


@pytest.mark.skipif("CROSSBUILD_NIGHTLY" not in os.environ, reason="run by `make nightly`")
def test_what_is_pickled_on_x86_64_is_used_on_the_board(
    request_in: Callable[..., BuildRequest], board: EmulatedBoard, tmp_path: Path
) -> None:
    request = requests.changed(request_in(), packages=parse_all(["pandas", "scikit-learn"]))
    request = requests.changed(request, jobs=os.cpu_count())
    pins = [made.title.replace(" ", "==") for made in requests.run(request)]

    native, pickles = tmp_path / "native", tmp_path / "models.pickle"
    environment = clean_environment(PYTHONNOUSERSITE="1")
    run([build_python.find("3.11").executable, "-m", "venv", native], env=environment)
    run([native / "bin/pip", "install", "--only-binary", ":all:", *pins], env=environment)
    run([native / "bin/python", TRAVELLERS, "make", pickles], env=environment)

    board.push(request.wheelhouse, "/tmp/house")
    board.push(TRAVELLERS, "/tmp/travellers.py")
    board.push(pickles, "/tmp/models.pickle")
    options = ["--no-index", "-f", "/tmp/house", *board.install_options]
    board.run([*board.pip, "install", *options, *pins])
    told = board.run([*board.python, "/tmp/travellers.py", "load", "/tmp/models.pickle"]).output
    answers = dict(line.split(": ", 1) for line in told.splitlines())
    assert len(answers) > 20
    others = {name: answer for name, answer in answers.items() if answer != "same"}
    assert others.keys() == LOST, others
    assert all("Buffer dtype mismatch" in answer for answer in others.values())
