"""The interface of a corpus's documents, which are on disk or in a database."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.corpus.facets import Facets
from exemplar.data.corpus.filters import Filters, Selection
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.documents import Document
from exemplar.data.errors import ExemplarError


class DocumentStore(Protocol):
    """The documents of a corpus and the bounds of their passages; a row is a document's position."""

    @property
    def manifest(self) -> Manifest:
        """What the corpus contains and how it was built."""

    @property
    def n_documents(self) -> int:
        """Number of documents."""

    @property
    def n_texts(self) -> int:
        """Number of different texts; a database gives the number of documents, since it can't count texts."""

    @property
    def documents(self) -> pa.Table:
        """All documents, with at least the columns doc_id, text and label.

        A database transfers all of them for this, so no search uses it.
        """

    @property
    def rows(self) -> dict[str, int]:
        """Row of every document by its doc_id; transfers as much as ``documents``."""

    @property
    def facets(self) -> Facets:
        """The values that the documents can be filtered by."""

    def values_in(self, column: str | None) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the rows of documents with values in a column, in order, each with them; None means the labels.

        A database transfers the column of all documents.
        """

    def rows_of(self, doc_ids: Iterable[str]) -> dict[str, int]:
        """Return the rows of documents by doc_id, leaving out documents that do not exist."""

    def row(self, doc_id: str) -> int:
        """Return the row of a document; ExemplarError if the document does not exist."""

    def doc_ids(self, rows: Sequence[int] | NDArray[np.intp]) -> list[str]:
        """Return the doc_ids of the documents at rows, in the order of the rows."""

    def document(self, row: int) -> Document:
        """Return the document at a row."""

    def documents_at(self, rows: Sequence[int]) -> list[Document]:
        """Return the documents at rows, in the order of the rows."""

    def text_hashes(self, rows: Sequence[int]) -> list[str]:
        """Return the hashes of the full texts of documents, each 16 hexadecimal digits, in the order of the rows."""

    def text_numbers(self, rows: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return a number for the text of every document at rows; equal numbers mean equal full texts."""

    def copies_of(self, rows: Sequence[int]) -> list[list[int]]:
        """Return for every document at rows the rows of all documents with its full text, ascending; with itself."""

    def passages_of(self, row: int) -> range:
        """Return the passages of the document at a row."""

    def passages_of_all(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the passages of the documents at rows, which are ascending and different; ascending."""

    def passages_at(self, passages: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the document's row, start and end of passages as ``(n, 3) int64``."""

    def rows_with(self, texts: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of the documents whose text equals one of the texts, ascending."""

    def rows_with_hashes(self, text_hashes: Collection[str]) -> NDArray[np.intp]:
        """Return the rows of the documents whose full text has one of some hashes, ascending."""

    def select(self, filters: Filters) -> Selection:
        """Return the documents that pass filters."""


def row_in(rows: dict[str, int], doc_id: str, corpus: str) -> int:
    """Return the row of a document; ExemplarError, which names the corpus, if the document is not in ``rows``."""
    try:
        return rows[doc_id]
    except KeyError:
        raise ExemplarError(f"there is no document '{doc_id}' in the corpus '{corpus}'") from None
