"""Parses a recipe with bitbake, and runs tasks of it: what ``bitbake -b RECIPE -c TASK`` does.

bitbake is PyPI's ``bitbake-setup``.  Its classes and settings are those of ``bitbake_base``.

    bitbake_run.py LAYER RECIPE FOLDER NAME=VALUE… FILE.inc… TASK…

It prints the recipe's variables as JSON, or ``{"skipped": …}``.
"""

import json
import logging
import os
import sys
import types
from pathlib import Path

# Only servers of hashes need it, and the package lacks it.
for name in ("hashserv", "hashserv.client"):
    sys.modules[name] = types.ModuleType(name)

import bb.build  # noqa: E402
import bb.cache  # noqa: E402
import bb.data  # noqa: E402
import bb.fetch2  # noqa: E402
import bb.parse  # noqa: E402

BASE = Path(__file__).parent / "bitbake_base"


def configured(layer: Path, folder: Path, settings: list[str]):  # type: ignore[no-untyped-def]
    """The variables that every recipe starts with."""
    d = bb.data.init()
    d.setVar("BBPATH", str(BASE))
    d.setVar("TMPDIR", str(folder))
    d.setVar("TOPDIR", str(folder))
    d.setVar("PATH", os.environ["PATH"])
    d.setVar("__bbclasstype", "global")
    d = bb.parse.handle(str(BASE / "conf/bitbake.conf"), d, True)
    for setting in settings:
        d.setVar(*setting.split("=", 1))
    d.setVar("LAYERDIR", str(layer))
    d = bb.parse.handle(str(layer / "conf/layer.conf"), d, True)
    d.expandVarref("LAYERDIR")
    d.delVar("LAYERDIR")
    return d


def main(layer: str, recipe: str, folder: str, *words: str) -> None:
    """Parse, run, and print."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    d = configured(Path(layer), Path(folder), [word for word in words if "=" in word])
    for word in words:
        if word.endswith(".inc"):
            d = bb.parse.handle(word, d, True)
    bb.parse.siggen = bb.siggen.init(d)
    bb.parse.BBHandler.inherit("base", "bitbake_run.py", 1, d)
    d = bb.parse.handle(recipe, d)[""]
    if reason := d.getVar("__SKIPPED"):
        print(json.dumps({"skipped": reason}))
        return
    for task in (word for word in words if word.startswith("do_")):
        d.setVarFlag(task, "nostamp", "1")
        if d.getVarFlag(task, "noexec") is None and bb.build.exec_task(recipe, task, d) != 0:
            sys.exit(Path(d.getVar("T"), f"log.{task}").read_text())
    names = [name for name in d.keys() if not name.startswith("_")]  # noqa: SIM118 - no dict
    values = {name: d.getVar(name) for name in names if not d.getVarFlag(name, "func")}
    print(json.dumps({name: v for name, v in values.items() if isinstance(v, str)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
