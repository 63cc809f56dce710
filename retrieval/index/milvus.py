"""The index protocol over a Milvus collection: top-k queries alone, and vectors by their rows."""

import base64
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.data.milvus.corpus import MilvusCorpus
from exemplar.data.milvus.server import EXACT, MEAN, MOST_ROWS, Collection, Server
from exemplar.retrieval.index.dense import Rows, Within, checked_rows, checked_weights, drawn_rows, exact_scores
from exemplar.retrieval.index.scan import Scan
from exemplar.retrieval.index.topk_scan import mined_scan

_MARGIN = 16  # rows asked for beyond k, so that equal scores are cut by row
_NOTED = 2048  # rows: of more, nobody asks for the documents
_KEPT = 65_536  # vectors
_SAMPLE, _LARGEST_SAMPLE = 4096, 16_384  # rows that stand for those that a query can't return
_APPROXIMATE_ROWS = 4096  # of one query to an approximate index, which finds the farther ones less surely
_SEED = 1


class MilvusIndex:
    """Rows of an index in Milvus; scores are computed here, in double precision, from vectors that are kept.

    Attributes
    ----------
    exact
        Whether a query returns the very best rows: the collection's index is FLAT.
    queries
        How many top-k queries have been sent.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.n, self.dim = collection.manifest.n_passages, collection.manifest.encoder.dim
        self.exact = collection.index_type in EXACT
        self.queries = 0
        self._vectors = _Kept(self.dim)
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
        """Return the k rows of highest score, as an Index does, or as many of them as Milvus returns at once.

        ``within`` is an expression of Milvus.
        """
        weights = checked_weights(w)
        if within is not None and not isinstance(within, str):
            raise ValueError("rows of this index are chosen by an expression")
        excluded = checked_rows(exclude, self.n)
        wanted = min(k + excluded.size + _MARGIN, MOST_ROWS, self.n)
        if k <= 0 or wanted <= 0:
            return np.empty(0, np.intp), np.empty(0)
        self.queries += 1
        found = self._collection.best(weights.astype(np.float32), wanted, within or "", places=wanted <= _NOTED)
        rows = np.setdiff1d(found, excluded)
        scores = exact_scores(self.vectors(rows), weights) + b
        if above is not None:
            rows, scores = rows[scores > above], scores[scores > above]
        best = np.argsort(-scores, kind="stable")[:k]
        return rows[best], scores[best]

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m random rows, ascending, none twice; all rows where there are no more."""
        return drawn_rows(self.n, m, seed)

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order."""
        wanted = checked_rows(rows, self.n)
        with self._lock:
            unknown = self._vectors.unknown(wanted)
            if unknown.size:
                self._vectors.keep(unknown, self._collection.vectors(unknown.tolist()))
            return self._vectors.take(wanted)

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all vectors, as it was kept with the collection."""
        return np.frombuffer(base64.b64decode(self._collection.properties[MEAN]), "<f4").astype(np.float64)

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Return a scan estimated by top-k queries and a sample, always in double precision; see ``topk_scan``."""
        size = _SAMPLE if self.n <= 16 * _SAMPLE else _LARGEST_SAMPLE
        return mined_scan(
            self,
            w,
            b,
            left_out,
            sample=self.sample(size, _SEED),
            most=MOST_ROWS - _MARGIN if self.exact else _APPROXIMATE_ROWS,
            exact=self.exact,
        )


class _Kept:
    """Vectors by their rows, in one array; where it is full the oldest go."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._begin(_SAMPLE)

    def _begin(self, size: int) -> None:
        self._array = np.empty((size, self._dim), np.float32)
        self._places: dict[int, int] = {}

    def unknown(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        missing = {row for row in rows.tolist() if row not in self._places}
        if len(self._places) + len(missing) > _KEPT:
            self._begin(_SAMPLE)  # begin anew: what is needed comes back by itself
            missing = set(rows.tolist())
        return np.array(sorted(missing), np.intp)

    def keep(self, rows: NDArray[np.intp], vectors: NDArray[np.float32]) -> None:
        first, last = len(self._places), len(self._places) + rows.size
        if last > len(self._array):
            grown = np.empty((max(last, 2 * len(self._array)), self._dim), np.float32)
            grown[:first] = self._array[:first]
            self._array = grown
        self._array[first:last] = vectors
        self._places |= zip(rows.tolist(), range(first, last), strict=True)

    def take(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        places: Sequence[int] = [self._places[row] for row in rows.tolist()]
        taken: NDArray[np.float32] = self._array[np.array(places, np.intp)]
        return taken


def open_served(uri: str, name: str) -> tuple[MilvusCorpus, MilvusIndex]:
    """Return a corpus that Milvus holds, and its index.

    Raises
    ------
    ExemplarError
        The address is none, or the extra packages are missing.
    CorpusNotFound
        Milvus does not hold it.
    IndexUnreachable
        Nobody answers there.
    """
    collection = Server(uri).collection(name)
    return MilvusCorpus(collection), MilvusIndex(collection)
