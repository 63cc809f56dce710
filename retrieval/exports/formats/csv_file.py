"""Exports as CSV."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exemplar.data.tabular.formulas import escape_formula
from exemplar.retrieval.exports.export import Export, Row


def write_csv(export: Export, rows: Iterator[Row], path: Path, delimiter: str) -> None:
    """Write rows as CSV.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, which marks a cell as text there. The
    file starts with a byte order mark, without which Excel does not read it as UTF-8.
    """
    names = export.columns
    with path.open("x", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([escape_formula(name) for name in names])
        writer.writerows([_cell(row.get(name)) for name in names] for row in rows)


def _cell(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value if value[:1].isalnum() else escape_formula(value)
    if kind is int or value is None:
        return value
    if kind is float:
        return value if value == value else None
    text = as_text(value)
    return escape_formula(text) if kind is list else text


def as_text(value: Any) -> str:
    """Return a cell as text: the texts of a list joined by semicolons, and JSON for what is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) and ";" not in each for each in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)
