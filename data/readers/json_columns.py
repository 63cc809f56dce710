"""Rows of columns in JSON, which are lists or objects, and of lists without names."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.readers.json_layouts import NO_TABLE


def column_rows(parsed: Any) -> Iterable[dict[str, Any]]:
    """Return the rows of columns, which are lists or objects, or of what pandas writes as ``split``.

    Row numbers that are not 0, 1, 2, ... become the column ``index``.

    Raises
    ------
    ExemplarError
        The columns differ in length.
    """
    if not isinstance(parsed, dict) or not parsed:
        raise ExemplarError(NO_TABLE)
    names, data, index = parsed.get("columns"), parsed.get("data"), parsed.get("index")
    if isinstance(names, list) and isinstance(data, list) and data and all(isinstance(row, list) for row in data):
        if any(len(row) != len(names) for row in data):
            raise ExemplarError(f"it has {len(names):,} columns, and a row of another length")
        return _indexed(_named_columns(names), data, index if isinstance(index, list) else [])
    values = list(parsed.values())
    if isinstance(values[0], dict):
        keys = list(values[0])
        if any(not isinstance(value, dict) or list(value) != keys for value in values):
            raise ExemplarError("its columns have different rows")
        return _indexed(list(parsed), zip(*(value.values() for value in values), strict=True), keys)
    if any(not isinstance(value, list) or len(value) != len(values[0]) for value in values):
        raise ExemplarError("its columns differ in length")
    return _indexed(list(parsed), zip(*values, strict=True), [])


def _named_columns(names: list[Any]) -> list[str]:
    """Return names as texts; those of pandas' levels, which are lists, with dots between."""
    return [".".join(map(str, name)) if isinstance(name, list) else str(name) for name in names]


def _indexed(names: list[str], rows: Iterable[Sequence[Any]], index: Sequence[Any]) -> Iterator[dict[str, Any]]:
    is_told = bool(index) and "index" not in names and list(map(str, index)) != list(map(str, range(len(index))))
    for number, row in enumerate(rows):
        cells = dict(zip(names, row, strict=True))
        yield {"index": index[number], **cells} if is_told and number < len(index) else cells


def numbered_columns(values: list[Any]) -> dict[str, Any]:
    """Return a row of a list of lists, whose columns have no names."""
    return {f"column {number}": value for number, value in enumerate(values, 1)}
