"""Where the documents of a corpus lie: on disk, or in a database that serves them."""

from collections.abc import Iterable, Sequence
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
    """The documents of a corpus and the places of their passages; a row is a document's position.

    Attributes
    ----------
    documents
        All documents: at least the columns doc_id, text and label. A store that serves them reads all of them for this;
        no search does.
    rows
        Row of each doc_id; reads as much as ``documents``.
    """

    @property
    def manifest(self) -> Manifest:
        """What the corpus is and how it was built."""

    @property
    def n_documents(self) -> int:
        """Number of documents."""

    @property
    def documents(self) -> pa.Table:
        """See above."""

    @property
    def rows(self) -> dict[str, int]:
        """See above."""

    @property
    def facets(self) -> Facets:
        """What the documents can be filtered by."""

    def rows_of(self, doc_ids: Iterable[str]) -> dict[str, int]:
        """Return the rows of those of some documents that exist, by ``doc_id``."""

    def row(self, doc_id: str) -> int:
        """Return the row of a document; ExemplarError if it does not exist."""

    def doc_ids(self, rows: Sequence[int] | NDArray[np.intp]) -> list[str]:
        """Return the doc_ids of some rows, in their order."""

    def document(self, row: int) -> Document:
        """Return the document at a row."""

    def documents_at(self, rows: Sequence[int]) -> list[Document]:
        """Return the documents at some rows, in their order."""

    def passages_of(self, row: int) -> range:
        """Return the rows of the passages of the document at a row."""

    def passages_at(self, passages: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return for some passages ``(n, 3)`` the row of the document, start and end in its text."""

    def rows_with(self, texts: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of the documents whose text is one of some texts."""

    def select(self, filters: Filters) -> Selection:
        """Return the documents that pass filters."""


def row_in(rows: dict[str, int], doc_id: str, corpus: str) -> int:
    """Return the row of a document; ExemplarError if it is missing."""
    try:
        return rows[doc_id]
    except KeyError:
        raise ExemplarError(f"there is no document '{doc_id}' in the corpus '{corpus}'") from None
