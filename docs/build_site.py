"""Builds the documentation site into ``build/site``, and checks it.

    python docs/build_site.py

The pages are those of docs/, and README.md and its kin beside it.  It ends with 1 where a page is
not in the navigation, a link leads nowhere, or a page would fetch something from another host.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from crossbuild.core import documents

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "zensical.toml"

#: A link's target in Markdown, or that of an image.
LINK = re.compile(r"(?<=\]\()(?P<target>[^)\s]+)(?=\))")
#: The same with its text, for links that become text.
WHOLE_LINK = r"\[(?P<text>[^\]]*)\]\(TARGET\)"

#: Attributes by which a browser fetches something at once.
FETCHING = {"img": "src", "script": "src", "link": "href", "iframe": "src"}


def sources() -> dict[Path, str]:
    """The files of the site, and what each is called there."""
    pages = [ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")]
    pages += [
        path for suffix in ("md", "svg", "png") for path in (ROOT / "docs").glob(f"*.{suffix}")
    ]
    schemas = {path: f"schemas/{path.name}" for path in (ROOT / "docs/schemas").glob("*.json")}
    return {ROOT / "README.md": "index.md", **{path: path.name for path in pages}, **schemas}


def page(path: Path, names: dict[Path, str]) -> str:
    """A page's text, with its links as the site needs them.

    A link to a file that is no page becomes its text, and one that is called by its file's name is
    called by its title.

    :raises SystemExit: a link leads nowhere
    """
    text = path.read_text(encoding="utf-8")
    for target in {match["target"] for match in LINK.finditer(text)}:
        url = urlsplit(target)
        if url.scheme or not url.path:
            continue
        meant = Path(os.path.normpath(path.parent / unquote(url.path)))
        if not meant.exists():
            sys.exit(f"{path.relative_to(ROOT)}: {target} leads nowhere")
        if meant in names:
            anchor = f"#{url.fragment}" if url.fragment else ""
            text = text.replace(f"[{url.path}]({target})", f"[{title(meant)}]({target})")
            text = text.replace(f"]({target})", f"]({names[meant]}{anchor})")
        else:
            text = re.sub(WHOLE_LINK.replace("TARGET", re.escape(target)), r"\g<text>", text)
    return text


def title(path: Path) -> str:
    """What a page is called in the navigation; the file's name where it has no place there."""
    called = re.search(
        rf'"([^"]+)" = "{re.escape(sources()[path])}"', CONFIGURATION.read_text(encoding="utf-8")
    )
    return called[1] if called else path.name


def assemble(folder: Path) -> None:
    """Put the pages together.

    :raises SystemExit: one is not in the navigation, or has a link that leads nowhere
    """
    names = sources()
    shown = {*re.findall(r'"([\w-]+\.md)"', CONFIGURATION.read_text(encoding="utf-8"))}
    if missing := {name for name in names.values() if name.endswith(".md")} - shown:
        sys.exit(f"not in the navigation of {CONFIGURATION.name}: {', '.join(sorted(missing))}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, name in names.items():
        (folder / name).parent.mkdir(exist_ok=True)
        if path.suffix == ".md":
            (folder / name).write_text(page(path, names), encoding="utf-8")
        else:
            shutil.copy(path, folder / name)


class Links(HTMLParser):
    """What a page of the site links to, fetches, and has anchors for."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's anchor and address."""
        found = {name: value for name, value in attrs if value}
        self.anchors.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.targets.append(found["href"])
        if FETCHING.get(tag) in found and found.get("rel") != "canonical":
            self.fetched.append(found[FETCHING[tag]])


def problems(site: Path) -> Iterator[str]:
    """Links that lead nowhere, and what would be fetched from another host."""
    pages = {path: Links() for path in sorted(site.glob("*.html"))}
    for path, links in pages.items():
        links.feed(path.read_text(encoding="utf-8"))
    for path, links in pages.items():
        if path.name == "404.html":  # its addresses are those of a server
            continue
        for target in links.fetched:
            if urlsplit(target).netloc:
                yield f"{path.name} fetches {target}"
        for target in {*links.targets, *links.fetched}:
            yield from _dangling(path, target, pages)


def _dangling(path: Path, target: str, pages: dict[Path, Links]) -> Iterator[str]:
    url = urlsplit(target)
    if url.scheme or url.netloc:
        return
    meant = (path.parent / unquote(url.path)).resolve() if url.path else path
    if meant.is_dir():
        meant /= "index.html"
    if not meant.exists():
        yield f"{path.name}: {target} leads nowhere"
    elif url.fragment and meant in pages and unquote(url.fragment) not in pages[meant].anchors:
        yield f"{path.name}: {target}: no such heading"


def main() -> int:
    """Build it, and check it."""
    project = documents.read_toml(CONFIGURATION)["project"]
    site = ROOT / project["site_dir"]
    assemble(ROOT / project["docs_dir"])
    shutil.rmtree(site, ignore_errors=True)
    program = Path(sys.executable).with_name("zensical")
    built = subprocess.run([program, "build", "--strict", "--clean"], cwd=ROOT, check=False)
    if built.returncode:
        return built.returncode
    found = [*problems(site)]
    print("\n".join([*found, f"{site.relative_to(ROOT)}/index.html"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
