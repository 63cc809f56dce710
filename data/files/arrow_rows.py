"""Batches of Arrow, whatever wrote them, as rows of Python objects within bounds."""

import itertools
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exemplar.data.arrow import keys_and_items
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, check_names
from exemplar.data.text import one_line

MOST_ROWS_A_BYTE = 10  # of a file; a repeated text takes almost no bytes
FEW_ROWS = 2**24  # any file may have these

_AT_ONCE = 256  # rows of a batch that become Python objects at once
_SLICE = 8192  # rows of a batch whose size is looked at
_MOST_ROW = 2**27  # bytes
_TOO_LARGE = f"larger than {_MOST_ROW:,} bytes"
# What Arrow raises where Python has no such value: a date or a time zone beyond Python's, a text that is not UTF-8.
_NO_SUCH_VALUE = (ValueError, ArithmeticError, LookupError, RuntimeError)
_AS_BYTES = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}
_VIEWS = frozenset({pa.string_view(), pa.binary_view()})


def batches_table(schema: Any, batches: Callable[[list[str]], Iterable[Any]], file: File) -> Table:
    """Return batches of Arrow as a table.

    Numbers of classes that a Hugging Face data set wrote become the names of the classes, and its JSON values. Columns
    of bytes, such as pictures, are read only if they are needed. A row that is too large is a problem.

    Parameters
    ----------
    batches
        Reads the columns of the given names, in the order of the schema.
    """
    with arrow_errors():
        names = tuple(schema.names)
        features, plain = features_in(schema), pa.schema(map(_without_dictionary, schema))
    check_names(len(names), sum(map(len, names)))
    class_names = class_names_in(features)
    of_json = [name for name, each in features.items() if isinstance(each, dict) and each.get("_type") == "Json"]

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        columns = pa.schema(field for field in plain if field.name in needed or not holds_bytes(field.type))
        number = 0
        with arrow_errors():
            for row in itertools.chain.from_iterable(_rows_of(batch, columns) for batch in batches(columns.names)):
                if row is None:
                    yield Problem(file.at(f"row {number}"), _TOO_LARGE)
                else:
                    row.update((name, _parsed(row[name])) for name in of_json if name in row)
                    yield with_class_names(row, class_names)
                number += 1

    return Table(names, rows)


@contextmanager
def arrow_errors() -> Iterator[None]:
    """Turn what Arrow raises about a damaged file into an ExemplarError, except for OSError and MemoryError."""
    try:
        yield
    except ExemplarError:
        raise
    except (pa.ArrowException, *_NO_SUCH_VALUE, TypeError) as error:
        raise ExemplarError(one_line(error)) from error


def check_values(batch: Any) -> None:
    """Raise an error of Arrow if a batch of an untrusted file refers to what lies outside of it; any text may."""
    for column in batch.columns:
        as_bytes = _AS_BYTES.get(column.type)
        (column.view(as_bytes) if as_bytes else column).validate(full=True)


