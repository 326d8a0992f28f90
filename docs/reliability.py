"""Writes into ``docs/reliability.md`` what the tests of reliability counted.

    python docs/reliability.py

Figures lie in ``build`` after a nightly run.  What was not run keeps the row that it had.
"""

import json
import re
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reliability.md"
FIGURES = ROOT / "build/reliability.json"

_ROW = re.compile(r"^\| (?P<what>.+?) \| .+ \| \d+ s \| \S+ \|$")
#: What libFuzzer says at its end.
_DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)


def main() -> None:
    """Bring the page's table up to date."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = {match["what"]: line for line in lines if (match := _ROW.match(line))}
    first = lines.index("|---|---|---|---|") + 1
    rest = lines[first + len(rows) :]
    for what, result, seconds, day in (*_counted(), *_fuzzed()):
        rows[what] = f"| {what} | {result} | {seconds} s | {day} |"
    text = "\n".join([*lines[:first], *rows.values(), *rest]) + "\n"
    PAGE.write_text(text, encoding="utf-8")


def _counted() -> list[tuple[str, str, int, str]]:
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else {}
    return [(what, one["result"], one["seconds"], one["day"]) for what, one in figures.items()]


def _fuzzed() -> list[tuple[str, str, int, str]]:
    """What came of each kind of hostile input."""
    found = []
    for log in sorted((ROOT / "build/fuzz").glob("*.log")):
        if done := _DONE.search(log.read_text(errors="replace")):
            day = _day(log)
            result = f"{done[1]} inputs, no crash"
            found.append((f"hostile input: {log.stem}", result, int(done[2]), day))
    return found


def _day(path: Path) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))


if __name__ == "__main__":
    main()
