"""Templates: what is filled in, what is escaped, and which newlines stay."""

from pathlib import Path

import jinja2
import pytest

from crossbuild.core import templates

LINES = "first\n{% for name in names %}\n{{ name }} = {{ value }}\n{% endfor %}\nlast\n"


def template(folder: Path, text: str, name: str = "x.ini.j2") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_tags_on_lines_of_their_own_leave_no_lines(tmp_path: Path) -> None:
    text = templates.render(template(tmp_path, LINES), names=["a", "b"], value="<&'\">")
    assert text == "first\na = <&'\">\nb = <&'\">\nlast"


def test_a_text_keeps_its_newlines(tmp_path: Path) -> None:
    text = "{% if versions %}\n{{ versions }}\n{% endif %}\nlast\n"
    assert templates.fill(text, tmp_path, {"versions": "<1>"}) == "\n<1>\n\nlast"


def test_a_text_includes_files_of_its_folder(tmp_path: Path) -> None:
    template(tmp_path, "for {{ name }}\n", "part.txt.j2")
    text = "{% include 'part.txt.j2' %}, all"
    assert templates.fill(text, tmp_path, {"name": "<you>"}) == "for <you>, all"


def test_values_in_a_picture_are_escaped(tmp_path: Path) -> None:
    picture = template(tmp_path, "<svg>{{ title }}</svg>\n", "x.svg.j2")
    assert templates.render(picture, title="a<b & c") == "<svg>a&lt;b &amp; c</svg>"


def test_a_filter_of_the_callers_own(tmp_path: Path) -> None:
    quoted = template(tmp_path, "{{ path | quoted }} {{ path | upper }}")
    assert templates.render(quoted, filters={"quoted": repr}, path="a'b") == "\"a'b\" A'B"
    with pytest.raises(jinja2.TemplateAssertionError, match="quoted"):
        templates.render(quoted, path="a'b")  # a filter is one template's alone


def test_a_name_without_a_value_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'value' is undefined"):
        templates.render(template(tmp_path, LINES), names=["a"])
    with pytest.raises(jinja2.UndefinedError, match="'one' is undefined"):
        templates.fill("{{ one }}", tmp_path, {"other": 1})
