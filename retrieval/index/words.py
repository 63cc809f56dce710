"""The words of a corpus's documents, for rankings."""

import functools
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from exemplar.data.words.analysis import Analyser
from exemplar.data.words.header import K1, B
from exemplar.data.words.index import WordsIndex
from exemplar.retrieval.index.base import Index, Rows
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.joint import JointIndex
from exemplar.retrieval.index.terms import TermColumns

WEIGHT = 2.0  # the mean length of the words' part of a row, about; the vector has length 1
CACHED = 2  # joint indexes: that of the shown ranking, and of the one before
_EVEN, _MEAN_EVEN, _LEAST_IDF = 5.0, 2.5, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class TextWords:
    """The words of a text that some document of the corpus has too.

    Attributes
    ----------
    terms
        ``(n,) int64``, the numbers of the terms, ascending.
    counts
        ``(n,)``: how often the text has each.
    weights
        ``(n,)``: their BM25 weights, as in a document of this text.
    """

    terms: NDArray[np.int64]
    counts: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TermStatistics:
    """What the weights of some terms in a corpus depend on, besides the document.

    Attributes
    ----------
    language
        Of the analysis: ISO 639-1 code, or empty.
    mean_n_words
        The mean number of terms of a document.
    terms
        In the order of their numbers.
    idf, scales
        ``(n_terms,)``: see WordsIndex, and ``Words.scales``.
    """

    language: str
    n_documents: int
    mean_n_words: float
    terms: tuple[str, ...]
    idf: NDArray[np.float64]
    scales: NDArray[np.float64]


class JointRows(Index, Protocol):
    """An index whose rows are vectors followed by words."""

    def best_words(self, w: NDArray[np.float64], without: Rows) -> float:
        """Return the highest score by words alone, with weights ``(n_terms,)``, of all documents but some."""
        ...


class Words(Protocol):
    """What rankers need of the words of a corpus."""

    n_documents: int

    def of_text(self, text: str) -> TextWords:
        """Return the words of a text."""
        ...

    def document_counts(self, terms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many documents have each of some terms."""
        ...

    def scales(self, terms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what the BM25 weights of some terms are multiplied by, ``(n_terms,)``."""
        ...

    def statistics(self, terms: NDArray[np.int64]) -> TermStatistics:
        """Return what the weights of some terms depend on."""
        ...

    def spellings(self, text: str, terms: NDArray[np.int64]) -> list[str]:
        """Return how terms are written where they first stand in a text, in the order of the terms."""
        ...

    def joined(self, terms: NDArray[np.int64]) -> JointRows:
        """Return the index whose rows are a passage's vector, and its document's scaled weights of some terms."""
        ...


class DocumentWords:
    """The words of the documents of a corpus on disk.

    Parameters
    ----------
    weight
        The mean length of the words' part of a row; the vector has length 1.

    Attributes
    ----------
    n_documents
        Number of documents that the weights were computed for.
    """

    def __init__(
        self, words: WordsIndex, vectors: DenseIndex, document_rows: NDArray[np.int64], weight: float = WEIGHT
    ) -> None:
        self.n_documents = words.n_documents
        self._scale = weight / (words.mean_length or 1.0)
        self._words, self._vectors, self._document_rows = words, vectors, document_rows
        self._joined: OrderedDict[bytes, JointIndex] = OrderedDict()
        self._lock = threading.Lock()

    def of_text(self, text: str) -> TextWords:
        """Return the words of a text."""
        counted = self._words.analyser.terms(text)
        numbers = self._words.numbers(list(counted))
        document_counts = self._words.document_counts(numbers)
        return text_words(counted, numbers, document_counts, self.n_documents, self._mean_n_words)

    def document_counts(self, terms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many documents have each of some terms."""
        return self._words.document_counts(terms)

    def scales(self, terms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what the BM25 weights of some terms are multiplied by, ``(n_terms,)``."""
        return self._scale * evened(self.document_counts(terms), self.n_documents)

    def statistics(self, terms: NDArray[np.int64]) -> TermStatistics:
        """Return what the weights of some terms depend on."""
        return TermStatistics(
            self._words.language,
            self.n_documents,
            self._mean_n_words,
            tuple(self._words.terms(terms)),
            idf_of(self.document_counts(terms), self.n_documents),
            self.scales(terms),
        )

    def spellings(self, text: str, terms: NDArray[np.int64]) -> list[str]:
        """Return how terms are written where they first stand in a text, in the order of the terms."""
        return spellings(self._words.analyser, text, self._words.terms(terms))

    def joined(self, terms: NDArray[np.int64]) -> JointIndex:
        """Return the index whose rows are a passage's vector, and its document's scaled weights of some terms."""
        key = terms.tobytes()
        with self._lock:
            if key in self._joined:
                self._joined.move_to_end(key)
                return self._joined[key]
        joined = JointIndex(
            self._vectors, TermColumns(self._words, terms, self.n_documents, self.scales(terms)), self._document_rows
        )
        with self._lock:
            self._joined[key] = joined
            while len(self._joined) > CACHED:
                self._joined.popitem(last=False)
        return joined

    def forget(self) -> None:
        """Drop the cached joint indexes."""
        with self._lock:
            self._joined.clear()

    @functools.cached_property
    def _mean_n_words(self) -> float:
        return float(self._words.n_words.mean(dtype=np.float64)) or 1.0


def idf_of(document_counts: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
    """Return the idf of terms, as WordsIndex has it."""
    idf: NDArray[np.float64] = np.log1p((n_documents - document_counts + 0.5) / (document_counts + 0.5))
    return idf


def evened(document_counts: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
    """Return by how much the weights of terms are made more even than BM25's: ``(idf + 5) / idf``, about 1 on average.

    BM25 lets rare terms rule, as the few words of a query need it. A classifier finds out from its examples which terms
    count, and a common one among them may tell the most.
    """
    idf = idf_of(document_counts, n_documents)
    factors: NDArray[np.float64] = (1 + _EVEN / np.maximum(idf, _LEAST_IDF)) / _MEAN_EVEN
    return factors


def spellings(analyser: Analyser, text: str, terms: Sequence[str]) -> list[str]:
    """Return how terms are written where they first stand in a text, in the order of the terms, each spelling once."""
    written: dict[str, str] = {}
    for start, end, of_word in analyser.spans(text):
        for term in of_word:
            written.setdefault(term, text[start:end])
        if all(term in written for term in terms):
            break
    return list(dict.fromkeys(written[term] for term in terms if term in written))


def text_words(
    counted: Mapping[str, int],
    numbers: NDArray[np.int64],
    document_counts: NDArray[np.int64],
    n_documents: int,
    mean_n_words: float,
) -> TextWords:
    """Return the words of a text.

    Parameters
    ----------
    counted
        The text's terms with their counts.
    numbers, document_counts
        Of these terms, in their order; the number is -1 for a term that no document has.
    n_documents, mean_n_words
        Number of documents of the corpus, and the mean number of terms of a document.
    """
    counts = np.fromiter(counted.values(), np.float64, len(counted))
    order = np.argsort(numbers, kind="stable")[int(np.count_nonzero(numbers < 0)) :]
    known, df = counts[order], document_counts[order]
    idf = idf_of(df, n_documents)
    length = counts.sum() / mean_n_words
    return TextWords(numbers[order], known, idf * known * (K1 + 1) / (known + K1 * (1 - B + B * length)))
