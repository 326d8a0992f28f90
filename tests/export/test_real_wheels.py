"""Wheels that crossbuild makes, through the recipes and packages made of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from crossbuild.audit.profile import BoardProfile
from crossbuild.core.python_version import PythonVersion
from crossbuild.export import folder, opkg, yocto
from crossbuild.export.distribution import Distribution
from tests.export.conftest import read, target_of
from tests.support.bitbake import TASKS, bitbake, files_below
from tests.support.opkg_reader import read_feed
from tests.support.pip_installs import OWN, installed

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def real(
    profile: BoardProfile, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Distribution, ...]:
    """markupsafe, numpy, and the libraries that numpy needs."""
    wheelhouse = tmp_path_factory.mktemp("real")
    words = ["wheels", "markupsafe", "numpy", "--wheelhouse", str(wheelhouse)]
    subprocess.run([sys.executable, "-m", "crossbuild", *words], cwd=CHECKOUT, check=True)
    return read([wheelhouse], profile)


@pytest.mark.parametrize("name", ["crossbuild-runtime", "markupsafe", "numpy"])
def test_recipe_and_package_have_the_files_that_pip_installs(
    name: str, real: tuple[Distribution, ...], tmp_path: Path
) -> None:
    (one,) = (one for one in real if one.name == name)
    wanted = installed(one.wheel, tmp_path / "pip")
    folder.write(tmp_path / "layer", yocto.layer(real, target_of("wrynose")))
    recipe = bitbake(tmp_path / "layer", one.package, tmp_path / "build", *TASKS)
    assert _but_own(files_below(Path(recipe["D"]))) == wanted
    contents = opkg.feed(real, PythonVersion("3.11"), "cortexa9t2hf-neon")
    folder.write(tmp_path / "feed", contents)
    files = read_feed(tmp_path / "feed")[one.package].files
    packed = {path[1:]: (data, bool(mode & 0o111)) for path, (data, mode) in files.items()}
    assert _but_own(packed) == wanted


def _but_own(files: dict[str, tuple[bytes, bool]]) -> dict[str, tuple[bytes, bool]]:
    return {path: file for path, file in files.items() if path.rpartition("/")[2] not in OWN}
