"""Texts made from templates, all by the same rules: a name without a value is an error."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # slow to load, and a run with nothing to do renders nothing
    import jinja2


def render(
    path: Path, /, *, filters: Mapping[str, Callable[..., str]] = {}, **values: object
) -> str:
    """The text of a template's file, without the newline that ends it.

    A tag that ends a line leaves no line.  In SVG and HTML, values are escaped.

    :param filters: functions that the template may call beside jinja2's own
    :raises jinja2.UndefinedError: the template uses a name that has no value
    """
    environment = _environment(path.parent, trim_blocks=True)
    environment.filters.update(filters)
    return environment.get_template(path.name).render(values)


def fill(text: str, folder: Path, values: Mapping[str, object]) -> str:
    """The text of a template that is no file.  All its newlines stay but the last.

    :param folder: has the files that it may include
    :raises jinja2.UndefinedError: the template uses a name that has no value
    """
    return _environment(folder, trim_blocks=False).from_string(text).render(values)


def _environment(folder: Path, *, trim_blocks: bool) -> "jinja2.Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["svg.j2", "html.j2"], default_for_string=False),
        trim_blocks=trim_blocks,
    )
