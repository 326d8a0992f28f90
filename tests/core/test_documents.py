"""Documents: every way in which one cannot be used is told, with the place in it."""

import json
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from crossbuild.core import documents
from crossbuild.core.documents import DocumentError, Problem
from crossbuild.core.errors import RecipeError

DEEP = b"[" * 10_000 + b"]" * 10_000


class Version(BaseModel):
    model_config = ConfigDict(extra="forbid")

    python: tuple[str, ...]
    links: dict[str, tuple[int, ...]] = {}

    @field_validator("python")
    @classmethod
    def no_python_2(cls, python: tuple[str, ...]) -> tuple[str, ...]:
        if "2.7" in python:
            raise ValueError("2.7 is too old\n(it has ended)")
        return python


class Package(BaseModel):
    name: str
    version: tuple[Version, ...]


def refused(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        documents.validated(Package, documents.toml(text.encode()))
    return caught.value


def test_a_document_in_the_types_of_its_model() -> None:
    document = documents.toml(b'name = "thing"\n[[version]]\npython = ["3.7"]\n')
    assert documents.validated(Package, document) == Package(
        name="thing", version=(Version(python=("3.7",)),)
    )


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("python = 3", "version[1].python: Input should be a valid tuple"),
        ("python = ['3.7', 3]", "version[1].python[1]: Input should be a valid string"),
        ("python = []\nlinks.a = [1, 'x']", "version[1].links.a[1]: Input should be a valid int"),
        ("python = []\npyhton = []", "version[1].pyhton: Extra inputs are not permitted"),
        ("", "version[1].python: Field required"),
        ("python = ['2.7']", "version[1].python: 2.7 is too old"),
    ],
)
def test_a_wrong_key_deep_in_a_list_is_told_by_its_path(entry: str, line: str) -> None:
    error = refused(f"name = 'x'\n[[version]]\npython = []\n[[version]]\n{entry}\n")
    assert str(error).startswith(line)
    assert len(error.problems) == 1


def test_all_wrong_keys_are_told() -> None:
    error = refused("name = 1\n[[version]]\npyhton = []\n")
    assert [(each.keys, each.kind) for each in error.problems] == [
        (("name",), "string_type"),
        (("version", 0, "python"), "missing"),
        (("version", 0, "pyhton"), "extra_forbidden"),
    ]


def test_a_problem_of_the_whole_document_has_no_path() -> None:
    assert str(Problem("nothing in it")) == "nothing in it"
    assert str(Problem("is odd", ("a", 0, 1, "b.c"))) == "a[0][1].b.c: is odd"


def test_the_users_error_has_the_file_before_each_line(tmp_path: Path) -> None:
    path = tmp_path / "thing.toml"
    path.write_text("name = 1\n[[version]]\npython = ['2.7']\n")
    with (
        pytest.raises(RecipeError) as caught,
        documents.refused_as(RecipeError, "it is malformed", path, cure="mend it"),
    ):
        documents.validated(Package, documents.read_toml(path))
    assert (caught.value.what, caught.value.cure) == ("it is malformed", "mend it")
    assert caught.value.evidence.splitlines() == [
        f"{path}: name: Input should be a valid string",
        f"{path}: version[0].python: 2.7 is too old",
        f"{path}: (it has ended)",
    ]


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(KeyError), documents.refused_as(RecipeError, "?", "?", cure="?"):
        raise KeyError


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name = 'x'\nversion = \n", "at line 2, column 11"),
        (b"a = 1\na = 2\n", "at line 2"),
        (b"a = " + b"9" * 5000, "5000 digits"),
        (b"a = " + DEEP, "recursion" if sys.version_info >= (3, 11) else "nested"),
        (b"a = '\xff'", "0xff in position 5"),
        (b"\x00", "at line 1"),
    ],
)
def test_bytes_that_are_no_toml(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(data)
    with pytest.raises(DocumentError, match=said):
        documents.toml(data)
    with pytest.raises(DocumentError, match=said):
        documents.read_toml(tmp_path / "x.toml")


def test_a_folder_or_nothing_where_a_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="Is a directory"):
        documents.read_toml(tmp_path)
    with pytest.raises(DocumentError, match="No such file"):
        documents.read_toml(tmp_path / "x.toml")
    assert documents.read_record(tmp_path) == {}
    assert documents.read_record(tmp_path / "x.json") == {}


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"3", b"null", b"\xff", b'{"a": ' + DEEP + b"}", b"9" * 5000]
)
def test_what_holds_no_json_object_counts_as_empty(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(data)
    assert documents.json_object(data) == {}
    assert documents.read_record(tmp_path / "x.json") == {}


def test_a_record_is_what_was_written(tmp_path: Path) -> None:
    record = {"key": "abc", "names": ["é", {"deep": None}]}
    (tmp_path / "x.json").write_text(json.dumps(record))
    assert documents.read_record(tmp_path / "x.json") == record
