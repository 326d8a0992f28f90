"""Packages that boards use, each built from nothing but its name: docs/packages.md.

    python -m benchmarks.survey                   # those that are not in the results yet
    python -m benchmarks.survey markupsafe lxml   # these alone, anew

Each has a wheelhouse of its own, is audited, installed on the emulated board, and imported there.
Those that need Rust are taken from the index, where it has a wheel that fits.
What came out stands in ``results/survey.json`` at once, so a survey that stops goes on from there.
"""

import argparse
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_wheel_filename

from benchmarks.report import RESULTS
from crossbuild.core import defaults, documents, files
from crossbuild.packages import lock, recipe
from crossbuild.packages.source import archive
from crossbuild.progress.console import Console
from crossbuild.sdk.locate import reference_sdk

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build/survey"
STATE = RESULTS / "survey.json"
PAGE = ROOT / "docs/packages.md"
_LIST = Path(__file__).with_suffix(".toml")
_CROSSBUILD = ROOT / ".venv/bin/crossbuild"
_WORKS = "works"
#: What the audit's words have where it refuses a library of the sysroot that a wheel was to bring.
_GRAFTED = ".libs/"
_HEAD = """\
# Packages that were tried

Made by `make survey`, not by hand: the packages of
[benchmarks/survey.toml](../benchmarks/survey.toml), each built from nothing but its name for a
Cortex-A9, audited, installed on the emulated board, and imported there. Of those that need Rust the
index's wheel is taken, where it has one that fits. The SDK is the reference SDK with the libraries
that the list names. Where the audit refuses one of these in a wheel (libcrypto has code for better
CPUs), it is left to the image. Times are those of the package's own wheel, on two cores that were
busy with other things as well.

Of {count} packages that need no Rust {works} work.

| package | version | Python | back end | time | wheel | verdict |
|---|---|---|---|---|---|---|"""
#: After so many seconds a package is given up.
_LIMIT = 3600


@dataclass(frozen=True)
class Entry:
    """What became of one package.

    :ivar version: empty where none was found
    :ivar backend: its PEP 517 back end, or ``recipe``, or whose wheel it is
    :ivar seconds: what its own wheel took to build
    :ivar size: of that wheel, in bytes
    :ivar verdict: ``works``, or which command failed
    :ivar reason: what that command said
    """

    name: str
    python: str
    version: str = ""
    backend: str = ""
    seconds: float = 0.0
    size: int = 0
    verdict: str = _WORKS
    reason: str = ""


@dataclass(frozen=True)
class Survey:
    """The list, and where it is surveyed.

    :ivar rust: packages that need a Rust compiler
    """

    python: str
    sdk: Path
    packages: tuple[str, ...]
    rust: tuple[str, ...]

    def entry(self, name: str) -> Entry:
        """Build or take, audit, install and import a package."""
        house = WORK / "wheelhouse" / canonicalize_name(name)
        files.remove_tree(house)
        asked = self._asked(name)
        made, reason = self._run("wheels", asked, house)
        told = ""
        if _GRAFTED in reason:
            made, reason = self._run("wheels", [*asked, "--bundle", "none"], house)
            told = "with --bundle none: its libraries are the image's"
        wheels = [wheel for wheel in made.get("wheels", ()) if _is_of(name, wheel["wheel"])]
        if not wheels:
            return Entry(name, self.python, verdict="is not built", reason=reason)
        wheel = Path(wheels[0]["wheel"])
        version = str(parse_wheel_filename(wheel.name)[1])
        about = {
            "version": version,
            "backend": wheels[0]["origin"] or _backend(name, version),
            "seconds": round(wheels[0]["seconds"], 1),
            "size": wheel.stat().st_size,
        }
        proven, reason = self._run("verify", [name], house)
        verdict = _WORKS if proven else "is built, does not run"
        return Entry(name, self.python, **about, verdict=verdict, reason=reason or told)

    def _asked(self, name: str) -> list[str]:
        """The package's name, as a requirements file where an index's wheel will do."""
        if name not in self.rust:
            return [name]
        path = WORK / f"{name}.txt"
        files.write_text(path, f"{name}\n")
        return ["-r", str(path)]

    def _run(
        self, command: str, asked: Sequence[str], house: Path
    ) -> tuple[Mapping[str, Any], str]:
        """What a command says as JSON; where it fails, nothing and its error."""
        words = [
            *(str(_CROSSBUILD), command, *asked, "--json", "--sdk", str(self.sdk)),
            *("--python", self.python, "--work-dir", str(WORK), "--wheelhouse", str(house)),
        ]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=_LIMIT, cwd=ROOT
            )
        except subprocess.TimeoutExpired:
            return {}, f"{command} took more than {_LIMIT} s"
        return (json.loads(done.stdout), "") if done.returncode == 0 else ({}, _reason(done.stderr))


