"""The audit's policy: ``rules.toml`` and ``audit.toml``, typed."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import pydantic

from crossbuild.core import documents

POLICY = Path(__file__).parent


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Rule(_Frozen):
    """A rule: what it refuses in general, and what to try."""

    verdict: Literal["refuse", "note"]
    title: str
    cure: str


class Policy(_Frozen):
    """What the audit knows beside the board; see ``audit.toml``."""

    dispatch_symbols: tuple[str, ...]
    python_library: str
    other_libcs: tuple[str, ...]
    always_loaded: tuple[str, ...]
    home_paths: tuple[str, ...]
    script_folders: tuple[str, ...]
    system_folders: tuple[str, ...]
    plain_suffixes: tuple[str, ...]
    attributes: tuple[tuple[int, int, str], ...]


@cache
def rules() -> Mapping[str, Rule]:
    """All rules, by name."""
    table = documents.read_toml(POLICY / "rules.toml")
    return {name: Rule.model_validate(entry) for name, entry in table.items()}


@cache
def policy() -> Policy:
    """The rest of the policy."""
    return Policy.model_validate(documents.read_toml(POLICY / "audit.toml"))
