"""What the audit refuses and the user accepts."""

import json
from pathlib import Path

import pytest

from crossbuild.audit import accepted, audit
from crossbuild.audit.profile import BoardProfile
from crossbuild.core.errors import ConfigurationError
from tests.support.elf_files import MODULE, Compiler
from tests.support.sample_wheels import Sample
from tests.support.wheel_defects import MODULE_FILE

DIVIDE = MODULE + "int quotient(int a, int b) { return a / b; }"


@pytest.fixture
def wheel(compiler: Compiler, tmp_path: Path) -> Path:
    module = compiler.shared(DIVIDE, "-mcpu=cortex-a7", "-mfpu=neon-vfpv4")
    return Sample(files={MODULE_FILE: module, "sample/fast.so": module}).build(tmp_path)


def test_what_is_accepted_is_told(wheel: Path, board: BoardProfile) -> None:
    report = audit([wheel], board, accept=["instruction:sample/fast.so", "record:*"])
    assert [(one.rule, one.file) for one in report.refusals] == [("instruction", MODULE_FILE)]
    report = audit([wheel], board, accept=["instruction:sample/*", f"instruction:{MODULE_FILE}"])
    assert report.fits
    document = json.loads(report.to_json())["wheels"][0]
    assert document["fits"]
    verdicts = {(one["verdict"], one["rule"]) for one in document["findings"]}
    assert verdicts == {("accepted", "instruction")}


@pytest.mark.parametrize("text", ["instructions:*.so", "instruction", "instruction:", ":*", ""])
def test_what_names_no_rule_or_no_file(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        accepted.check(["record:*", text])
    assert repr(text) in caught.value.what
    assert "needed, libc, needs-libpython" in caught.value.evidence
