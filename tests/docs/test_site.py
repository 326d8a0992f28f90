"""The documentation site: what its build refuses."""

from pathlib import Path
from types import ModuleType

import pytest

from tests.support import scripts

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def build_site() -> ModuleType:
    return scripts.load(DOCS / "build_site.py")


def test_links_become_those_of_the_site(
    build_site: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "code.py").touch()
    readme, page = tmp_path / "README.md", tmp_path / "docs/commands.md"
    page.write_text("[start](../README.md) and [the code](../code.py), [far](https://a.b/c)")
    readme.write_text("see [docs/commands.md](docs/commands.md#wheels)")
    names = {readme: "index.md", page: "commands.md"}
    monkeypatch.setattr(build_site, "ROOT", tmp_path)
    monkeypatch.setattr(build_site, "sources", lambda: names)
    told = build_site.page(page, names)
    assert told == "[start](index.md) and the code, [far](https://a.b/c)"
    assert build_site.page(readme, names) == "see [Commands and exit codes](commands.md#wheels)"
    page.write_text("[gone](none.md)")
    with pytest.raises(SystemExit, match=r"docs/commands.md: none.md leads nowhere"):
        build_site.page(page, names)


def test_a_page_needs_a_place(
    build_site: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_site, "sources", lambda: {tmp_path / "new.md": "new.md"})
    with pytest.raises(SystemExit, match=r"not in the navigation of zensical.toml: new.md"):
        build_site.assemble(tmp_path / "stage")


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ('<a href="b.html">', "a.html: b.html leads nowhere"),
        ('<a href="a.html#b">', "a.html: a.html#b: no such heading"),
        ('<a href="#a">', None),
        ('<a href="https://other.host/">', None),
        ('<img src="b.svg">', "a.html: b.svg leads nowhere"),
        ('<script src="https://other.host/a.js">', "a.html fetches https://other.host/a.js"),
        ('<link rel="stylesheet" href="//other.host/a.css">', "a.html fetches //other.host/a.css"),
    ],
)
def test_what_is_wrong_with_a_page(
    build_site: ModuleType, tmp_path: Path, element: str, problem: str | None
) -> None:
    (tmp_path / "a.html").write_text(f'<h1 id="a">A</h1>{element}')
    assert [*build_site.problems(tmp_path)] == ([problem] if problem else [])
