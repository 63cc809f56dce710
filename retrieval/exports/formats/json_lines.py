"""Exports as JSON Lines."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exemplar.retrieval.exports.export import Export, Row


def write_json_lines(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows as JSON Lines: an object with all columns for every row, its cells with their JSON types."""
    names = export.columns
    with path.open("x", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
        for row in rows:
            file.write(_line({name: row.get(name) for name in names}) + "\n")


def _line(values: Any) -> str:
    try:
        return json.dumps(values, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(values), ensure_ascii=False)


def _finite(value: Any) -> Any:
    """Return a value without the numbers that JSON lacks: null for what is no number, text for infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list) else value
