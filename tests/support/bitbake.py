"""Recipes put to bitbake, which is PyPI's."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_SCRIPT = Path(__file__).with_name("bitbake_run.py")
#: Rules of oelint-adv that do not hold here: already-stripped is what wheels are; the class must
#: look at the build's Python; a wheel need not have a home page, and no test asks the network.
_MEANT = (
    "oelint.vars.insaneskip",
    "oelint.task.noanonpython",
    "oelint.var.mandatoryvar.HOMEPAGE",
    "oelint.vars.homepageping",
    "oelint.vars.mispell.unknown",
)
#: The tasks that a recipe runs through until its files lie under ``${D}``.
TASKS = ("do_fetch", "do_unpack", "do_configure", "do_compile", "do_install")


def bitbake(layer: Path, name: str, folder: Path, *words: str) -> Mapping[str, str]:
    """The variables of a layer's recipe.

    :param name: what its file's name begins with
    :param folder: where bitbake works
    :param words: settings, ``NAME=VALUE``, files of settings, and tasks to run
    """
    (recipe,) = layer.glob(f"recipes-*/*/{name}*.bb")
    done = subprocess.run(
        [sys.executable, _SCRIPT, layer, recipe, folder, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith(("WARN", "ERROR"))]
    found: Mapping[str, str] = json.loads(done.stdout)
    return found


def files_below(root: Path) -> dict[str, tuple[bytes, bool]]:
    """Each file's content, and whether it is executable, by its path."""
    return {
        str(path.relative_to(root)): (path.read_bytes(), bool(path.stat().st_mode & 0o111))
        for path in root.rglob("*")
        if path.is_file()
    }


def oelint(layer: Path, release: str) -> list[str]:
    """What oelint-adv finds in a layer's recipes for a release, but for what they mean to do."""
    known = "dunfell" if release in ("thud", "zeus") else release  # it knows none before
    meant = [f"--suppress={rule}" for rule in _MEANT]
    recipes = sorted(map(str, layer.glob("recipes-*/*/*.bb")))
    words = ["--quiet", "--jobs=1", "--hide=info", "--release", known, *meant, *recipes]
    done = subprocess.run(
        [sys.executable, "-m", "oelint_adv", *words], capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()
