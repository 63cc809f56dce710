"""The words index of a build, memory-mapped: the documents of every term, with BM25 weights.

::

    <build>/words/header.json      see data/words/header.py; written last
    <build>/words/terms.arrow      one row a term, in the order of the terms' UTF-8 bytes: the term, its first posting
    <build>/words/documents.npy    (n_postings,) int32: the documents of every term, ascending, one term after another
    <build>/words/weights.npy      (n_postings,) float16: their BM25 weights
    <build>/words/n_words.npy      (n_documents,) int32
    <build>/words/lengths.npy      (n_documents,) float32
"""

import bisect
import functools
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, DTypeLike, NDArray

from exemplar.data.errors import CorpusDamaged
from exemplar.data.home import check_regular
from exemplar.data.words.analysis import Analyser
from exemplar.data.words.header import DOCUMENTS, LENGTHS, N_WORDS, TERMS, WEIGHTS, Header

TERM_SCHEMA = pa.schema([("term", pa.large_string()), ("first", pa.int64())])


class WordsIndex:
    """The words index in a folder, read-only.

    The weight of a term in a document is ``idf tf (k1 + 1) / (tf + k1 (1 - b + b n_words / mean n_words))`` with
    ``idf = log(1 + (N - df + 0.5) / (df + 0.5))``, N documents and df documents with the term (Robertson and Zaragoza
    2009; the idf is Lucene's, which is never negative), in half precision. k1 is 1.2, b is 0.75.

    Attributes
    ----------
    n_words
        ``(n_documents,) int32``: the terms of every document, repeated ones counted.
    lengths
        ``(n_documents,) float32``: the Euclidean length of every document's vector of weights.

    Raises
    ------
    OSError, ValueError, pyarrow.ArrowException
        The files can't be read, another version wrote them, or their parts contradict each other.
    """

    def __init__(self, folder: Path) -> None:
        self.header = Header.read(folder)
        self.language = self.header.language
        self.n_documents = self.header.n_documents
        self.n_words: NDArray[np.int32] = _mapped(folder / N_WORDS, np.int32, self.n_documents)
        self.lengths: NDArray[np.float32] = _mapped(folder / LENGTHS, np.float32, self.n_documents)
        terms = _read_terms(folder / TERMS)
        self.n_terms = len(terms)
        if self.n_terms != self.header.n_terms:
            raise ValueError("the header of a words index has another number of terms")
        self._terms = _TermBytes(terms["term"])
        self._documents: NDArray[np.int32] = _mapped(folder / DOCUMENTS, np.int32)
        self._weights: NDArray[np.float16] = _mapped(folder / WEIGHTS, np.float16, len(self._documents))
        self._first: NDArray[np.int64] = terms["first"].to_numpy()
        self._check()

    def _check(self) -> None:
        """Raise ValueError if an offset leads outside the postings, or a document's numbers are impossible."""
        ends = np.append(self._first, len(self._documents))
        if ends[0] != 0 or not (ends[1:] > ends[:-1]).all():
            raise ValueError("the terms of a words index have impossible postings")
        if (self.n_words < 0).any() or not (np.isfinite(self.lengths) & (self.lengths >= 0)).all():
            raise ValueError("the documents of a words index have impossible lengths")

    @functools.cached_property
    def analyser(self) -> Analyser:
        """Turns texts into the terms of this index."""
        return Analyser(self.language)

    @functools.cached_property
    def mean_length(self) -> float:
        """The mean of ``lengths`` over the documents that have terms; 0 if none has."""
        lengths = self.lengths[self.lengths > 0]
        return float(lengths.mean(dtype=np.float64)) if lengths.size else 0.0

    def numbers(self, terms: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of terms as ``(n,) int64``; -1 for a term that no document has."""
        return np.array([self._number(term.encode("utf-8", "surrogatepass")) for term in terms], np.int64)

    def _number(self, term: bytes) -> int:
        number = bisect.bisect_left(self._terms, term)
        return number if number < self.n_terms and self._terms[number] == term else -1

    def terms(self, numbers: ArrayLike) -> list[str]:
        """Return the terms of some numbers."""
        return [
            self._terms[number].decode("utf-8", "surrogatepass") for number in np.asarray(numbers, np.int64).tolist()
        ]

    def rows(self, first: int, end: int) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Return the terms, ascending, and their weights of every document from ``first`` to ``end - 1``.

        Reads all postings once, so ask for many documents at a time.
        """
        end = min(end, self.n_documents)
        postings = np.flatnonzero((self._documents >= first) & (self._documents < end))
        documents = self._documents[postings]
        order = np.argsort(documents, kind="stable")
        cuts = np.searchsorted(documents[order], np.arange(first + 1, end))
        terms = np.searchsorted(self._first, postings[order], side="right") - 1
        weights = self._weights[postings[order]].astype(np.float32)
        return list(zip(np.split(terms, cuts), np.split(weights, cuts), strict=True))

    def document_counts(self, numbers: ArrayLike) -> NDArray[np.int64]:
        """Return how many documents have each of some terms, by their numbers, as ``(n,) int64``; 0 for -1."""
        numbers = np.asarray(numbers, np.int64)
        counts = np.zeros(len(numbers), np.int64)
        known = np.flatnonzero(numbers >= 0)
        counts[known] = [end - first for first, end in map(self._bounds, numbers[known].tolist())]
        return counts

    def __len__(self) -> int:
        """Return the number of postings: pairs of a term and a document that has it."""
        return len(self._documents)

    def _bounds(self, number: int) -> tuple[int, int]:
        """Return the first posting of a term and the end of its postings."""
        end = self._first[number + 1] if number + 1 < self.n_terms else len(self)
        return int(self._first[number]), int(end)

    def weights(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the documents that have a term, ascending, and its weight in each; none for the number -1.

        Raises
        ------
        CorpusDamaged
            The postings lead outside the corpus, or a weight is impossible.
        """
        if number < 0:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        documents, weights, _ = self.postings([number])
        return documents, weights

    def postings(self, numbers: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
        """Return the documents of some terms, ascending for every term, and their weights, one term after another.

        Returns
        -------
        documents, weights
            ``(n_postings,)``
        starts
            ``(len(numbers) + 1,)``: the first posting of every term, and the number of postings.

        Raises
        ------
        CorpusDamaged
            The postings lead outside the corpus, or a weight is impossible.
        """
        bounds = [self._bounds(number) for number in numbers]
        starts = np.cumsum([0, *(end - first for first, end in bounds)])
        documents, weights = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
        for (first, end), start in zip(bounds, starts[:-1].tolist(), strict=True):
            documents[start : start + end - first] = self._documents[first:end]
            weights[start : start + end - first] = self._weights[first:end]
        ascending = np.append(documents[1:] > documents[:-1], True)
        ascending[starts[1:] - 1] = True  # the last document of a term, and the first of the next one
        within = not documents.size or (documents.min() >= 0 and documents.max() < self.n_documents)
        if not (ascending.all() and within and np.isfinite(weights).all() and (weights >= 0).all()):
            raise CorpusDamaged("the words index is damaged; build the corpus again")
        return documents, weights, starts


class _TermBytes(Sequence[bytes]):
    """The UTF-8 bytes of the terms in an Arrow array, without a Python object for each."""

    def __init__(self, terms: Any) -> None:
        self._n = len(terms)
        _, offsets, values = terms.buffers()
        self._offsets = np.frombuffer(offsets, np.int64, self._n + 1, 8 * terms.offset)
        self._values = memoryview(values or b"")

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, number: Any) -> Any:
        return bytes(self._values[self._offsets[number] : self._offsets[number + 1]])


def _read_terms(path: Path) -> Any:
    """Return the terms as an Arrow batch, memory-mapped; raises ValueError if they lie outside the file."""
    check_regular(path)
    with pa.memory_map(str(path)) as file:
        opened = pa.ipc.open_file(file)
        if not opened.schema.equals(TERM_SCHEMA) or opened.num_record_batches != 1:
            raise ValueError(f"{path} does not hold the terms of a words index")
        batch = opened.get_batch(0)
    if batch.get_total_buffer_size() > path.stat().st_size:
        raise ValueError(f"{path} is compressed, which Exemplar never writes")
    batch["term"].view(pa.large_binary()).validate(full=True)  # offsets must not lead beyond the file
    batch["first"].validate(full=True)
    if batch["term"].null_count or batch["first"].null_count:
        raise ValueError(f"{path} has terms without a value")
    return batch


def npy_header(dtype: DTypeLike, n: int) -> bytes:
    """Return the header of an .npy file with n numbers."""
    header = io.BytesIO()
    description = {"descr": np.dtype(dtype).newbyteorder("<").str, "fortran_order": False, "shape": (n,)}
    np.lib.format.write_array_header_1_0(header, description)
    return header.getvalue()


def _mapped(path: Path, dtype: DTypeLike, n: int | None = None) -> NDArray[Any]:
    """Return the n numbers in an .npy file, or as many as the file holds; raises ValueError if these are not n."""
    check_regular(path)
    size, start = path.stat().st_size, len(npy_header(dtype, 0))
    n_numbers = max(0, size - start) // np.dtype(dtype).itemsize
    with path.open("rb") as file:
        if file.read(start) != npy_header(dtype, n_numbers) or n_numbers != (n_numbers if n is None else n):
            raise ValueError(f"{path} does not hold the numbers of a words index")
    if not n_numbers:
        return np.empty(0, dtype)
    return np.memmap(path, dtype, "r", start, (n_numbers,)).view(np.ndarray)
