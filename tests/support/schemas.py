"""Documents held against the JSON Schemas that docs/schemas has."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[2] / "docs/schemas"


def held(schema: str, text: str) -> Any:
    """The document that a text is, which is of that schema."""
    rules = json.loads((FOLDER / f"{schema}.json").read_text())
    Draft202012Validator.check_schema(rules)
    document = json.loads(text)
    Draft202012Validator(rules).validate(document)
    return document
