"""What compiling takes on an emulated board, beside the cross compiler: as images of QEMU build.

.venv/bin/python -m benchmarks.emulated_gcc       # needs the reference SDK

Some of numpy's translation units, evenly spread, each preprocessed and then compiled with the same
words by the SDK's cc1 and by Debian's own cc1 of the same release for armhf under QEMU.  Both
must write the same assembly but for their own names, else they did not do the same work.
"""

import json
import os
import shlex
import tempfile
from pathlib import Path

from benchmarks import debian_board, report
from benchmarks.cost import CROSSBUILD, Cost, cost
from crossbuild.board.emulated import CPU
from crossbuild.core import defaults
from crossbuild.core.command import run
from crossbuild.sdk import reference as reference_sdk

REQUIREMENT = "numpy==1.26.4"
UNITS = 12


def compile_commands(work: Path) -> list[dict[str, str]]:
    """What compiles the units of a build, as Meson writes it down: some, evenly spread."""
    words: list[str | Path] = [CROSSBUILD, "wheels", REQUIREMENT, "--python", "3.11", "--keep"]
    words += ["--sdk", reference_sdk.default_destination(defaults.REFERENCE).absolute()]
    cost([*words, "--work-dir", work, "--wheelhouse", work / "wheelhouse"])
    [database] = work.glob("*/**/compile_commands.json")
    units = sorted(json.loads(database.read_text()), key=lambda unit: str(unit["file"]))
    return units[:: len(units) // UNITS][:UNITS]


def preprocessed(unit: dict[str, str], place: Path) -> list[str]:
    """The words with which GCC's driver calls cc1 for the unit's preprocessed source."""
    words = shlex.split(unit["command"])
    suffix = ".ii" if unit["file"].endswith((".cpp", ".cc", ".cxx")) else ".i"
    folder, source = Path(unit["directory"]), place.with_suffix(suffix)
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    words[words.index("-o") + 1] = str(source)
    run([*words, "-E"], cwd=folder, env=environment)
    words[words.index("-o") + 1] = str(place.with_suffix(".s"))
    words[words.index("-c") :] = ["-S", str(source)]
    told = run([*words, "-###"], cwd=folder, env=environment)
    [call] = (line for line in told.output.splitlines() if "/cc1" in line)
    return shlex.split(call)


def assembly(path: Path) -> str:
    """An assembly file but for the line that names its compiler."""
    lines = path.read_text().splitlines()
    return "\n".join(line for line in lines if ".ident" not in line)


def main() -> None:
    """Measure, and write results/emulated-gcc.json and .md."""
    packages = debian_board.fetched(["g++-12"], "armhf", dependencies=True)
    root = debian_board.unpacked(packages, "gcc")
    libraries = [root / folder / "arm-linux-gnueabihf" for folder in ("lib", "usr/lib")]
    emulated = ["qemu-arm-static", "-cpu", CPU, "-L", str(root), "-E"]
    emulated += [f"LD_LIBRARY_PATH={':'.join(map(str, libraries))}"]
    totals = {"cross": Cost(), "emulated": Cost()}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number, unit in enumerate(compile_commands(folder / "work")):
            [cc1, *words] = preprocessed(unit, folder / f"unit{number}")
            native = root / "usr/lib/gcc/arm-linux-gnueabihf/12" / Path(cc1).name
            calls = {"cross": [cc1, *words], "emulated": [*emulated, str(native), *words]}
            written = set()
            for side, call in calls.items():
                totals[side] += cost(call)
                written.add(assembly(Path(words[words.index("-o") + 1])))
            if len(written) != 1:
                raise SystemExit(f"not the same assembly of {unit['file']}")
    rows = [
        {
            "compiler": side,
            "wall [s]": one.wall,
            "CPU [s]": one.cpu,
            "CPU, times cross": one.cpu / totals["cross"].cpu,
        }
        for side, one in totals.items()
    ]
    notes = [f"{UNITS} translation units of {REQUIREMENT}, preprocessed, to assembly"]
    print(report.write("emulated-gcc", rows, title="Compiling under emulation", notes=notes))


if __name__ == "__main__":
    main()
