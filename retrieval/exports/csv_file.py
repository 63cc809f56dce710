"""Exports as CSV."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from exemplar.data.tabular.formulas import escape_formula
from exemplar.retrieval.exports.export import Export, Row


def write_csv(export: Export, rows: Iterable[Row], path: Path, delimiter: str) -> None:
    """Write rows as CSV.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, which marks a cell as text there. The
    file starts with a byte order mark, without which Excel does not read it as UTF-8.
    """
    with path.open("x", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(map(escape_formula, export.columns))
        for row in rows:
            writer.writerow([_cell(row.get(name)) for name in export.columns])


def _cell(value: Any) -> Any:
    if value is None or value != value:
        return ""
    text = as_text(value)
    return escape_formula(text) if isinstance(value, str | list | dict) else text


def as_text(value: Any) -> str:
    """Return a cell that is no text as one: simple values of a list joined by semicolons, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)
