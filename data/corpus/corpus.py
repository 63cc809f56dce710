"""The corpus on disk: a manifest that names one build, and that build's documents, passages and vectors.

::

    <home>/corpora/<name>/manifest.json
    <home>/corpora/<name>/<build>/    see data/corpus/shards.py

The manifest is written last, and atomically. Without it a corpus is unfinished: readers get as much of it as is
committed, and are told so. A rebuild replaces the old corpus in one step; until then the old one is the corpus.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from exemplar.data.arrow import DOCUMENT_SCHEMA, read_documents
from exemplar.data.corpus.facets import Facets, facets_of
from exemplar.data.corpus.filters import Filters, RowSelection, Selection, matching_rows
from exemplar.data.corpus.manifest import Manifest, corpus_folder, read_manifest
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.corpus.store import row_in
from exemplar.data.documents import Document
from exemplar.data.errors import CorpusDamaged

_BLOCK = 2**16  # vectors that are looked at together


@dataclass(frozen=True)
class Corpus:
    """An open corpus: documents, and the vectors of their passages.

    Attributes
    ----------
    documents
        Table with the columns of ``DOCUMENT_SCHEMA``, memory-mapped.
    passages
        ``(n_passages, 3) int64``: the row of the document, start and end in its text; in the documents' order.
    vectors
        ``(n_passages, dim) float32``, memory-mapped and read-only; unit rows, unless the manifest's similarity is dot.
    n_planned
        Documents that there will be when an unfinished corpus is finished; else as many as there are.
    """

    manifest: Manifest
    documents: pa.Table
    passages: NDArray[np.int64]
    vectors: NDArray[np.float32]
    n_planned: int

    @functools.cached_property
    def rows(self) -> dict[str, int]:
        """Row of each doc_id."""
        return {doc_id: row for row, doc_id in enumerate(self.documents["doc_id"].to_pylist())}

    @functools.cached_property
    def document_rows(self) -> NDArray[np.int64]:
        """Row of each passage's document, ascending."""
        return np.ascontiguousarray(self.passages[:, 0])

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return int(self.documents.num_rows)

    def rows_of(self, doc_ids: Iterable[str]) -> dict[str, int]:
        """Return the rows of those of some documents that are there."""
        return {doc_id: self.rows[doc_id] for doc_id in doc_ids if doc_id in self.rows}

    def row(self, doc_id: str) -> int:
        """Return the row of a document; ExemplarError if it does not exist."""
        return row_in(self.rows_of([doc_id]), doc_id, self.manifest.name)

    def doc_ids(self, rows: Sequence[int] | NDArray[np.intp]) -> list[str]:
        """Return the doc_ids of some rows, in their order."""
        taken: list[str] = self.documents["doc_id"].take(rows).to_pylist()
        return taken

    def document(self, row: int) -> Document:
        """Return the document at a row."""
        doc_id, text, label, metadata = (self.documents[name][row].as_py() for name in DOCUMENT_SCHEMA.names)
        return Document(doc_id, text, label, dict(metadata or ()))

    def documents_at(self, rows: Sequence[int]) -> list[Document]:
        """Return the documents at some rows, in their order; one by one, as taking them at once copies a column."""
        return [self.document(row) for row in rows]

    def passages_of(self, row: int) -> range:
        """Return the rows of the passages of the document at a row."""
        first, last = np.searchsorted(self.document_rows, (row, row + 1))
        return range(int(first), int(last))

    def passages_at(self, passages: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return of some passages ``(n, 3)`` the row of the document, start and end in its text."""
        taken: NDArray[np.int64] = self.passages[np.asarray(passages, np.intp)]
        return taken

    def rows_with(self, texts: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of documents whose text is one of these."""
        # Only texts of the same length are compared: a look at every text would take longer than the SVM.
        rows = np.flatnonzero(np.isin(self._text_sizes, [len(text.encode()) for text in texts]))
        # They are taken chunk by chunk, as taking them at once copies the column.
        wanted, found, first = pa.array(texts, pa.large_string()), [rows[:0]], 0
        for chunk in self.documents["text"].chunks:
            those = rows[slice(*np.searchsorted(rows, (first, first + len(chunk))))]
            if those.size:
                found.append(those[pc.is_in(chunk.take(those - first), value_set=wanted).to_numpy(False)])
            first += len(chunk)
        return np.concatenate(found)

    def select(self, filters: Filters) -> Selection:
        """Return the documents that pass."""
        return RowSelection(self.document_rows, matching_rows(self.documents, filters))

    @functools.cached_property
    def facets(self) -> Facets:
        """What the documents can be filtered by."""
        return facets_of(self.documents)

    @functools.cached_property
    def _text_sizes(self) -> NDArray[np.int64]:
        """Length of every document's text in bytes."""
        sizes: NDArray[np.int64] = pc.binary_length(self.documents["text"]).to_numpy()
        return sizes


def open_corpus(name: str) -> Corpus:
    """Open a corpus, memory-mapped, after checking that its files fit its manifest; an unfinished one as far as it is.

    Raises
    ------
    CorpusNotFound
        There is no corpus of that name.
    CorpusDamaged
        Files are missing, cut short, or hold rows that are no vectors of the model.
    """
    manifest = read_manifest(name)
    try:
        return _open(manifest)
    except CorpusDamaged:
        current = read_manifest(name)
        if current.build == manifest.build:
            raise
        return _open(current)  # a rebuild has replaced it meanwhile


def _open(manifest: Manifest) -> Corpus:
    folder = corpus_folder(manifest.name) / manifest.build
    try:
        store = ShardStore(folder)
        documents = read_documents(folder / DOCUMENTS)
        documents.validate(full=True)  # damaged text would stop a search later
        passages, vectors = store.arrays(manifest.n_passages)
        whole = documents.num_rows == store.n_documents
        if manifest.created:
            whole = whole and (store.documents_done, store.dim) == (manifest.n_documents, manifest.encoder.dim)
        whole = whole and _fits(passages, manifest) and _are_vectors(vectors, manifest)
    except (OSError, EOFError, ValueError, MemoryError, pa.ArrowException) as error:
        raise CorpusDamaged(f"the files of the corpus '{manifest.name}' can't be read; build it again") from error
    if not whole:
        raise CorpusDamaged(f"the files of the corpus '{manifest.name}' do not fit its manifest; build it again")
    return Corpus(manifest, documents.slice(0, manifest.n_documents), passages, vectors, store.n_documents)


def _fits(passages: NDArray[np.int64], manifest: Manifest) -> bool:
    """Whether the passages are those of all documents, in order."""
    rows, starts, ends = passages.T
    if not rows.size or (rows[0], rows[-1]) != (0, manifest.n_documents - 1):
        return False
    steps = np.diff(rows)
    return bool(((steps == 0) | (steps == 1)).all() and ((starts >= 0) & (starts <= ends)).all())


def _are_vectors(vectors: NDArray[np.float32], manifest: Manifest) -> bool:
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        squares = np.einsum("ij,ij->i", block, block)
        if not np.allclose(squares, 1.0, atol=1e-3) and manifest.encoder.similarity != "dot":
            return False
        if not (np.isfinite(squares) & (squares > 0)).all():
            return False
    return True
