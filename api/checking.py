"""Check what a request holds by a JSON schema; what does not fit is refused in a sentence that names its place."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exemplar.api.schemas import Schema
from exemplar.data.errors import ExemplarError

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LONGEST = 80  # characters of a value in a sentence
_KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def check(value: Mapping[str, Any], schema: Schema, what: str) -> None:
    """Raise ExemplarError unless a value fits a schema.

    Parameters
    ----------
    what
        What the value is, such as ``the body``.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import relevance

    errors = list(_first(Draft202012Validator(schema).iter_errors(value)))
    if errors:
        raise ExemplarError(_sentence(max(errors, key=relevance), what))


def _first(errors: Any) -> Any:
    return (error for error, _ in zip(errors, range(20), strict=False))


def _sentence(error: "ValidationError", what: str) -> str:
    place = _place(list(error.absolute_path))
    name, here = f"'{place}'" if place else what, f"'{place}' has" if place else f"{what} has"
    limit, value = error.validator_value, error.instance
    match error.validator:
        case "additionalProperties":
            unknown = next(key for key in value if key not in error.schema["properties"])
            return f"{here} an unknown key '{_short(unknown)}'; {_keys(error.schema)}"
        case "required":
            missing = next(key for key in limit if key not in value)
            return f"{here} no '{missing}'; {_keys(error.schema)}"
        case "oneOf" | "not":
            one, other = _either(error)
            found = f"both '{one}' and '{other}'" if one in value else f"neither '{one}' nor '{other}'"
            return f"{here} {found}; give one of them"
        case "type":
            kinds = [limit] if isinstance(limit, str) else limit
            return f"{name} must be {' or '.join(_KINDS[kind] for kind in kinds)}, got {_short_json(value)}"
        case "enum":
            return f"{name} must be one of {', '.join(map(_short_json, limit))}; got {_short_json(value)}"
        case "minimum" | "exclusiveMinimum" | "maximum":
            bound = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}[error.validator]
            return f"{name} must be {bound} {limit:,}, got {_short_json(value)}"
        case "minLength" | "pattern":
            return f"{name} is empty; give a text"
        case "maxLength":
            return f"{name} may have at most {limit:,} characters, got {len(value):,}"
        case "minItems":
            return f"{name} is empty; it needs at least {limit:,}"
        case "maxItems":
            return f"{name} may have at most {limit:,} items, got {len(value):,}"
    return f"{name} is not as it must be: {error.message[:_LONGEST]}"


def _either(error: "ValidationError") -> list[str]:
    """Return the two keys of which an object may have one."""
    if error.validator == "not":
        return list(error.validator_value["required"])
    return [key for choice in error.validator_value for key in choice["required"]]


def _keys(schema: Schema) -> str:
    needed = schema.get("required", [])
    others = [key for key in schema["properties"] if key not in needed]
    parts = [f"needs {', '.join(needed)}"] if needed else []
    parts += [f"may have {', '.join(others)}"] if others else []
    return f"it {' and '.join(parts)}" if parts else "it has no keys"


def _place(path: list[str | int]) -> str:
    """Return where a value stands, such as ``marks[2].doc_id``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{_short(step)}" for step in path).lstrip(".")


def _short_json(value: Any) -> str:
    if isinstance(value, list | dict):
        return _KINDS["array" if isinstance(value, list) else "object"]
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
