"""Rows of Parquet files, one batch at a time."""

import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from exemplar.data.arrow import keys_and_items
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import LEAST_UNPACKED, MOST_TIMES, File
from exemplar.data.files.table import Row, Table, check_names
from exemplar.data.text import one_line

_BATCH = 8192  # rows
_BATCH_BYTES = 2**26  # of a batch, unless one row is larger
_AT_ONCE = 256  # rows of a batch that become Python objects at once
_MOST_ROW = 2**27  # bytes
_MOST_ROWS_A_BYTE = 10  # of the file; a repeated text takes almost no bytes
_FEW_ROWS = 2**24  # any file may have these
_MOST_HELD = 1_000_000_000  # unpacked bytes of a file whose rows are in memory all at once
_TOO_LARGE = f"larger than {_MOST_ROW:,} bytes"
# Arrow's schema lies in the file beside Parquet's own; under another name of this length Arrow does not know it.
_ARROW_SCHEMA, _UNKNOWN_SCHEMA = b"ARROW:schema", b"ARROW.schema"
# What Arrow raises where Python has no such value: a date or a time zone beyond Python's, a text that is not UTF-8.
_NO_SUCH_VALUE = (ValueError, ArithmeticError, LookupError, RuntimeError)


def parquet_table(file: File) -> Table:
    """Return a Parquet file as a table.

    Numbers of classes that a Hugging Face data set wrote become the names of the classes. Columns of bytes, such as
    pictures, are read only if they are needed. A column of a type that Arrow lacks is an error only if it is needed.
    """
    with _opened(file) as parquet:
        schema = parquet.schema_arrow
        check_names(len(schema), sum(map(len, schema.names)))
        texts, size = _texts(parquet.schema), _batch_size(parquet.metadata)
    class_names, unknown = class_names_in(_features(schema)), _unknown_columns(schema)

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        if bad := next((name for name in needed if name in unknown), None):
            raise ExemplarError(f"column '{bad}' can't be read as text: Arrow lacks its type, such as 128-bit integers")
        columns = pa.schema(field for field in schema if field.name in needed or not _holds_bytes(field.type))
        number = 0
        with _opened(file, texts) as parquet:
            for batch in parquet.iter_batches(batch_size=size, columns=columns.names):
                for row in _rows_of(batch, columns):
                    where = file.at(f"row {number}")
                    yield Problem(where, _TOO_LARGE) if row is None else with_class_names(row, class_names)
                    number += 1

    return Table(tuple(schema.names), rows)


