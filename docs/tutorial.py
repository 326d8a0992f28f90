"""Records the tutorial: runs its commands, and writes what they print into docs/tutorial.md.

    python docs/tutorial.py            takes as long as numpy and scipy do
    python docs/tutorial.py --check    ends with 1 where anything but times is different now

A command is a line "$ …" in a block of the kind console; the lines below it are its output.  A
comment before the block, "<!-- shown: PATTERN -->", leaves those lines alone that the pattern is
found in.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/tutorial.md"
#: Where the commands run, and what that folder is called on the page.
FOLDER, CALLED = ROOT / "build/tutorial", "/home/me/board"

BLOCK = re.compile(r"(?:<!-- shown: (?P<shown>.+) -->\n)?```console\n(?P<text>(?:.*\n)*?)```\n")

#: Settings of whoever makes the page, and make's mark, by which the next command is make's.
_OURS = ("CROSSBUILD", "MAKELEVEL")

#: What is another thing each time: how long something took, and how busy the machine was.
CHANGING = re.compile(
    r"\d+ h \d\d min|\d+ min( \d\d s)?|\d+(\.\d+)? s\b|\d+% idle|\d+ cores?"
    r"|\d+ calls of compilers, \d+ of \d+ cached"
)


def commands(page: str) -> Iterator[str]:
    """The commands of a page, in order."""
    for block in BLOCK.finditer(page):
        yield from re.findall(r"^\$ (.+)$", block["text"], re.MULTILINE)


def recorded(page: str, run: Callable[[str], str]) -> str:
    """The page with what its commands print now.

    :param run: gives what a command prints
    """

    def block(match: re.Match[str]) -> str:
        shown, head = match["shown"], match[0].partition("```console\n")[0]
        texts = []
        for command in re.findall(r"^\$ (.+)$", match["text"], re.MULTILINE):
            lines = run(command).splitlines()
            kept = [line for line in lines if shown is None or re.search(shown, line)]
            texts += [f"$ {command}", *kept]
        return head + "```console\n" + "".join(f"{line.rstrip()}\n" for line in texts) + "```\n"

    return BLOCK.sub(block, page)


def same(page: str) -> str:
    """The page without what is different each time."""
    return CHANGING.sub("N", page)


def _run(command: str) -> str:
    print(f"$ {command}", flush=True)
    ended = subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=FOLDER,
        env={
            **{name: text for name, text in os.environ.items() if not name.startswith(_OURS)},
            "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "COLUMNS": "110",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(ended.stdout, end="", flush=True)
    if ended.returncode:
        sys.exit(f"{command}: status {ended.returncode}")
    # How far a step is each minute, and what it took before, tell of this machine's past.
    lines = [line for line in ended.stdout.splitlines() if not line.startswith("… ")]
    text = re.sub(r" \(the last time [^)]*\)", "", "\n".join(lines))
    return text.replace(str(FOLDER), CALLED).replace(str(ROOT), CALLED)


def main() -> int:
    """Record the page, or check it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    old = PAGE.read_text(encoding="utf-8")
    new = recorded(old, _run)
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(new, encoding="utf-8")
        return 0
    different = [
        *difflib.unified_diff(
            same(old).splitlines(), same(new).splitlines(), "docs/tutorial.md", "now", lineterm=""
        )
    ]
    print("\n".join([*different, *(["try: make tutorial"] if different else [])]))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
