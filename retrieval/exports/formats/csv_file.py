"""Exports as CSV."""

import json
from collections.abc import Iterable, Iterator, Sequence
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
        file.writelines(_lines(names, ([row.get(name) for name in names] for row in rows), delimiter))


def as_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a small table as CSV, written as an export is."""
    return "".join(_lines(names, rows, ",")).encode("utf-8-sig", errors="backslashreplace")


def _lines(names: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str) -> Iterator[str]:
    yield _line([_quoted(escape_formula(name), delimiter) for name in names], delimiter)
    for cells in rows:
        yield _line([_cell(cell, delimiter) for cell in cells], delimiter)


def _line(cells: list[str], delimiter: str) -> str:
    return (delimiter.join(cells) or '""') + "\r\n"  # an empty line would be no row


def _cell(value: Any, delimiter: str) -> str:
    kind = type(value)
    if kind is str:
        return _quoted(value if value[:1].isalnum() else escape_formula(value), delimiter)
    if value is None or value != value:
        return ""
    if kind is int or kind is float:
        return repr(value)
    text = as_text(value)
    return _quoted(escape_formula(text) if kind is list else text, delimiter)


def _quoted(text: str, delimiter: str) -> str:
    """Return a text in quotes if it needs them; the module csv takes several times as long for it."""
    if delimiter in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def as_text(value: Any) -> str:
    """Return a cell as text: the texts of a list joined by semicolons, and JSON for what is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) and ";" not in each for each in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)
