"""Rows of Parquet files, a batch at a time."""

import json
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from data.columns import Row, Table
from data.documents import Problem
from data.files import File

_BATCH = 256  # rows; long texts are held that many at a time


def parquet_table(file: File) -> Table:
    """Return a Parquet file as a table.

    Numbers that a Hugging Face data set wrote for class names are those names again. Columns of bytes, such as
    pictures, are read only where they are needed.
    """
    with _opened(file) as parquet:
        schema = parquet.schema_arrow
    class_names = _class_names(schema)

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        columns = [field.name for field in schema if field.name in needed or not _holds_bytes(field.type)]
        with _opened(file) as parquet:
            for batch in parquet.iter_batches(batch_size=_BATCH, columns=columns):
                for row in batch.to_pylist():
                    yield named(row, class_names)

    return Table(tuple(schema.names), rows)


def named(row: dict[str, Any], class_names: dict[str, list[str]]) -> Row:
    """Return a row with the names of its classes in place of their numbers, None where there is none."""
    for column, names in class_names.items():
        if isinstance(row.get(column), list):
            row[column] = [_name(number, names) for number in row[column]]
        elif column in row:
            row[column] = _name(row[column], names)
    return row


def _name(number: Any, names: list[str]) -> str | None:
    if isinstance(number, str):
        return number  # a name already
    return names[number] if isinstance(number, int) and 0 <= number < len(names) else None


@contextmanager
def _opened(file: File) -> Iterator[Any]:
    try:
        # In storage a large file is read where it is needed, not as a whole.
        with ExitStack() as opened:
            stored = opened.enter_context(file.open()) if file.seekable else None
            with pa.parquet.ParquetFile(file.path or stored or BytesIO(file.whole())) as parquet:
                yield parquet
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def _class_names(schema: Any) -> dict[str, list[str]]:
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            column: feature["names"]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (KeyError, TypeError, AttributeError, ValueError):  # written by another program, or an older one
        return {}


def _holds_bytes(kind: Any) -> bool:
    types = pa.types
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return True
    return any(_holds_bytes(kind.field(child).type) for child in range(kind.num_fields))
