"""The rules: documented, and tried."""

from pathlib import Path

from crossbuild.audit.policy import rules
from tests.audit import test_elf_libraries, test_elf_rules, test_wheel_rules


def test_every_rule_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/audit.md").read_text(encoding="utf-8")
    for name, rule in rules().items():
        assert f"| `{name}` |" in text, name
        assert rule.title in text, name


def test_every_refusal_is_tried_here() -> None:
    modules = (test_elf_libraries, test_elf_rules, test_wheel_rules)
    tried = {defect.rule for module in modules for defect in module.DEFECTS}
    tried |= {"archive", "record", "requires-python", "soname-conflict"}
    refusing = {name for name, rule in rules().items() if rule.verdict == "refuse"}
    assert tried == refusing
