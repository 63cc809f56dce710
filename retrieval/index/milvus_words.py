"""The words of a corpus in Milvus, and the index that joins them with its vectors.

A search by vectors and a search by words give candidates. A row that one of them did not return scores at most what
its last row scored there. So the candidates are scored here, from the most promising on, until none can be among the k
best; and both searches grow until no other row can be.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.data.milvus.server import MOST_ROWS, Collection
from exemplar.data.milvus.words import MilvusTerms, WordsFacts
from exemplar.data.words.analysis import Analyser
from exemplar.retrieval.index.base import Rows, Within, checked_rows, checked_weights, exact_scores
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.milvus import CACHED, MARGIN, MilvusIndex, VectorCache, checked_expression, estimated_scan
from exemplar.retrieval.index.scan import Scan
from exemplar.retrieval.index.words import CACHED as CACHED_INDEXES
from exemplar.retrieval.index.words import WEIGHT, TermStatistics, TextWords, evened, idf_of, spellings, text_words

_GROWTH = 4  # of both searches, as long as the best rows are not proven
_ROUNDING = 1e-5  # of a product of vectors of length 1 in single precision, as in dense.py
_EPSILON = 2.0**-23  # of single precision


class MilvusWords:
    """The words of the documents of a corpus in Milvus.

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
        self,
        collection: Collection,
        vectors: MilvusIndex,
        terms: MilvusTerms,
        facts: WordsFacts,
        weight: float = WEIGHT,
    ) -> None:
        self.n_documents = facts.n_documents
        self._scale = weight / (facts.mean_length or 1.0)
        self._mean_n_words = facts.mean_n_words or 1.0
        self._rounding = _ROUNDING * facts.longest_vector
        self._analyser = Analyser(facts.language)
        self._vectors, self._terms, self._stored = vectors, terms, _StoredWords(collection)
        self._joined: OrderedDict[bytes, MilvusJointIndex] = OrderedDict()
        self._lock = threading.Lock()

    def of_text(self, text: str) -> TextWords:
        """Return the words of a text."""
        counted = self._analyser.terms(text)
        terms = self._terms.of(list(counted))
        numbers = np.array([-1 if term is None else term.number for term in terms], np.int64)
        document_counts = np.array([0 if term is None else term.n_documents for term in terms], np.int64)
        return text_words(counted, numbers, document_counts, self.n_documents, self._mean_n_words)

    def document_counts(self, terms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many documents have each of some terms."""
        return np.array([term.n_documents for term in self._terms.at(terms.tolist())], np.int64)

    def scales(self, terms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what the BM25 weights of some terms are multiplied by, ``(n_terms,)``."""
        return self._scale * evened(self.document_counts(terms), self.n_documents)

    def statistics(self, terms: NDArray[np.int64]) -> TermStatistics:
        """Return what the weights of some terms depend on."""
        return TermStatistics(
            self._analyser.language,
            self.n_documents,
            self._mean_n_words,
            tuple(term.term for term in self._terms.at(terms.tolist())),
            idf_of(self.document_counts(terms), self.n_documents),
            self.scales(terms),
        )

    def spellings(self, text: str, terms: NDArray[np.int64]) -> list[str]:
        """Return how terms are written where they first stand in a text, in the order of the terms."""
        return spellings(self._analyser, text, [term.term for term in self._terms.at(terms.tolist())])

    def joined(self, terms: NDArray[np.int64]) -> "MilvusJointIndex":
        """Return the index whose rows are a passage's vector, and its document's scaled weights of some terms."""
        key = terms.tobytes()
        with self._lock:
            if key not in self._joined:
                totals = np.array([term.total for term in self._terms.at(terms.tolist())], np.float64)
                columns = _Columns(self._stored, terms, self.scales(terms), totals)
                self._joined[key] = MilvusJointIndex(self._vectors, columns, self._rounding)
            self._joined.move_to_end(key)
            while len(self._joined) > CACHED_INDEXES:
                self._joined.popitem(last=False)
            return self._joined[key]


class _StoredWords:
    """The terms of passages with their weights, fetched on demand and cached."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._known: dict[int, tuple[NDArray[np.uint32], NDArray[np.float32]]] = {}
        self._lock = threading.Lock()

    def of(self, passages: list[int]) -> list[tuple[NDArray[np.uint32], NDArray[np.float32]]]:
        """Return the numbers of the terms of every passage, and their weights."""
        with self._lock:
            if len(self._known) + len(passages) > CACHED:
                self._known = {}
            missing = [passage for passage in passages if passage not in self._known]
            for passage, weights in self._collection.terms(missing).items():
                terms = np.fromiter(weights.keys(), np.uint32, len(weights))
                self._known[passage] = terms, np.fromiter(weights.values(), np.float32, len(weights))
            return [self._known[passage] for passage in passages]


class _Columns:
    """The scaled weights of some terms in every passage's document; see TermColumns."""

    def __init__(
        self, stored: _StoredWords, terms: NDArray[np.int64], scales: NDArray[np.float64], totals: NDArray[np.float64]
    ) -> None:
        self.terms, self.scales, self.totals = terms, scales, scales * totals
        self._stored, self._rows, self._lock = stored, VectorCache(len(terms)), threading.Lock()

    def rows(self, passages: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the weights of passages, ``(len(passages), n_terms) float32``, in their order."""
        with self._lock:
            missing = self._rows.missing(passages)
            if missing.size:
                self._rows.add(missing, self._fetched(missing))
            return self._rows.take(passages)

    def _fetched(self, passages: NDArray[np.intp]) -> NDArray[np.float32]:
        rows = np.zeros((len(passages), len(self.terms)), np.float32)
        if not self.terms.size:
            return rows
        stored = self._stored.of(passages.tolist())
        terms = np.concatenate([terms for terms, _ in stored]).astype(np.int64)
        weights = np.concatenate([weights for _, weights in stored])
        row = np.repeat(np.arange(len(stored)), [len(terms) for terms, _ in stored])
        column = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        known = self.terms[column] == terms
        rows[row[known], column[known]] = weights[known] * self.scales[column[known]].astype(np.float32)
        return rows

    def query(self, w: NDArray[np.float64]) -> dict[int, float]:
        """Return the positive of weights ``(n_terms,)`` as a search by terms takes them.

        Milvus takes no others; without them, a search bounds the scores from above.
        """
        positive = np.flatnonzero(w > 0)
        return dict(zip(self.terms[positive].tolist(), (self.scales * w)[positive].tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _Hits:
    """What a search by vectors, or by words, tells of the scores.

    Attributes
    ----------
    rows
        The rows that it returned, each with a bound of its part of the score.
    rest
        A bound of the part of every other row; minus infinity if there is no other.
    """

    rows: NDArray[np.intp]
    bounds: NDArray[np.float64]
    rest: float

    def bounds_of(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return a bound of the part of some rows, which are ascending."""
        bounds = np.full(rows.size, self.rest)
        _, at, own = np.intersect1d(rows, self.rows, assume_unique=True, return_indices=True)
        bounds[at] = self.bounds[own]
        return bounds


class MilvusJointIndex:
    """An index whose rows are a passage's vector, followed by the weights of some terms in its document.

    Scores are computed here in double precision, from rows that are cached.

    Parameters
    ----------
    rounding
        A bound of the error of a vector's product with weights of length 1 in Milvus.
    """

    def __init__(self, vectors: MilvusIndex, columns: _Columns, rounding: float) -> None:
        self.n, self.dim = vectors.n, vectors.dim + len(columns.terms)
        self._dense, self._columns, self._rounding = vectors, columns, rounding

    def top_k(
        self,
        w: ArrayLike,
        k: int,
        *,
        b: float = 0.0,
        exclude: Rows = (),
        within: Within | None = None,
        above: float | None = None,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the k rows of highest score, as MilvusIndex does.

        They are exactly the best ones, unless the index is approximate, or the proof takes more rows than Milvus
        returns at once.
        """
        floor = -np.inf if above is None else above - b
        rows, scores, _ = self._top(
            checked_weights(w), k, floor, checked_rows(exclude, self.n), checked_expression(within)
        )
        chosen = scores > floor
        return rows[chosen], scores[chosen] + b

    def best(
        self, w: NDArray[np.float64], k: int, b: float, *, prove: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], bool]:
        """Return the k rows of highest score, their scores, and whether these are proven to be all; see TopKIndex."""
        rows, scores, proven = self._top(w, k, -1 - b, prove=prove)
        return rows, scores + b, proven

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m different random rows, ascending; all rows if the index has at most m."""
        return self._dense.sample(m, seed)

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors and terms of some rows, ``(len(rows), dim) float32``, in their order."""
        checked = checked_rows(rows, self.n)
        return np.hstack([self._dense.vectors(checked), self._columns.rows(checked)])

    def features(self, rows: Rows) -> Features:
        """Return the vectors and terms of some rows, in their order."""
        checked = checked_rows(rows, self.n)
        return Features(self._dense.vectors(checked), self._columns.rows(checked))

    def part(self, m: int, seed: int) -> None:
        """Return nothing: the rows would have to be sent for."""

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all rows, ``(dim,)``; sums are stored with vectors and terms."""
        return np.append(self._dense.mean(), self._columns.totals / self.n)

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Return a scan that top-k queries and a sample estimate, always in double precision; see topk_scan."""
        return estimated_scan(self, w, b, left_out, exact=self._dense.exact)

    def best_words(self, w: NDArray[np.float64], without: Rows) -> float:
        """Return the highest score by words alone, with weights ``(n_terms,)``, of all documents but some."""
        expression = f"document not in {[int(row) for row in without]}" if len(without) else ""
        _, scores, _ = self._top(np.append(np.zeros(self._dense.dim), w), 1, 0.0, within=expression)
        return float(scores.max(initial=0.0))

    def _top(
        self,
        w: NDArray[np.float64],
        k: int,
        floor: float,
        excluded: NDArray[np.intp] | None = None,
        within: str = "",
        *,
        prove: bool = True,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], bool]:
        """Return the k best rows and their scores, best first, and whether it is proven that these are all.

        Parameters
        ----------
        floor
            Rows whose score is at most this need not come back.
        prove
            Search further until it is proven, or Milvus returns no more rows at once.
        """
        excluded = np.empty(0, np.intp) if excluded is None else excluded
        most = min(MOST_ROWS, self.n)
        limit = min(k + excluded.size + MARGIN, most)
        if k <= 0 or limit <= 0:
            return np.empty(0, np.intp), np.empty(0), False
        while True:
            parts = self._by_vectors(w, limit, floor, within), self._by_words(w, limit, within)
            rows = np.setdiff1d(np.union1d(parts[0].rows, parts[1].rows), excluded)
            rows, scores = self._best_of(rows, parts[0].bounds_of(rows) + parts[1].bounds_of(rows), k, w)
            rest = parts[0].rest + parts[1].rest
            proven = rest <= floor or (rows.size >= k and rest < scores[-1])
            if proven or not prove or limit == most:
                return rows, scores, proven and self._dense.exact
            limit = min(_GROWTH * limit, most)

    def _by_vectors(self, w: NDArray[np.float64], limit: int, floor: float, within: str) -> _Hits:
        """Return the best rows by vectors; none if vectors add nothing, and no row without words need come back."""
        of_vectors = w[: self._dense.dim]
        if floor >= 0 and not of_vectors.any():
            return _Hits(np.empty(0, np.intp), np.empty(0), 0.0)
        rows, scores = self._dense.hits("vector", of_vectors.astype(np.float32), limit, within)
        bounds = scores + self._rounding * float(np.linalg.norm(of_vectors))
        is_all = rows.size < limit or limit == self.n
        return _Hits(rows, bounds, -np.inf if is_all else float(bounds[-1]))

    def _by_words(self, w: NDArray[np.float64], limit: int, within: str) -> _Hits:
        """Return the best rows by words; only rows with one of the terms come back, and their scores are positive."""
        query = self._columns.query(w[self._dense.dim :])
        if not query:
            return _Hits(np.empty(0, np.intp), np.empty(0), 0.0)
        rows, scores = self._dense.hits("terms", query, limit, within)
        bounds = scores * (1 + (len(query) + 4) * _EPSILON)
        is_all = rows.size < limit or limit == self.n
        return _Hits(rows, bounds, 0.0 if is_all else float(bounds[-1]))

    def _best_of(
        self, rows: NDArray[np.intp], bounds: NDArray[np.float64], k: int, w: NDArray[np.float64]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the k best of some rows, which are ascending, and their scores, best first; ties by row."""
        order = np.argsort(-bounds, kind="stable")
        n_scored = 2 * k + MARGIN
        while True:
            chosen = np.sort(rows[order[:n_scored]])
            scores = self._scores(chosen, w)
            best = np.argsort(-scores, kind="stable")[:k]
            if n_scored >= rows.size or scores[best[-1]] > bounds[order[n_scored]]:
                return chosen[best], scores[best]
            n_scored *= 2

    def _scores(self, rows: NDArray[np.intp], w: NDArray[np.float64]) -> NDArray[np.float64]:
        of_vectors, of_words = np.split(w, [self._dense.dim])
        return exact_scores(self._dense.vectors(rows), of_vectors) + exact_scores(self._columns.rows(rows), of_words)
