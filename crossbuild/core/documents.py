"""TOML and JSON documents: what they say, or where in them the error is."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from crossbuild.core.errors import CrossbuildError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:  # slow to load, and whoever has a model has loaded it
    from pydantic import BaseModel

_Model = TypeVar("_Model", bound="BaseModel")


@dataclass(frozen=True)
class Problem:
    """Why a document cannot be used.

    :ivar keys: the path of the key that is wrong; empty for the document as a whole
    :ivar kind: pydantic's name of such an error, where a model found it
    """

    message: str
    keys: tuple[int | str, ...] = ()
    kind: str = ""

    @property
    def path(self) -> str:
        """The key's path as people write it: ``version[1].python``."""
        parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys)
        return "".join(parts).removeprefix(".")

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.keys else self.message


class DocumentError(Exception):
    """A document cannot be read, or is not what it should be."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@contextmanager
def refused_as(
    refusal: type[CrossbuildError], what: str, where: Path | str, *, cure: str
) -> Iterator[None]:
    """Turn a document's problems into an error for the user.

    :param where: what leads each line of the evidence: the document's file
    :raises CrossbuildError: as *refusal*: the document cannot be used
    """
    try:
        yield
    except DocumentError as error:
        evidence = "\n".join(f"{where}: {line}" for line in str(error).splitlines())
        raise refusal(what, evidence=evidence, cure=cure) from error


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML document in a file.

    :raises DocumentError: why it cannot be read, with the place in the text
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(Problem(str(error))) from error
    return toml(data)


def toml(data: bytes) -> dict[str, Any]:
    """The TOML document in the bytes of a file.

    :raises DocumentError: why there is none, with the place in the text
    """
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        # Not only TOMLDecodeError: tomllib lets through what int() says of too long a number,
        # and a list in a list in a list … ends its recursion.
        raise DocumentError(Problem(str(error))) from error


def validated(model: "type[_Model]", document: Mapping[str, object]) -> _Model:
    """What a document says, in the types of a pydantic model.

    :raises DocumentError: a key is missing, unknown or wrong: all such keys, with their paths
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise DocumentError(
            *(
                Problem(each["msg"].removeprefix("Value error, "), each["loc"], each["type"])
                for each in error.errors()
            )
        ) from error


def read_record(path: Path) -> dict[str, Any]:
    """The JSON object that an earlier run left in a file; empty where it is lost or damaged."""
    try:
        return json_object(path.read_bytes())
    except OSError:
        return {}


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object that the bytes are; empty where they are something else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
