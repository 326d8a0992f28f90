"""The page of JSON formats, and the schemas beside it: what ``make reference`` writes of them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crossbuild.cli.formats import FORMATS

ROOT = Path(__file__).parents[1]
PAGE, SCHEMAS = ROOT / "docs/formats.md", ROOT / "docs/schemas"

HEAD = """\
# JSON formats

<!-- Made from the program by `make reference`: change the program. -->

What crossbuild prints by `--json`, and the JSON files that it leaves, with a JSON Schema (draft
2020-12) for each. With crossbuild's own wheel they lie in `share/crossbuild/schemas`. `version` or
`format` grows when a reader has to change; keys may be added before. To hold a document against
its schema:

    pip install check-jsonschema
    crossbuild audit --json wheelhouse > audit.json
    check-jsonschema --schemafile docs/schemas/audit.json audit.json

`crossbuild matrix --format github` and `--format gitlab` print what these take, `crossbuild sbom`
CycloneDX or SPDX ([papers.md](papers.md)), and `trace.json` is for chrome://tracing
([speed.md](speed.md)).

| document | schema |
|---|---|
"""


def written() -> dict[Path, str]:
    """The files with their texts."""
    schemas = {one.name: one.schema() for one in FORMATS}
    rows = [
        f"| {one.where} | [{one.name}](#{one.name}), [{one.name}.json](schemas/{one.name}.json) |\n"
        for one in FORMATS
    ]
    parts = ["".join(_section(name, schema)) for name, schema in schemas.items()]
    return {
        PAGE: HEAD + "".join([*rows, *parts]),
        **{
            SCHEMAS / f"{name}.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
            for name, schema in schemas.items()
        },
    }


def _section(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {name}\n\n{_prose(schema)}\n"
    yield from _table(schema)
    for inner, part in schema.get("$defs", {}).items():
        if part.get("properties"):
            yield f"\n**{inner}**: {_prose(part)}\n"
            yield from _table(part)


def _table(part: Mapping[str, Any]) -> Iterator[str]:
    yield "\n| key | type | |\n|---|---|---|\n"
    required = part.get("required", ())
    for key, value in part["properties"].items():
        meaning = [_prose(value)] if "description" in value else []
        meaning += [] if key in required else ["may be missing"]
        yield f"| `{key}` | {_type(value)} | {'; '.join(meaning)} |\n"


def _prose(part: Mapping[str, Any]) -> str:
    text: str = part.get("description", "")
    return text.replace("``", "`").replace("|", "\\|")


def _type(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if constants := value.get("enum") or [value[key] for key in ("const",) if key in value]:
        return " or ".join(f"`{json.dumps(one)}`" for one in constants)
    if "anyOf" in value:
        return " or ".join(_type(one) for one in value["anyOf"])
    if value.get("type") == "array":
        return f"list of {_type(value.get('items', {}))}"
    if value.get("type") == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"object of {_type(value['additionalProperties'])}"
    return str(value.get("type", "any"))
