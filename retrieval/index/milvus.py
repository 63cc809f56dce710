"""The index over a Milvus collection, which answers top-k queries and returns vectors by their rows."""

import base64
import threading

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.data.milvus.server import EXACT, MEAN, MOST_ROWS, Collection, Query
from exemplar.retrieval.index.base import Rows, Within, checked_rows, checked_weights, exact_scores, random_rows
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.scan import Scan
from exemplar.retrieval.index.topk_scan import TopKIndex, topk_scan

MARGIN = 16  # rows to request beyond k, so that ties at the k-th place are broken by row
_MOST_WITH_PLACES = 2048  # rows of a query; larger queries are scans, which need no documents
CACHED = 65_536  # vectors
_SAMPLE, _LARGEST_SAMPLE = 4096, 16_384  # rows that represent those that a query cannot return
_APPROXIMATE_ROWS = 4096  # of one query to an approximate index, whose recall falls with k
_SEED = 1


class MilvusIndex:
    """An index in Milvus; scores are computed here in double precision, from vectors that are cached.

    Attributes
    ----------
    exact
        Whether a query returns exactly the best rows: the collection's index is FLAT.
    queries
        How many top-k queries were sent.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.n, self.dim = collection.manifest.n_passages, collection.manifest.encoder.dim
        self.exact = collection.index_type in EXACT
        self.queries = 0
        self._vectors = VectorCache(self.dim)
        self._lock = threading.Lock()  # pages of several visitors share the index

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
        """Return the k rows of highest score, as an Index does, or as many as Milvus returns at once.

        ``within`` is a filter expression of Milvus.
        """
        weights = checked_weights(w)
        expression = checked_expression(within)
        excluded = checked_rows(exclude, self.n)
        limit = min(k + excluded.size + MARGIN, MOST_ROWS, self.n)
        if k <= 0 or limit <= 0:
            return np.empty(0, np.intp), np.empty(0)
        best, _ = self.hits("vector", weights.astype(np.float32), limit, expression)
        rows = np.setdiff1d(best, excluded)
        scores = exact_scores(self.vectors(rows), weights) + b
        if above is not None:
            rows, scores = rows[scores > above], scores[scores > above]
        best = np.argsort(-scores, kind="stable")[:k]
        return rows[best], scores[best]

    def best(
        self, w: NDArray[np.float64], k: int, b: float, *, prove: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], bool]:
        """Return the k rows of highest score and their scores, best first, and whether the index is exact."""
        return *self.top_k(w, k, b=b), self.exact

    def hits(self, field: str, query: Query, k: int, expression: str) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the k best passages by one field, and Milvus's scores, best first; see ``Collection.best``."""
        self.queries += 1
        return self._collection.best(field, query, k, expression, places=k <= _MOST_WITH_PLACES)

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m different random rows, ascending; all rows if the index has at most m."""
        return random_rows(self.n, m, seed)

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order."""
        checked = checked_rows(rows, self.n)
        with self._lock:
            missing = self._vectors.missing(checked)
            if missing.size:
                self._vectors.add(missing, self._collection.vectors(missing.tolist()))
            return self._vectors.take(checked)

    def features(self, rows: Rows) -> Features:
        """Return the vectors of some rows, in their order."""
        return Features(self.vectors(rows))

    def part(self, m: int, seed: int) -> None:
        """Return nothing: the rows would have to be sent for."""

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all vectors, ``(dim,)``, which is stored with the collection."""
        return np.frombuffer(base64.b64decode(self._collection.properties[MEAN]), "<f4").astype(np.float64)

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Return a scan that top-k queries and a sample estimate, always in double precision; see topk_scan."""
        return estimated_scan(self, w, b, left_out, exact=self.exact)


def checked_expression(within: Within | None) -> str:
    """Return the filter expression of Milvus that rows must meet, "" for none; raises ValueError for a list of rows."""
    if within is not None and not isinstance(within, str):
        raise ValueError("within must be a filter expression of Milvus, not a list of rows")
    return within or ""


def estimated_scan(
    index: TopKIndex, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, exact: bool
) -> Scan:
    """Return the scan of an index over Milvus, which is exact or approximate."""
    size = _SAMPLE if index.n <= 16 * _SAMPLE else _LARGEST_SAMPLE
    most = MOST_ROWS - MARGIN if exact else _APPROXIMATE_ROWS
    return topk_scan(index, w, b, left_out, sample=index.sample(size, _SEED), most=most)


class VectorCache:
    """Vectors by their rows, in one array; a request that would overfill it empties it first."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._clear()

    def _clear(self) -> None:
        self._array = np.empty((_SAMPLE, self._dim), np.float32)
        self._positions: dict[int, int] = {}

    def missing(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows that must be added before they can be taken, ascending."""
        missing = {row for row in rows.tolist() if row not in self._positions}
        if len(self._positions) + len(missing) > CACHED:
            self._clear()
            missing = set(rows.tolist())
        return np.array(sorted(missing), np.intp)

    def add(self, rows: NDArray[np.intp], vectors: NDArray[np.float32]) -> None:
        """Add the vectors of rows that ``missing`` returned."""
        first, last = len(self._positions), len(self._positions) + rows.size
        if last > len(self._array):
            grown = np.empty((max(last, 2 * len(self._array)), self._dim), np.float32)
            grown[:first] = self._array[:first]
            self._array = grown
        self._array[first:last] = vectors
        self._positions |= zip(rows.tolist(), range(first, last), strict=True)

    def take(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the vectors of rows, in their order."""
        vectors: NDArray[np.float32] = self._array[np.array([self._positions[row] for row in rows.tolist()], np.intp)]
        return vectors
