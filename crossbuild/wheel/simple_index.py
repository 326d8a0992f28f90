"""The index pages of a wheelhouse (PEP 503), which pip reads and people can.

They are written in every run, by hand: a template's library takes longer to load than all of them
to write.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from packaging.utils import canonicalize_name, parse_wheel_filename

from crossbuild.core import files

_STYLE = Path(__file__).with_name("simple_index.css")


def pages(sums: Mapping[Path, str]) -> dict[str, str]:
    """The pages by their paths below ``simple``.

    In them is no link but those that PEP 503 wants: one for each project, one for each file.

    :param sums: the SHA-256 of each wheel of the wheelhouse
    """
    projects: dict[str, list[Path]] = {}
    for wheel in sums:
        projects.setdefault(_name(wheel), []).append(wheel)
    lines = [_project_line(name, wheels) for name, wheels in projects.items()]
    words = (
        "On a board: <code>pip install -i ADDRESS-OF-THIS-PAGE NAME</code>, "
        "with <code>--trusted-host HOST</code> where the address has no TLS."
    )
    result = {"index.html": _page("Simple index", words, lines)}
    for name, wheels in projects.items():
        lines = [_file_line(wheel, sums[wheel]) for wheel in wheels]
        words = f"Wheels of {escape(name)} in this wheelhouse."
        result[f"{name}/index.html"] = _page(name, words, lines)
    return result


def _name(wheel: Path) -> str:
    return canonicalize_name(parse_wheel_filename(wheel.name)[0])


def _project_line(name: str, wheels: Sequence[Path]) -> str:
    versions = dict.fromkeys(str(parse_wheel_filename(wheel.name)[1]) for wheel in wheels)
    told = escape(", ".join(versions))
    return f'<li><a href="{quote(name)}/">{escape(name)}</a> <span>{told}</span></li>'


def _file_line(wheel: Path, sha256: str) -> str:
    address = f"../../{quote(wheel.name, safe='+')}#sha256={sha256}"
    size = files.size_text(wheel.stat().st_size)
    return (
        f'<li><a href="{escape(address)}">{escape(wheel.name)}</a> <span>{size}<br>'
        f"SHA-256 <code>{sha256}</code></span></li>"
    )


def _page(title: str, words: str, lines: Iterable[str]) -> str:
    listing, style = "\n".join(lines), _STYLE.read_text()
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="1.0">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p>{words}</p>
<ul>
{listing}
</ul>
</main>
</body>
</html>
"""
