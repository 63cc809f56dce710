"""Exports as batches of Arrow, from which Parquet and folders of ``datasets`` are written."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.exports.export import Export, Kind, Row
from exemplar.retrieval.exports.formats.kinds import Kinds

_BATCH = 4096  # rows
_TYPES: Mapping[Kind, Any] = {
    "blank": pa.large_string(),
    "text": pa.large_string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "texts": pa.large_list(pa.large_string()),
    "ints": pa.large_list(pa.int64()),
    "floats": pa.large_list(pa.float64()),
    "json": pa.large_string(),
}


def arrow_schema(export: Export) -> Any:
    """Return the schema of an export: a type that holds all cells of a column, else text that is JSON.

    Reads all rows if the export does not say the kinds of its columns.
    """
    kinds = export.kinds or _kinds_in(export)
    about = {"exemplar": json.dumps(export.about, ensure_ascii=False).encode(errors="backslashreplace")}
    return pa.schema([(name, _TYPES[kinds.get(name, "text")]) for name in export.columns], metadata=about)


def arrow_batches(rows: Iterator[Row], schema: Any) -> Iterator[Any]:
    """Yield rows as batches of a schema."""
    while batch := list(itertools.islice(rows, _BATCH)):
        yield pa.record_batch([_array(field, [row.get(field.name) for row in batch]) for field in schema], schema)


def _array(field: Any, cells: Sequence[Any]) -> Any:
    try:
        return pa.array(cells, field.type)
    except (pa.ArrowException, TypeError, UnicodeEncodeError):  # a column of JSON, or half of a character
        return pa.array([_as_text(cell) for cell in cells], field.type)


def _as_text(cell: Any) -> Any:
    if isinstance(cell, str):
        return replace_lone_surrogates(cell)
    return None if cell is None else json.dumps(cell, ensure_ascii=False)


def _kinds_in(export: Export) -> dict[str, Kind]:
    kinds = Kinds()
    for row in export.rows():
        kinds.add(row)
    return kinds.columns()
