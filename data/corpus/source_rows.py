"""The rows of a corpus's source as they were read, in their order, those that gave no document included.

``<build>/rows.parquet`` holds them; see ``SourceRow``.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet

from exemplar.data.corpus.manifest import Manifest, corpus_folder
from exemplar.data.documents import Document, Problem
from exemplar.data.errors import CorpusDamaged, ExemplarError
from exemplar.data.files.file import reading
from exemplar.data.home import check_regular
from exemplar.data.sources.files import file_on_disk
from exemplar.data.tabular.parquet_table import parquet_table
from exemplar.data.text import one_line, replace_lone_surrogates

ROWS = "rows.parquet"

_SCHEMA = pa.schema(
    [
        ("document", pa.int64()),
        ("file", pa.large_string()),
        ("line", pa.int64()),
        ("cells", pa.large_string()),
        ("reason", pa.large_string()),
        ("place", pa.large_string()),
    ]
)
# A group of rows, which is held in memory until it is written, ends at either limit.
_MOST_CHARACTERS = 2**25  # of the cells of a row
_GROUP = 4096  # rows
_GROUP_CHARACTERS = 2**22


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of a source, or a file that gives one document or none.

    Attributes
    ----------
    document
        The row of its document in the corpus; None if it was left out.
    file, line
        Where it stands, as for ``Document``.
    cells
        Its cells by column, as the file has them, blank ones included; what JSON lacks is text. Empty for a file that
        is no table, and for more than 33 million characters. A line that could not be read as cells is the cell
        ``line``.
    reason, place
        Why it was left out, and where it stands, as messages name it.
    """

    document: int | None
    file: str | None
    line: int | None
    cells: Mapping[str, Any]
    reason: str | None
    place: str | None = None


class RowsWriter:
    """Writes rows to a Parquet file, which is complete when the context ends without an error."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        # Not smaller by more than the reader's bound on what a file may expand to: a text can be in a million rows.
        self._writer = pa.parquet.ParquetWriter(self._file, _SCHEMA, compression="snappy", use_dictionary=False)
        self._group: list[dict[str, Any]] = []
        self._n_characters = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._write_group()
        finally:
            with self._file:
                self._writer.close()
                self._file.flush()
                os.fsync(self._file.fileno())

    def add(self, item: Document | Problem, document: int | None) -> None:
        """Write the row of a document, or of a problem that leaves it out."""
        cells = _as_json(item.cells)
        reason = item.reason if isinstance(item, Problem) else None
        file = item.file or (item.where if isinstance(item, Problem) and item.line is None else None)
        place = item.where if isinstance(item, Problem) else None
        values = (document, file, item.line, cells, reason, place)
        self._group.append(dict(zip(_SCHEMA.names, values, strict=True)))
        self._n_characters += len(cells or "")
        if len(self._group) == _GROUP or self._n_characters >= _GROUP_CHARACTERS:
            self._write_group()

    def _write_group(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._group, _SCHEMA))
        self._group.clear()
        self._n_characters = 0


def source_rows(manifest: Manifest) -> Iterator[SourceRow]:
    """Yield the rows of a corpus's source; nothing for a corpus that was built before rows were kept.

    Raises
    ------
    CorpusDamaged
        The file of rows can't be read.
    """
    if not manifest.rows_sha256:
        return
    path = corpus_folder(manifest.name) / manifest.build / ROWS
    try:
        check_regular(path)
        with reading("them"):
            table = parquet_table(file_on_disk(path))
            if table.columns != tuple(_SCHEMA.names):
                raise ExemplarError("other columns")
            for row in table.rows(()):
                if isinstance(row, Problem):
                    raise ExemplarError(row.reason)
                yield SourceRow(**{**row, "cells": cells_in(row["cells"])})
    except (ExemplarError, OSError) as error:
        raise CorpusDamaged(
            f"the rows of the corpus '{manifest.name}' can't be read: {one_line(error)}; build it again"
        ) from error


def cells_in(cells: str | None) -> dict[str, Any]:
    """Return the cells of a row from its JSON."""
    try:
        parsed = json.loads(cells or "{}")
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise ExemplarError("cells that are no JSON object")
    return parsed


def _as_json(cells: Mapping[str, Any]) -> str | None:
    """Return cells as JSON; None for no cells, for cells that are nested too deeply, and for too many."""
    if not cells:
        return None
    try:
        text = replace_lone_surrogates(json.dumps(cells, default=_plain, ensure_ascii=False))
    except RecursionError:
        return None
    return text if len(text) <= _MOST_CHARACTERS else None


def _plain(value: Any) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
