"""Smoke scripts of recipes, on this machine's Python."""

import sys
import zipfile
from pathlib import Path

import pytest

from crossbuild.core.command import try_run
from crossbuild.index import download, pip_settings
from crossbuild.packages import lock, recipe


@pytest.mark.slow
def test_a_smoke_script_passes_on_a_good_numpy_and_fails_on_a_broken_one(tmp_path: Path) -> None:
    python = f"3.{sys.version_info.minor}"
    found = lock.load(recipe.load("scipy").for_python(python), python)
    wheel = next(artifact for artifact in found.build if artifact.name == "numpy")
    site = tmp_path / "site"
    with zipfile.ZipFile(download.fetch(wheel, tmp_path, settings=pip_settings.read())) as archive:
        archive.extractall(site)
    script = recipe.load("numpy").smoke_script
    call = "import runpy, sys; sys.path[:0] = sys.argv[1:3]; import numpy; {}; "
    call += "runpy.run_path(sys.argv[3], run_name='__main__')"

    def smoke(damage: str) -> tuple[int, str]:
        words = ("-c", call.format(damage), site, script.parent, script)
        finished = try_run([sys.executable, *words])
        return finished.status, finished.output

    assert smoke("pass") == (0, f"numpy {wheel.version}: 18 checks passed\n")
    status, output = smoke("numpy.linalg.inv = lambda a: a")
    assert status == 1
    assert "FAILED solve: AssertionError" in output
    assert f"numpy {wheel.version}: 2 of 18 checks failed" in output