def features_in(schema: Any) -> dict[str, Any]:
    """Return the features that a Hugging Face data set wrote into a schema, as JSON; empty without any."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):  # another program, or an older version, wrote the file
        return {}
    return features if isinstance(features, dict) else {}


def _parsed(cell: Any) -> Any:
    """Return the value of a text of JSON; any other cell unchanged."""
    with suppress(ValueError, TypeError, RecursionError):
        return json.loads(cell)
    return cell


def _without_dictionary(field: Any) -> Any:
    plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    return pa.field(field.name, plain)  # a damaged file may lack values that its schema demands


def _rows_of(batch: Any, schema: Any) -> Iterator[dict[str, Any] | None]:
    """Yield the rows of a batch, None for a row that is too large."""
    for start in range(0, batch.num_rows, _SLICE):
        part = batch.slice(start, _SLICE)
        step = _AT_ONCE if _size(part) <= _MOST_ROW else 1
        for rows in (part.slice(first, step) for first in range(0, part.num_rows, step)):
            if step > 1 or _size(rows) <= _MOST_ROW:
                yield from _python_rows(_plain(rows, schema))
            else:
                yield None


def _plain(batch: Any, schema: Any) -> Any:
    """Return a batch without dictionaries, which become Python objects more slowly."""
    try:
        return batch.cast(schema)
    except pa.ArrowNotImplementedError:  # Arrow can't cast views
        return batch


def _python_rows(batch: Any) -> list[dict[str, Any]]:
    """Return the rows of a batch; a cell that Python can't hold is a text or bytes, or else missing."""
    try:
        return list(batch.to_pylist())
    except _NO_SUCH_VALUE:
        columns = [_cells(column) for column in batch.columns]
    return [dict(zip(batch.schema.names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _cells(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except _NO_SUCH_VALUE:
        return list(map(_cell, column))


def _cell(value: Any) -> Any:
    with suppress(*_NO_SUCH_VALUE):
        return value.as_py()
    if _is_text(value.type) or value.type in _VIEWS:
        return value.as_buffer().to_pybytes()
    if pa.types.is_timestamp(value.type) and value.type.tz:
        value = value.cast(pa.timestamp(value.type.unit, "UTC"))
    with suppress(*_NO_SUCH_VALUE):
        text = value.cast(pa.string()).as_py()
        return None if text.startswith("<value out of range") else text  # such as the infinite date of DuckDB
    return None


def _size(column: Any) -> int:
    """Return the bytes of a batch, or of an array or slice, counting a repeated value every time."""
    kind = column.type if isinstance(column, pa.Array) else None
    if kind is None or pa.types.is_struct(kind):
        return sum(map(_size, column.columns if kind is None else column.flatten()))
    if pa.types.is_map(kind):
        return sum(map(_size, keys_and_items(column)))
    if isinstance(column, pa.ExtensionArray):
        return _size(column.storage)
    if hasattr(column, "flatten"):  # any kind of list
        return _size(column.flatten())
    if pa.types.is_dictionary(kind) and (_is_text(kind.value_type) or kind.value_type in _VIEWS):
        return pc.sum(_lengths(column.dictionary).take(column.indices).cast(pa.int64())).as_py() or 0
    if kind in _VIEWS:
        return pc.sum(_lengths(column)).as_py() or 0
    return int(column.nbytes)


def _lengths(texts: Any) -> Any:
    """Return the bytes of every text of an array."""
    if texts.type not in _VIEWS:
        return pc.binary_length(texts)
    views = np.frombuffer(texts.buffers()[1] or b"", np.int32).reshape(-1, 4)  # a view begins with its length
    lengths = views[texts.offset : texts.offset + len(texts), 0].astype(np.int64)
    return pa.array(lengths, mask=~texts.is_valid().to_numpy(zero_copy_only=False))


def with_class_names(row: dict[str, Any], class_names: dict[str, list[str]]) -> Row:
    """Return a row with the names of classes in place of their numbers, None for a number without a name.

    A text that is the number of a class, as in a CSV file, becomes its name as well.
    """
    for column, names in class_names.items():
        if isinstance(row.get(column), list):
            row[column] = [_name(number, names) for number in row[column]]
        elif column in row:
            row[column] = _name(row[column], names)
    return row


def _name(number: Any, names: list[str]) -> str | None:
    if isinstance(number, str):
        if number in names or not number.isdecimal() or int(number) >= len(names):
            return number  # a name already
        number = int(number)
    return names[number] if isinstance(number, int) and 0 <= number < len(names) else None


def class_names_in(features: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names of the classes of every column of classes, or of lists of classes, by the features' JSON."""
    named = {}
    for column, feature in features.items():
        item = feature.get("feature", feature) if isinstance(feature, dict) else None
        if isinstance(item, dict) and item.get("_type") == "ClassLabel" and isinstance(item.get("names"), list):
            named[column] = list(map(str, item["names"]))  # YAML reads the name yes as True
    return named


def _is_text(kind: Any) -> bool:
    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def holds_bytes(kind: Any) -> bool:
    """Return whether a type is, or is made of, bytes."""
    types = pa.types
    if any(each(kind) for each in (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)):
        return True
    if kind == pa.binary_view():
        return True
    return any(holds_bytes(kind.field(child).type) for child in range(kind.num_fields))