def _is_of(name: str, wheel: str) -> bool:
    return parse_wheel_filename(Path(wheel).name)[0] == canonicalize_name(name)


def _reason(output: str) -> str:
    """The error that a command ended with, and its evidence: an exception, else the first line."""
    output = output.replace(f"{ROOT}/", "")
    found = re.search(r"^error: (.*?)(?=^try: |\Z)", output, re.MULTILINE | re.DOTALL)
    text = found[1] if found else output[-300:]
    what, _, evidence = text.partition("\nevidence: ")
    lines = [line.strip() for line in evidence.splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception): ", line)]
    shown = [*raised[-1:], *lines][:1]
    return " ".join([*what.split(), *(f"({line[:160]})" for line in shown)])


def _backend(name: str, version: str) -> str:
    """The back end that the package's lock names by its source."""
    if recipe.exists(name):
        return "recipe"
    cell = f"{canonicalize_name(name)}=={version}"
    for path in (WORK / "locks").glob("pylock.*.toml"):
        locked = lock.read(path)
        if locked.cell == cell:
            (source,) = locked.source
            cached = defaults.CACHE / "downloads" / source.sha256[:2] / source.sha256
            return _stated_backend(cached / source.filename)
    return ""


def _stated_backend(sdist: Path) -> str:
    table = documents.toml(archive.member(sdist, "pyproject.toml")).get("build-system", {})
    return str(table.get("build-backend", "setuptools.build_meta")).partition(".")[0]


def page(entries: Sequence[Entry], rust: Iterable[str]) -> str:
    """The page for people."""
    counted = [one for one in entries if one.name not in rust]
    verdicts = Counter(one.verdict for one in counted)
    lines = [_HEAD.format(count=len(counted), works=verdicts[_WORKS])]
    for one in sorted(entries, key=lambda entry: entry.name.lower()):
        size = files.size_text(one.size) if one.size else ""
        seconds = f"{one.seconds:.0f} s" if one.size else ""
        verdict = f"{one.verdict}: {one.reason}" if one.reason else one.verdict
        cells = (one.name, one.version, one.python, one.backend, seconds, size, verdict)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join([*lines, ""])


def results() -> dict[tuple[str, str], Entry]:
    """What is known already, by name and Python."""
    found = json.loads(STATE.read_text()) if STATE.exists() else []
    return {(one["name"], one["python"]): Entry(**one) for one in found}


def keep(known: Mapping[tuple[str, str], Entry], rust: Iterable[str]) -> None:
    """Write results and page."""
    entries = [known[key] for key in sorted(known)]
    text = json.dumps([asdict(one) for one in entries], indent=1)
    files.write_text(STATE, f"{text}\n")
    files.write_text(PAGE, page(entries, rust))


def main() -> None:
    """Survey what is named, else what is not known yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--python")
    parser.add_argument("--sdk", type=Path, help="an SDK; else the list's, with its libraries")
    given = parser.parse_args()
    table = documents.read_toml(_LIST)
    sdk = given.sdk or reference_sdk(
        table["sdk"], WORK / "sdk", defaults.CACHE, Console(), more=table["libraries"]
    )
    survey = Survey(
        given.python or table["python"], sdk, (*table["packages"], *table["rust"]), table["rust"]
    )
    known = results()
    unknown = (name for name in survey.packages if (name, survey.python) not in known)
    for name in given.packages or unknown:
        began = time.monotonic()
        entry = survey.entry(name)
        # Another survey may have written meanwhile.
        keep({**results(), (name, survey.python): entry}, survey.rust)
        took = f"{time.monotonic() - began:.0f} s"
        print(f"{name} {entry.version}: {entry.verdict} {entry.reason} ({took})", flush=True)


if __name__ == "__main__":
    main()
