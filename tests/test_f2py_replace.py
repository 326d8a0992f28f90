"""The functions that f2py gets from us answer as its own do."""

from typing import Any

import pytest

from crossbuild import inside

NAMES: dict[str, Any] = {}
exec((inside.FOLDER / "f2py_replace.py").read_text(), NAMES)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("int #name#(#args#);", {"name": "f", "args": ["a", ["b", ["c"]]]}, "int f(abc);"),
        ("#args#", {"args": ["a", "b"], "separatorsfor": {"args": ", "}}, "a, b"),
        # A value's own names are replaced as well, in the second round.
        ("#outer#", {"inner": "x", "outer": "<#inner#>"}, "<x>"),
        ("#separatorsfor# #other#", {"separatorsfor": {}, "name": "f"}, "#separatorsfor# #other#"),
        (["#a#", ["#a##b#"]], {"a": "1", "b": []}, ["1", ["1"]]),
        ("#a#", [{"a": "1"}, {"a": "2"}], ["1", "2"]),
    ],
)
def test_replaced_names(template: object, values: object, text: object) -> None:
    assert NAMES["replace"](template, values) == text


def test_a_list_of_lists_is_one_list() -> None:
    assert NAMES["flatlist"]([["a"], [], "b", [["c"]]]) == ["a", "b", "c"]
    assert NAMES["flatlist"]("a") == ["a"]