def read_columns(file: File, names: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a Parquet file with these columns only, in a form that all of them can stay in memory.

    A text that a column repeats is one object in all rows of a batch: a small file can repeat a huge text very often.

    Raises
    ------
    ExemplarError
        The file can't be read, or is larger than 1 GB unpacked.
    """
    with _opened(file, names) as parquet:
        groups = map(parquet.metadata.row_group, range(parquet.num_row_groups))
        if sum(group.total_byte_size for group in groups) > _MOST_HELD:
            raise ExemplarError("unpacked it is larger than 1 GB")
        for batch in parquet.iter_batches(columns=list(names)):
            for cells in zip(*(_shared(batch[name]) for name in names), strict=True):
                yield dict(zip(names, cells, strict=True))


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


@contextmanager
def _opened(file: File, shared: Sequence[str] = ()) -> Iterator[Any]:
    try:
        # Of a large file in storage, only the needed parts are read.
        with ExitStack() as opened:
            stored = opened.enter_context(file.open()) if file.seekable else None
            content = file.path or stored or BytesIO(file.content())
            with _parquet_file(content, list(shared)) as parquet:
                yield parquet
    except pa.ArrowException as error:
        raise ExemplarError(one_line(error)) from error


def _parquet_file(content: Any, shared: list[str]) -> Any:
    try:
        return pa.parquet.ParquetFile(content, read_dictionary=shared)
    except pa.ArrowNotImplementedError:  # for one column the complete file, because of Arrow's schema
        return pa.parquet.ParquetFile(content, metadata=_metadata_without_arrow(content), read_dictionary=shared)


def _metadata_without_arrow(content: Any) -> Any:
    """Return the metadata of a file by Parquet's own schema alone."""
    with content.open("rb") if isinstance(content, Path) else nullcontext(content) as opened:
        opened.seek(-8, os.SEEK_END)
        size = int.from_bytes(opened.read(4), "little")
        opened.seek(-8 - size, os.SEEK_END)
        footer = opened.read()
    return pa.parquet.read_metadata(BytesIO(b"PAR1" + footer.replace(_ARROW_SCHEMA, _UNKNOWN_SCHEMA)))


def _unknown_columns(schema: Any) -> list[str]:
    """Return the columns of which only the bytes are known, because Arrow could not read its schema."""
    if _UNKNOWN_SCHEMA not in (schema.metadata or {}):
        return []
    return [field.name for field in schema if _holds_bytes(field.type)]


def _shared(column: Any) -> list[Any]:
    """Return the values of a column; equal texts are one object."""
    if not pa.types.is_dictionary(column.type):
        return list(column.to_pylist())
    column.validate(full=True)  # a damaged file may refer to values that it lacks
    values = column.dictionary.to_pylist()
    return [None if index is None else values[index] for index in column.indices.to_pylist()]


def _texts(schema: Any) -> list[str]:
    """Return the paths of the columns of texts, whose equal values can share one object."""
    columns = map(schema.column, range(len(schema)))
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _rows_of(batch: Any, schema: Any) -> Iterator[dict[str, Any] | None]:
    """Yield the rows of a batch, None for a row that is too large."""
    step = _AT_ONCE if _size(batch) <= _MOST_ROW else 1
    for part in (batch.slice(start, step) for start in range(0, batch.num_rows, step)):
        if step > 1 or _size(part) <= _MOST_ROW:
            yield from _python_rows(_plain(part, schema))
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
    if _is_text(value.type):
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
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        lengths = pc.binary_length(column.dictionary)
        return pc.sum(lengths.take(column.indices).cast(pa.int64())).as_py() or 0
    return int(column.nbytes)


def _batch_size(metadata: Any) -> int:
    """Return the number of rows to read at once, by their size.

    Raises
    ------
    ExemplarError
        The file expands to more rows or bytes than a real file of its size.
    """
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    n_bytes, n_rows = sum(group.total_byte_size for group in groups), sum(group.num_rows for group in groups)
    if n_bytes > LEAST_UNPACKED or n_rows > _FEW_ROWS:
        packed = sum(group.column(n).total_compressed_size for group in groups for n in range(group.num_columns))
        if n_bytes > max(LEAST_UNPACKED, MOST_TIMES * packed) or n_rows > max(_FEW_ROWS, _MOST_ROWS_A_BYTE * packed):
            raise ExemplarError(
                f"it expands to {n_rows:,} rows and {n_bytes:,} bytes from {packed:,}, beyond all measure"
            )
    largest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=0)
    return max(1, min(_BATCH, int(_BATCH_BYTES / max(1.0, largest))))


def data_set_features(file: File) -> dict[str, Any]:
    """Return the features that a Hugging Face data set wrote into a Parquet file, as JSON; empty without any."""
    with _opened(file) as parquet:
        return _features(parquet.schema_arrow)


def class_names_in(features: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names of the classes of every column of classes, or of lists of classes, by the features' JSON."""
    named = {}
    for column, feature in features.items():
        item = feature.get("feature", feature) if isinstance(feature, dict) else None
        if isinstance(item, dict) and item.get("_type") == "ClassLabel" and isinstance(item.get("names"), list):
            named[column] = list(map(str, item["names"]))  # YAML reads the name yes as True
    return named


def _features(schema: Any) -> dict[str, Any]:
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):  # another program, or an older version, wrote the file
        return {}
    return features if isinstance(features, dict) else {}


def _is_text(kind: Any) -> bool:
    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def _holds_bytes(kind: Any) -> bool:
    types = pa.types
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return True
    return any(_holds_bytes(kind.field(child).type) for child in range(kind.num_fields))
