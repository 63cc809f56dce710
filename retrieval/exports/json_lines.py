"""Exports as JSON Lines."""

import json
from collections.abc import Iterable
from pathlib import Path

from exemplar.retrieval.exports.export import Export, Row


def write_json_lines(export: Export, rows: Iterable[Row], path: Path) -> None:
    """Write rows as JSON Lines: an object with all columns for every row, its cells with their JSON types."""
    with path.open("x", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
        for row in rows:
            file.write(json.dumps({name: row.get(name) for name in export.columns}, ensure_ascii=False) + "\n")
