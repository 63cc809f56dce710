"""Exports as Parquet; what the export is stands in the file's metadata, under the key ``exemplar``."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.arrow_batches import arrow_batches, arrow_schema


def write_parquet(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows as Parquet, each column with a type that holds its cells; objects, and mixed cells, are JSON text."""
    schema = arrow_schema(export)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in arrow_batches(rows, schema):
            writer.write_batch(batch, row_group_size=len(batch))
