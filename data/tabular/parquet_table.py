"""Rows of Parquet files, one batch at a time."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from exemplar.data.errors import ExemplarError
from exemplar.data.files.arrow_rows import (
    FEW_ROWS,
    MOST_ROWS_A_BYTE,
    arrow_errors,
    batches_table,
    features_in,
    holds_bytes,
)
from exemplar.data.files.file import LEAST_UNPACKED, MOST_TIMES, File
from exemplar.data.files.table import Row, Table, check_names

_BATCH = 8192  # rows
_BATCH_BYTES = 2**26  # of a batch, unless one row is larger
_MOST_HELD = 1_000_000_000  # unpacked bytes of a file whose rows are in memory all at once
# Arrow's schema lies in the file beside Parquet's own; under another name of this length Arrow does not know it.
_ARROW_SCHEMA, _UNKNOWN_SCHEMA = b"ARROW:schema", b"ARROW.schema"


def parquet_table(file: File) -> Table:
    """Return a Parquet file as a table, as ``batches_table`` does.

    A column of a type that Arrow lacks is an error only if it is needed.
    """
    with _opened(file) as parquet:
        schema = parquet.schema_arrow
        check_names(len(schema), sum(map(len, schema.names)))
        texts, size = _texts(parquet.schema), _batch_size(parquet.metadata)
    unknown = _unknown_columns(schema)

    def batches(names: list[str]) -> Iterator[Any]:
        if bad := next((name for name in names if name in unknown), None):
            raise ExemplarError(f"column '{bad}' can't be read as text: Arrow lacks its type, such as 128-bit integers")
        with _opened(file, texts) as parquet:
            yield from parquet.iter_batches(batch_size=size, columns=names)

    return batches_table(schema, batches, file)


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


@contextmanager
def _opened(file: File, shared: Sequence[str] = ()) -> Iterator[Any]:
    # Of a large file in storage, only the needed parts are read.
    with arrow_errors(), ExitStack() as opened:
        stored = opened.enter_context(file.open()) if file.seekable else None
        content = file.path or stored or BytesIO(file.content())
        with _parquet_file(content, list(shared)) as parquet:
            yield parquet


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
    return [field.name for field in schema if holds_bytes(field.type)]


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


def _batch_size(metadata: Any) -> int:
    """Return the number of rows to read at once, by their size.

    Raises
    ------
    ExemplarError
        The file expands to more rows or bytes than a real file of its size.
    """
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    n_bytes, n_rows = sum(group.total_byte_size for group in groups), sum(group.num_rows for group in groups)
    if n_bytes > LEAST_UNPACKED or n_rows > FEW_ROWS:
        packed = sum(group.column(n).total_compressed_size for group in groups for n in range(group.num_columns))
        if n_bytes > max(LEAST_UNPACKED, MOST_TIMES * packed) or n_rows > max(FEW_ROWS, MOST_ROWS_A_BYTE * packed):
            raise ExemplarError(
                f"it expands to {n_rows:,} rows and {n_bytes:,} bytes from {packed:,}, beyond all measure"
            )
    largest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=0)
    return max(1, min(_BATCH, int(_BATCH_BYTES / max(1.0, largest))))


def data_set_features(file: File) -> dict[str, Any]:
    """Return the features that a Hugging Face data set wrote into a Parquet file, as JSON; empty without any."""
    with _opened(file) as parquet:
        return features_in(parquet.schema_arrow)
