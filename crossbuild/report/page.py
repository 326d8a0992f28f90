"""The page of a wheelhouse: one HTML file that asks for no other, made from what lies on disk."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crossbuild import __version__
from crossbuild.core import files, own_code, templates
from crossbuild.core.errors import ConfigurationError, CrossbuildError, DiskError
from crossbuild.progress.console import Console, spell
from crossbuild.report.place import FILE, PAGE

if TYPE_CHECKING:  # slow to load, and a run with nothing to do has nothing to say
    from crossbuild.report.record import Record
    from crossbuild.report.view import View

_TEMPLATE = Path(__file__).parent / "page.html.j2"
_SCRIPT = Path(__file__).parent / "page.js"

#: The key of a page stands among its first bytes.
_HEAD = 400


def write(house: Path, output: Path | None = None) -> Path:
    """Write the page of a wheelhouse, whoever made that; nothing else in it changes.

    :param output: the page's file; that in the wheelhouse where None
    :raises ConfigurationError: there is no wheel
    :raises DiskError: the page cannot be written
    """
    from crossbuild.report import record, view
    from crossbuild.wheel import wheelhouse

    if not wheelhouse.contents(house):
        raise ConfigurationError(
            f"there is no wheel at {house}",
            evidence="the folder holds no *.whl" if house.is_dir() else "no such folder",
            cure="give a wheelhouse: crossbuild wheels NAME fills one",
        )
    page = output or house / PAGE
    inside = page.resolve() == (house / PAGE).resolve()
    seen = view.of(house, record.read(house), "../" if inside else None)
    # Without a key: the next run that fills the wheelhouse has its state to record yet.
    files.write_text(page, _render(seen, key=""))
    return page


@contextmanager
def filling(house: Path, console: Console, cores: int) -> Iterator[None]:
    """Bring the page up to date when the block has filled the wheelhouse, or failed to.

    :param cores: how many cores compilers may use
    """

    def steps() -> "Callable[[Record], Record] | None":
        if not console.steps:
            return None
        from crossbuild.report import collect

        run = collect.run(console.steps, cores)
        return lambda record: record.model_copy(update={"run": run})

    with _following(house, console, steps):
        yield


@contextmanager
def proving(house: Path, console: Console, work: Path) -> Iterator[None]:
    """Keep what boards say while the block runs, and bring the page up to date.

    :param work: the folder of the results that it leaves
    """
    from crossbuild.report import collect

    before = collect.stamps(work)
    with _following(house, console, lambda: collect.results(work, before, house)):
        yield


@contextmanager
def _following(
    house: Path, console: Console, news: "Callable[[], Callable[[Record], Record] | None]"
) -> Iterator[None]:
    try:
        yield
    except CrossbuildError:
        _refresh(house, console, news())
        raise
    _refresh(house, console, news())


def _refresh(house: Path, console: Console, news: "Callable[[Record], Record] | None") -> None:
    """Write the page where anything is new; that it cannot be written is no reason to fail."""
    if news is None and _is_current(house):
        return
    try:
        page = _update(house, news)
    except DiskError as error:
        console.say(f"note: no page of the wheelhouse: {error.what}")
    else:
        if page is not None:
            console.say(f"page: {os.path.relpath(page)}")


def _update(house: Path, news: "Callable[[Record], Record] | None") -> Path | None:
    from crossbuild.report import record, view

    read = view.read(house)
    if not read:
        return None
    state = view.state_of(read)

    def change(known: "Record") -> "Record":
        return (news(known) if news else known).with_state(state)

    known = record.change(house, change)
    page = house / PAGE
    files.write_text(page, _render(view.beside(house, read, known, "../"), _key(house)))
    return page


def _is_current(house: Path) -> bool:
    try:
        with (house / PAGE).open("rb") as stream:
            return f'"{_key(house)}"'.encode() in stream.read(_HEAD)
    except OSError:
        return False


def _key(house: Path) -> str:
    """What decides the page: the wheels, as the wheelhouse lists them, the record, our code."""
    texts = [_bytes(house / name).hex() for name in ("SHA256SUMS", FILE)]
    return files.content_key(own_code.digest(["report"]), texts)


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _render(seen: "View", key: str) -> str:
    from crossbuild.report.contents import KINDS

    script = _SCRIPT.read_text()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    filters: Mapping[str, Callable[..., str]] = {
        "size": files.size_text,
        "grown": _grown,
        "stamp": lambda when: time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(when)),
        "date": lambda when: time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(when)),
        "took": spell,
        "count": lambda number: f"{number:,}",
    }
    text = templates.render(
        _TEMPLATE,
        filters=filters,
        view=seen,
        kinds=KINDS,
        key=key,
        script=script,
        script_digest=digest,
        version=__version__,
    )
    # A file's name may be no text.
    return text.encode(errors="replace").decode() + "\n"


def _grown(size: int) -> str:
    return f"{'−' if size < 0 else '+'}{files.size_text(abs(size))}"
