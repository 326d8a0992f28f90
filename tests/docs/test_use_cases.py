"""The page of what people do names tests that there are."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_case_has_its_test() -> None:
    page = (ROOT / "docs/use-cases.md").read_text()
    cases = re.findall(r"^\| .+ \| .+ \| `(tests/\S+)::(\w+)` \|$", page, re.MULTILINE)
    assert len(cases) >= 30
    assert len(cases) == sum(line.startswith("| ") for line in page.splitlines()) - 4
    for file, name in cases:
        tree = ast.parse((ROOT / file).read_text())
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{file} has no {name}"
