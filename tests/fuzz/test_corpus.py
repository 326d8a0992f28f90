"""The kept corpus: what atheris begins with, and what once made a reader fail."""

from pathlib import Path

import pytest

from tests.fuzz.readers import CORPUS, READERS

FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_nothing_escapes(path: Path) -> None:
    READERS[path.parent.name](path.read_bytes())


def test_each_reader_has_a_corpus() -> None:
    assert {path.parent.name for path in FILES} == set(READERS)
