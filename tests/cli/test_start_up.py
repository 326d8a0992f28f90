"""Nothing heavy is loaded, and no file read twice, where there is nothing to do."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crossbuild.core import digests, files
from crossbuild.core.digests import Digests

#: What only some commands need, or only a run that has something to make.
HEAVY = {
    "auditwheel",
    "build",
    "capstone",
    "ctypes",
    "cyclonedx",
    "crossbuild.audit",
    "crossbuild.doctor",
    "elftools",
    "httpx2",
    "installer",
    "jinja2",
    "multiprocessing",
    "spdx_tools",
    "unearth",
    "uv",
}


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_starts_without_what_commands_need() -> None:
    heavy = HEAVY | {"pydantic", "packaging", "crossbuild.pipeline.make", "crossbuild.sdk.read"}
    assert not loaded_by("crossbuild.cli.app") & heavy


def test_the_pipeline_starts_without_what_makes_wheels() -> None:
    assert not loaded_by("crossbuild.pipeline.make") & HEAVY


def test_what_reads_documents_and_fills_templates_waits_for_its_libraries() -> None:
    loaded = loaded_by("crossbuild.core.documents, crossbuild.core.templates")
    assert not loaded & {"jinja2", "pydantic"}


def settled(path: Path, content: str) -> Path:
    """A file with that content that looks as if it had been so for long."""
    path.write_text(content)
    time.sleep(0.05)
    return path


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled after an instant."""
    monkeypatch.setattr(digests, "_SETTLED", 0.01)


@pytest.mark.usefixtures("at_once")
def test_a_digest_is_remembered_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, index = settled(tmp_path / "file", "one"), tmp_path / "index.json"
    known = Digests(index)
    first = known.of(path)
    assert first == files.sha256(path)
    known.save()
    with monkeypatch.context() as patch:
        patch.setattr(files, "sha256", lambda path: pytest.fail(f"hashed again: {path}"))
        assert Digests(index).of(path) == first
    before = path.stat()
    settled(path, "two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Digests(index).of(path) == files.sha256(path) != first


def test_a_file_that_just_changed_is_hashed_again(tmp_path: Path) -> None:
    path, index = tmp_path / "file", tmp_path / "index.json"
    path.write_text("one")
    known = Digests(index)
    known.of(path)
    known.save()
    assert not index.exists()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("content", ["", "[]", "{", "\0"])
def test_an_index_that_cannot_be_read_counts_as_none(content: str, tmp_path: Path) -> None:
    path, index = settled(tmp_path / "file", "one"), settled(tmp_path / "index.json", content)
    assert Digests(index).of(path) == files.sha256(path)
