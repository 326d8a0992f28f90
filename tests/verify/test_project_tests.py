"""A project's own tests, on the emulated board."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core import defaults
from crossbuild.core.errors import BoardError, ConfigurationError
from crossbuild.index.artifact import Artifact
from crossbuild.packages import lock
from crossbuild.packages.lock import Lock
from crossbuild.verify import project_tests
from crossbuild.verify.project_tests import ProjectTests
from tests.support import projects
from tests.support.programs import CROSSBUILD

CHECK = """
import json, os, platform, sys
import tiny
assert platform.machine() == "armv7l"
assert "project" not in tiny.__file__
print("checked", json.dumps(sys.argv[1:]), sorted(os.listdir(sys.argv[1])), os.getcwd())
sys.exit(int(sys.argv[2]))
"""


def test_a_requirement_with_compiled_code_must_be_in_the_wheelhouse(tmp_path: Path) -> None:
    compiled = Artifact("fast", "1.0", "fast-1.0-cp37-cp37m-linux_x86_64.whl", "0" * 64, "file:x")
    python, requires = "3.7", ("fast",)
    locked = Lock(python, "", {"build": requires}, build=(compiled,))
    path = lock.path_of_tests(requires, python, folder=tmp_path)
    lock.write(locked, path)
    with pytest.raises(ConfigurationError, match="test-requires needs fast") as caught:
        project_tests.required_wheels(requires, python, tmp_path, tmp_path, tmp_path)
    assert compiled.filename in caught.value.evidence
    assert "crossbuild wheels fast" in caught.value.cure
    (tmp_path / "fast-1.0-cp37-cp37m-linux_armv7l.whl").touch()
    assert project_tests.required_wheels(requires, python, tmp_path, tmp_path, tmp_path) == []


def test_a_folder_that_speaks_to_cibuildwheel_has_its_own_tests(tmp_path: Path) -> None:
    """The rest of the run has those of the current folder."""
    own = projects.write(tmp_path / "own")
    text = (own / "pyproject.toml").read_text()
    table = 'test-command = "pytest {package}"\ntest-skip = "cp39-*"\ntest-requires = ["pytest"]\n'
    (own / "pyproject.toml").write_text(f"{text}\n[tool.cibuildwheel]\n{table}")
    other = projects.write(tmp_path / "other")
    given = ProjectTests("check", ("attrs",), tmp_path, (own, other))
    common = ProjectTests("check", ("attrs",), tmp_path, (other,))
    said = ProjectTests("pytest {package}", ("pytest",), own, (own,))
    assert project_tests.on(given, "3.11.2") == [common, said]
    assert project_tests.on(given, "3.9") == [common]
    assert project_tests.on(ProjectTests(packages=(own,)), "3.11") == [said]
    assert project_tests.on(ProjectTests("check", project=other), "3.11") == [
        ProjectTests("check", project=other)
    ]


@pytest.mark.slow
def test_the_command_runs_on_the_board(
    reference_sdk_root: Callable[[str], Path], tmp_path: Path
) -> None:
    tiny = projects.write(tmp_path / "tiny", {"tests/check.py": CHECK})
    sdk = reference_sdk_root("debian-bookworm")
    with (tiny / "pyproject.toml").open("a") as stream:
        stream.write(
            f"[tool.crossbuild]\nsdk = {json.dumps(str(sdk))}\npackages = ['.']\n"
            "test-command = 'python {project}/tests/check.py {package} 0'\n"
        )
    for command in ("wheels", "verify"):
        words = [str(CROSSBUILD), command, "--cache-dir", str(defaults.CACHE)]
        finished = subprocess.run(words, cwd=tiny, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
    log = (tiny / "build/verify.log").read_text()
    assert "['pyproject.toml', 'setup.py', 'tests', 'tiny.c'] /root/crossbuild/tests" in log
    variable = {"CROSSBUILD_TEST_COMMAND": "python {project}/tests/check.py {package} 7"}
    finished = subprocess.run(
        words, cwd=tiny, capture_output=True, text=True, check=False, env={**os.environ, **variable}
    )
    assert finished.returncode == BoardError.exit_code
    assert "the tests of tiny failed" in finished.stderr
    assert "exit status: 7" in finished.stderr
