"""A corpus on disk, or in memory: a manifest that names one build, and that build's documents, passages and vectors.

::

    <home>/corpora/<name>/manifest.json
    <home>/corpora/<name>/<build>/    see data/corpus/shards.py

A build writes the manifest last, and atomically. A corpus without a manifest is unfinished: readers open all of its
documents with the best that is complete, words or quick vectors, and the manifest that they get has an empty
``created``. A rebuild replaces the old corpus in one step.
"""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from exemplar.data.arrow import DOCUMENT_SCHEMA, document_at, read_documents
from exemplar.data.corpus.arrivals import arrivals_in
from exemplar.data.corpus.copies import Copies
from exemplar.data.corpus.facets import Facets, facets_of, values_in
from exemplar.data.corpus.filters import Filters, RowSelection, Selection, matching_rows
from exemplar.data.corpus.manifest import Manifest, corpus_folder, read_manifest
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.corpus.store import row_in
from exemplar.data.corpus.words import words_index
from exemplar.data.documents import Document, hash_in_words, text_hash
from exemplar.data.encoders.base import EncoderInfo, VectorKind
from exemplar.data.errors import CorpusDamaged
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.words.index import WordsIndex

_BLOCK = 2**16  # vectors that are checked together


@dataclass(frozen=True)
class Corpus:
    """An open corpus: documents, passages and vectors; see ``data.building.in_memory`` for one without files.

    Attributes
    ----------
    documents
        Table with the columns of ``DOCUMENT_SCHEMA``, memory-mapped.
    passages
        ``(n_passages, 3) int64``: the document's row, start and end in its text; ordered by document.
    vectors
        ``(n_passages, dim) float32``, memory-mapped and read-only; unit rows, unless the encoder's similarity is dot.
        Their dim is 0 while there are words alone.
    arrivals
        ``(n_documents,) int64``: when each document came, see ``arrivals``; None if it is unknown.
    cells
        All cells of every document's row, for a corpus in memory; the rows of one on disk are in ``source_rows``.
    words_in_memory
        The words index of a corpus in memory, which has no files.
    """

    manifest: Manifest
    documents: pa.Table
    passages: NDArray[np.int64]
    vectors: NDArray[np.float32]
    arrivals: NDArray[np.int64] | None = None
    cells: Sequence[Mapping[str, Any]] = ()
    words_in_memory: WordsIndex | None = None

    @functools.cached_property
    def rows(self) -> dict[str, int]:
        """Row of every document by its doc_id."""
        return {doc_id: row for row, doc_id in enumerate(self.documents["doc_id"].to_pylist())}

    @functools.cached_property
    def document_rows(self) -> NDArray[np.int64]:
        """``(n_passages,) int64``: the row of every passage's document, ascending."""
        return np.ascontiguousarray(self.passages[:, 0])

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return int(self.documents.num_rows)

    def rows_of(self, doc_ids: Iterable[str]) -> dict[str, int]:
        """Return the rows of documents by doc_id, leaving out documents that do not exist."""
        return {doc_id: self.rows[doc_id] for doc_id in doc_ids if doc_id in self.rows}

    def row(self, doc_id: str) -> int:
        """Return the row of a document; ExemplarError if the document does not exist."""
        return row_in(self.rows_of([doc_id]), doc_id, self.manifest.name)

    def doc_ids(self, rows: Sequence[int] | NDArray[np.intp]) -> list[str]:
        """Return the doc_ids of the documents at rows, in the order of the rows."""
        doc_ids: list[str] = self.documents["doc_id"].take(np.asarray(rows, np.intp)).to_pylist()
        return doc_ids

    def document(self, row: int) -> Document:
        """Return the document at a row."""
        document = document_at(self.documents, row)
        return replace(document, cells=self.cells[row]) if self.cells else document

    def documents_at(self, rows: Sequence[int]) -> list[Document]:
        """Return the documents at rows, in the order of the rows."""
        return [self.document(row) for row in rows]  # taking all at once would copy the columns

    def text_hashes(self, rows: Sequence[int]) -> list[str]:
        """Return the hashes of the full texts of documents, each 16 hexadecimal digits, in the order of the rows."""
        texts = self.documents["text"]
        return [hash_in_words(text_hash(texts[row].as_buffer().to_pybytes())) for row in rows]

    @property
    def n_texts(self) -> int:
        """Number of different texts."""
        return int(np.count_nonzero(self._copies.first == np.arange(self.n_documents)))

    def text_numbers(self, rows: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return a number for the text of every document at rows; equal numbers mean equal full texts."""
        numbers: NDArray[np.int64] = self._copies.first[np.asarray(rows, np.intp)]
        return numbers

    def copies_of(self, rows: Sequence[int]) -> list[list[int]]:
        """Return for every document at rows the rows of all documents with its full text, ascending; with itself."""
        return [self._copies.of(row).tolist() for row in rows]

    def passages_of(self, row: int) -> range:
        """Return the passages of the document at a row."""
        first, last = np.searchsorted(self.document_rows, (row, row + 1))
        return range(int(first), int(last))

    def passages_of_all(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the passages of the documents at rows, which are ascending and different; ascending."""
        first, end = np.searchsorted(self.document_rows, [rows, rows + 1])
        sizes = end - first
        passages: NDArray[np.intp] = np.repeat(end - np.cumsum(sizes), sizes) + np.arange(sizes.sum())
        return passages

    def passages_at(self, passages: Sequence[int] | NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the document's row, start and end of passages as ``(n, 3) int64``."""
        bounds: NDArray[np.int64] = self.passages[np.asarray(passages, np.intp)]
        return bounds

    def rows_with(self, texts: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of the documents whose text equals one of the texts, ascending."""
        # Only texts of the same length are compared: comparing every text would take longer than the SVM.
        candidates = np.flatnonzero(np.isin(self._text_sizes, [len(text.encode()) for text in texts]))
        # Chunk by chunk, because taking from several chunks at once copies the column.
        values, matches, first = pa.array(texts, pa.large_string()), [candidates[:0]], 0
        for chunk in self.documents["text"].chunks:
            rows = candidates[slice(*np.searchsorted(candidates, (first, first + len(chunk))))]
            if rows.size:
                matches.append(rows[pc.is_in(chunk.take(rows - first), value_set=values).to_numpy(False)])
            first += len(chunk)
        return np.concatenate(matches)

    def rows_with_hashes(self, text_hashes: Collection[str]) -> NDArray[np.intp]:
        """Return the rows of the documents whose full text has one of some hashes, ascending; reads all texts."""
        hashes = self.text_hashes(range(self.n_documents))
        return np.array([row for row, text_hash in enumerate(hashes) if text_hash in text_hashes], np.intp)

    def select(self, filters: Filters) -> Selection:
        """Return the documents that pass filters."""
        rows = matching_rows(self.documents, filters, self.arrivals)
        return RowSelection(self.document_rows, rows, self._copies.first)

    @functools.cached_property
    def words(self) -> WordsIndex:
        """The words index of all documents, which is made if need be: see ``index_words``."""
        if self.words_in_memory is not None:
            return self.words_in_memory
        return words_index(self.manifest, self.documents["text"], lambda n: None)

    def index_words(self, on_progress: Callable[[int], None]) -> WordsIndex:
        """Return ``words``; ``on_progress`` gets the number of documents done if it is made now."""
        if self.words_in_memory is None and "words" not in self.__dict__:
            self.__dict__["words"] = words_index(self.manifest, self.documents["text"], on_progress)
        return self.words

    @functools.cached_property
    def facets(self) -> Facets:
        """The values that the documents can be filtered by."""
        return facets_of(self.documents, self.arrivals)

    def values_in(self, column: str | None) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the rows of documents with values in a column, in order, each with them; None means the labels."""
        return values_in(self.documents, column)

    @functools.cached_property
    def _copies(self) -> Copies:
        return Copies(self.documents["text"])

    @functools.cached_property
    def _text_sizes(self) -> NDArray[np.int64]:
        """``(n_documents,)``: the length of every document's text in bytes."""
        sizes: NDArray[np.int64] = pc.binary_length(self.documents["text"]).to_numpy()
        return sizes


def open_corpus(name: str, vectors: VectorKind | None = None) -> Corpus:
    """Open a corpus, memory-mapped, or the best complete stage of an unfinished one.

    Parameters
    ----------
    vectors
        Open it with these vectors; None for the best.

    Raises
    ------
    CorpusNotFound
        No corpus has this name or these vectors.
    CorpusDamaged
        The files do not fit the manifest: one is missing or too short, or holds rows that the model can't have made.
    """
    manifest = read_manifest(name, vectors)
    try:
        return _open(manifest)
    except CorpusDamaged:
        current = read_manifest(name, vectors)
        if current.build == manifest.build:
            raise
        return _open(current)  # a rebuild has replaced the corpus meanwhile


def empty_corpus(name: str) -> Corpus:
    """Return a corpus without documents, in place of one that was removed: no mark on it has a document."""
    manifest = Manifest(
        name,
        "",
        "",
        SourceSpec(name),
        EncoderInfo.none(""),
        whole=False,
        n_documents=0,
        n_passages=0,
        documents_sha256="",
    )
    return Corpus(manifest, DOCUMENT_SCHEMA.empty_table(), np.empty((0, 3), np.int64), np.empty((0, 0), np.float32))


def _open(manifest: Manifest) -> Corpus:
    folder = corpus_folder(manifest.name) / manifest.build
    try:
        store = ShardStore(folder)
        documents = read_documents(folder / DOCUMENTS)
        documents.validate(full=True)  # finds damaged text now, not during a search
        fits = documents.num_rows == store.n_documents == manifest.n_documents
        if manifest.vectors == "none":
            passages = whole_texts(documents["text"])
            vectors = np.empty((len(passages), 0), np.float32)
        else:
            passages, vectors = store.arrays(manifest.n_passages)
            fits = fits and (store.documents_done, store.dim) == (manifest.n_documents, manifest.encoder.dim)
    except (OSError, EOFError, ValueError, MemoryError, pa.ArrowException) as error:
        raise CorpusDamaged(f"the files of the corpus '{manifest.name}' can't be read; build it again") from error
    if not (fits and _are_passages(passages, manifest) and _are_vectors(vectors, manifest)):
        raise CorpusDamaged(f"the files of the corpus '{manifest.name}' do not fit its manifest; build it again")
    arrivals = arrivals_in(folder, manifest.n_documents, manifest.created)
    return Corpus(manifest, documents, passages, vectors, arrivals=arrivals)


def whole_texts(texts: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return every text as one passage, ``(n_texts, 3) int64``."""
    ends = pc.utf8_length(texts).to_numpy().astype(np.int64)
    return np.column_stack([np.arange(len(texts)), np.zeros(len(texts), np.int64), ends])


def _are_passages(passages: NDArray[np.int64], manifest: Manifest) -> bool:
    """Return whether the passages cover all documents in order."""
    rows, starts, ends = passages.T
    if not rows.size or (rows[0], rows[-1]) != (0, manifest.n_documents - 1):
        return False
    steps = np.diff(rows)
    return bool(((steps == 0) | (steps == 1)).all() and ((starts >= 0) & (starts <= ends)).all())


def _are_vectors(vectors: NDArray[np.float32], manifest: Manifest) -> bool:
    if manifest.vectors == "none":
        return True
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        squares = np.einsum("ij,ij->i", block, block)
        if not np.allclose(squares, 1.0, atol=1e-3) and manifest.encoder.similarity != "dot":
            return False
        if not (np.isfinite(squares) & (squares > 0)).all():
            return False
    return True
