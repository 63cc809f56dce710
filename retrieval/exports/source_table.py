"""The rows that a corpus was built from: as they came, or, where they were not kept, as its documents."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.row_batches import RowBatches
from exemplar.data.corpus.source_rows import cells_in
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.columns import Columns, pick_columns
from exemplar.retrieval.exports.export import Kind
from exemplar.retrieval.exports.formats.kinds import Kinds
from exemplar.retrieval.exports.reordering import reordered

_TOGETHER = 256  # documents that are read together
_READ = ("document", "file", "cells", "reason", "place")


class TableRow(NamedTuple):
    """A row: its document in the corpus (-1 for none), its file, its cells, and why it was left out."""

    document: int
    file: str | None
    cells: Mapping[str, Any]
    left_out: str | None


class SourceTable(Protocol):
    """Rows, each with its document.

    Attributes
    ----------
    documents
        ``(n_rows,) int64``: the row of each one's document in the corpus; -1 for a row that was left out.
    """

    documents: NDArray[np.int64]

    def columns(self, rows: NDArray[np.intp]) -> dict[str, Kind]:
        """Return the columns of some rows, ascending, with the kinds of their cells."""

    def read(self, rows: NDArray[np.intp]) -> Iterator[TableRow]:
        """Yield some rows, each once, in any order."""


def source_table(corpus: DocumentStore) -> SourceTable:
    """Return the rows of a corpus; Milvus has the manifest of one with rows, and no rows."""
    has_rows = isinstance(corpus, Corpus) and corpus.manifest.rows_sha256 and corpus.n_documents
    return KeptRows(corpus) if has_rows else DocumentRows(corpus)


def column_roles(corpus: DocumentStore, columns: Sequence[str]) -> Columns:
    """Return which of some columns of its rows a corpus takes for the text, the title, the label and the id."""
    try:
        found = pick_columns(columns, corpus.manifest.source.columns, "the file", list_names=False)
    except ExemplarError:  # no table
        return Columns()
    return Columns(*(name if name in columns else None for name in (found.text, found.title, found.label, found.id)))


class KeptRows:
    """The rows of a source as they came; what is no row of a table has the cells of its document."""

    def __init__(self, corpus: DocumentStore) -> None:
        self._corpus = corpus
        self._rows = RowBatches(corpus.manifest)
        self.documents = self._rows.documents

    def columns(self, rows: NDArray[np.intp]) -> dict[str, Kind]:
        """Return the columns of some rows, ascending, with the kinds of their cells."""
        return _columns(self.read(rows))

    def read(self, rows: NDArray[np.intp]) -> Iterator[TableRow]:
        """Yield some rows, each once, in any order."""
        places = np.full(len(self.documents), -1, np.int64)
        places[rows] = np.arange(len(rows))
        for table in reordered(self._rows.batches(_READ), places, self._rows.n_bytes):
            for values in zip(*(table[name].to_pylist() for name in _READ), strict=True):
                yield self._row(*values)

    def _row(
        self, document: int | None, file: str | None, cells: str | None, reason: str | None, place: str | None
    ) -> TableRow:
        left_out = f"{place}: {reason}" if reason and place else reason
        if document is None:
            return TableRow(-1, file, cells_in(cells), left_out)
        return TableRow(document, file, cells_in(cells) if cells else _cells_of(self._corpus.document(document)), None)


class DocumentRows:
    """The documents of a corpus as rows: of one in a database or in memory, or by an earlier version."""

    def __init__(self, corpus: DocumentStore) -> None:
        self._corpus = corpus
        self.documents = np.arange(corpus.n_documents)

    def columns(self, rows: NDArray[np.intp]) -> dict[str, Kind]:
        """Return the columns of some rows, ascending, with the kinds of their cells."""
        return _columns(self.read(rows))

    def read(self, rows: NDArray[np.intp]) -> Iterator[TableRow]:
        """Yield some rows, each once, in any order."""
        cells = self._corpus.cells if isinstance(self._corpus, Corpus) else ()
        for first in range(0, len(rows), _TOGETHER):
            together = rows[first : first + _TOGETHER].tolist()
            if cells and isinstance(self._corpus, Corpus):  # to read documents for these takes longer
                files = self._corpus.documents["file"].take(together).to_pylist()
                for row, file in zip(together, files, strict=True):
                    yield TableRow(row, file, cells[row] or _cells_of(self._corpus.document(row)), None)
                continue
            for row, document in zip(together, self._corpus.documents_at(together), strict=True):
                yield TableRow(row, document.file, document.cells or _cells_of(document), None)


def _columns(rows: Iterator[TableRow]) -> dict[str, Kind]:
    kinds = Kinds()
    for row in rows:
        kinds.add(row.cells)
    return kinds.columns()


def _cells_of(document: Document) -> dict[str, Any]:
    """Return a document as the cells of a row."""
    title = {} if document.title is None else {"title": document.title}
    labels = {"labels": list(document.labels)} if document.labels else {}
    return {**title, "text": document.text, **labels, **document.metadata}
