"""The cells of the matrix, and what CI services read of them."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console as RichConsole

from crossbuild.core import defaults
from crossbuild.core.errors import ConfigurationError, MatrixError, SdkError
from crossbuild.packages import recipe
from crossbuild.packages.project.configuration import Configuration
from crossbuild.packages.wanted import parse_all
from crossbuild.pipeline import matrix
from crossbuild.pipeline.matrix import Cell, Result
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.run import Made
from crossbuild.progress.console import Console
from crossbuild.python.target import TargetRequest
from crossbuild.toolchain.capacity import Capacity
from tests.support import projects
from tests.support.programs import CROSSBUILD

PLAIN = Configuration()


def names(cells: tuple[Cell, ...]) -> list[str]:
    return [cell.identifier for cell in cells]


def test_every_python_is_a_cell_with_the_versions_of_the_recipes() -> None:
    packages = recipe.names()
    found = {cell.python: cell for cell in matrix.cells(parse_all(packages), PLAIN)}
    assert list(found) == list(recipe.PYTHONS)
    for python, cell in found.items():
        having = [name for name in packages if recipe.load(name).for_python_all(python)]
        assert list(map(str, cell.packages)) == having
        assert cell.versions == tuple(
            f"{name}=={recipe.load(name).for_python(python).version}" for name in having
        )
        assert sorted(map(str, [*cell.packages, *cell.without])) == packages


def test_cells_are_named_as_cibuildwheel_does_and_tagged_with_their_abi() -> None:
    tags = {cell.identifier: cell.tag for cell in matrix.cells(parse_all(["numpy"]), PLAIN)}
    assert tags["cp35-linux_armv7l"] == "cp35-cp35m-linux_armv7l"
    assert tags["cp37-linux_armv7l"] == "cp37-cp37m-linux_armv7l"
    assert tags["cp38-linux_armv7l"] == "cp38-cp38-linux_armv7l"
    assert tags["cp313-linux_armv7l"] == "cp313-cp313-linux_armv7l"


def test_each_cell_takes_the_reference_sdk_that_has_its_python() -> None:
    found = {
        cell.python: (cell.sdk, cell.board) for cell in matrix.cells(parse_all(["numpy"]), PLAIN)
    }
    assert found["3.9"] == ("debian-bullseye", True)
    assert found["3.11"] == ("debian-bookworm", True)
    assert found["3.13"] == ("debian-trixie", True)
    assert found["3.7"] == (defaults.REFERENCE, False)


def test_an_sdk_of_the_users_own() -> None:
    configuration = Configuration.model_validate({"sdk": {"cp37-*": "/opt/zeus"}})
    found = {cell.python: cell for cell in matrix.cells(parse_all(["numpy"]), configuration)}
    assert (found["3.7"].sdk, found["3.7"].board) == ("/opt/zeus", None)
    assert found["3.9"].sdk == "debian-bullseye"
    assert {cell.sdk for cell in matrix.cells(parse_all(["numpy"]), configuration, sdk="/x")} == {
        "/x"
    }


def test_build_and_skip_choose_cells_and_only_overrides_them() -> None:
    configuration = Configuration(build=("cp3[67]-*", "cp39-*"), skip=("cp36-*",))
    assert names(matrix.cells(parse_all(["numpy"]), configuration)) == [
        *("cp37-linux_armv7l", "cp39-linux_armv7l")
    ]
    only = matrix.cells(parse_all(["numpy"]), configuration, only="cp311-linux_armv7l")
    assert names(only) == ["cp311-linux_armv7l"]
    assert names(matrix.cells(parse_all(["numpy"]), PLAIN, pythons=["3.7"])) == [
        "cp37-linux_armv7l"
    ]


def test_packages_that_a_python_cannot_have_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        "[project]\nname = 'tiny'\nrequires-python = '>=3.7.1,<3.10'\n"
    )
    found = matrix.cells(parse_all([str(folder), "numpy", "numpy==1.21.6", "other"]), PLAIN)
    by_python = {cell.python: cell for cell in found}
    assert by_python["3.6"].packages == parse_all(("numpy", "other"))
    assert by_python["3.6"].without == parse_all((str(folder), "numpy==1.21.6"))
    assert by_python["3.7"].packages == parse_all((str(folder), "numpy", "numpy==1.21.6", "other"))
    assert names(matrix.cells(parse_all([str(folder)]), PLAIN)) == [
        *("cp37-linux_armv7l", "cp38-linux_armv7l", "cp39-linux_armv7l")
    ]


def test_no_cell_and_no_such_cell() -> None:
    with pytest.raises(ConfigurationError) as caught:
        matrix.cells(parse_all(["numpy"]), Configuration(build=("pp*",)))
    assert "cp37-linux_armv7l" in caught.value.evidence
    assert "build: pp*" in caught.value.evidence
    assert "[tool.crossbuild]" in caught.value.cure
    with pytest.raises(ConfigurationError, match="there is no cell cp37-manylinux_armv7l") as other:
        matrix.cells(parse_all(["numpy"]), PLAIN, only="cp37-manylinux_armv7l")
    assert "cp37-linux_armv7l" in other.value.evidence
    with pytest.raises(ConfigurationError, match=r"no Python 2\.7") as old:
        matrix.cells(parse_all(["numpy"]), PLAIN, pythons=["2.7"])
    assert "3.5" in old.value.evidence
    with pytest.raises(ConfigurationError, match="'a b' is neither"):
        matrix.cells(parse_all(["a b"]), PLAIN)


def test_what_github_takes() -> None:
    found = matrix.cells(parse_all(["numpy", "scipy"]), PLAIN, pythons=["3.7", "3.9"])
    text = matrix.as_github(found)
    assert "\n" not in text
    assert json.loads(text) == {
        "include": [
            {
                "identifier": "cp37-linux_armv7l",
                "python": "3.7",
                "packages": "numpy scipy",
                "sdk": "debian-bookworm",
                "board": False,
            },
            {
                "identifier": "cp39-linux_armv7l",
                "python": "3.9",
                "packages": "numpy scipy",
                "sdk": "debian-bullseye",
                "board": True,
            },
        ]
    }


def test_what_gitlab_takes() -> None:
    found = matrix.cells(parse_all(["numpy", "scipy"]), PLAIN, pythons=["3.7", "3.9"])
    document = json.loads(matrix.as_gitlab(found))
    assert document.pop("include") == [{"local": ".gitlab/cell.yml"}]
    assert list(document) == ["cp37-linux_armv7l", "cp39-linux_armv7l"]
    assert document["cp39-linux_armv7l"] == {
        "extends": ".cell",
        "variables": {
            "IDENTIFIER": "cp39-linux_armv7l",
            "PYTHON": "3.9",
            "PACKAGES": "numpy scipy",
            "SDK": "debian-bullseye",
            "BOARD": "True",
        },
    }
    assert "BOARD" not in document["cp37-linux_armv7l"]["variables"]


def test_the_files_for_ci_call_the_matrix() -> None:
    root = Path(__file__).parents[2]
    workflow = (root / ".github/workflows/wheels.yml").read_text()
    assert "fromJSON(needs.cells.outputs.matrix)" in workflow
    for name in ("identifier", "python", "packages", "sdk", "board"):
        assert f"matrix.{name}" in workflow
    assert ".cell:" in (root / matrix.GITLAB_TEMPLATE).read_text()
    assert "--format gitlab" in (root / ".gitlab-ci.yml").read_text()


@pytest.mark.parametrize("name", [".github/workflows/check.yml", ".gitlab-ci.yml"])
def test_ci_runs_what_contributors_run(name: str) -> None:
    steps = (Path(__file__).parents[2] / name).read_text().splitlines()
    run = [step.strip().removeprefix("- ").removeprefix("run: ") for step in steps]
    assert [step for step in run if step in {"make lint", "make check"}] == [
        *("make lint", "make check")
    ]


def test_a_failed_cell_is_named() -> None:
    good, bad = matrix.cells(parse_all(["numpy"]), PLAIN, pythons=["3.7", "3.9"])
    made = Made("numpy 1", Path("numpy-1-cp37-cp37m-linux_armv7l.whl"), "0" * 64, 61.0, False)
    results = [Result(good, (made,), 61.0), Result(bad, (), 2.0, SdkError("no such SDK"))]
    with pytest.raises(MatrixError, match="1 of 2 cells failed") as caught:
        matrix.require_all(results)
    assert caught.value.evidence == "cp39-linux_armv7l: no such SDK"
    assert "--only cp39-linux_armv7l" in caught.value.cure
    matrix.require_all(results[:1])
    screen = RichConsole(record=True, width=120)
    screen.print(matrix.table(results))
    shown = screen.export_text()
    assert "numpy-1-cp37-cp37m-linux_armv7l.whl" in shown
    assert "1 min 01 s" in shown
    assert "failed: no such SDK" in shown


def test_the_command_prints_cells_of_the_projects_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.crossbuild]\nbuild = 'cp37-* cp39-*'\npackages = ['numpy']\n"
    )
    finished = command(tmp_path, "--python", "3.7")
    assert finished.returncode == 0, finished.stderr
    (cell,) = json.loads(finished.stdout)["cells"]
    assert (cell["identifier"], cell["packages"]) == ("cp37-linux_armv7l", ["numpy"])
    finished = command(tmp_path, "--python", "3.8")
    assert finished.returncode == ConfigurationError.exit_code
    assert "no cell is left" in finished.stderr


@pytest.mark.slow
def test_all_cells_are_built_though_one_fails(
    reference_sdk_root: Callable[[str], Path], tmp_path: Path
) -> None:
    tiny = projects.write(tmp_path / "tiny")
    source = tiny / "tiny.c"
    source.write_text(
        f"{source.read_text()}\n#if PY_VERSION_HEX < 0x030a0000\n#error old\n#endif\n"
    )
    reference_sdk_root("debian-bookworm")
    base = BuildRequest(
        target=TargetRequest(Path(), tmp_path / "work", defaults.CACHE),
        packages=(),
        wheelhouse=tmp_path / "wheelhouse",
        capacity=Capacity(2),
    )
    cells = matrix.cells(
        parse_all([str(tiny)]), PLAIN, pythons=["3.7", "3.11", "3.12"], sdk="debian-bookworm"
    )
    results = matrix.build(cells, base, Console())
    assert [result.error is None for result in results] == [False, True, True]
    landed = sorted(path.name for path in base.wheelhouse.glob("*.whl"))
    assert landed == [
        *("tiny-1.0-cp311-cp311-linux_armv7l.whl", "tiny-1.0-cp312-cp312-linux_armv7l.whl")
    ]
    offline = replace(base, offline=True)
    again = matrix.build(cells[1:], offline, Console())
    assert all(made.reused for result in again for made in result.made)


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(CROSSBUILD), "matrix", *words]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
