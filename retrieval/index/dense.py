"""The in-memory index: exact top-k of a linear score over the passage vectors."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.index.base import Rows, Within, checked_rows, checked_weights, exact_scores, random_rows
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.part import Part
from exemplar.retrieval.index.scan import Scan, scan
from exemplar.retrieval.index.threads import one_blas_thread, run_in_shares

_ROUNDING = 1e-5  # bounds what float32 rounding does to the product of two unit vectors of some thousand dimensions
_CHUNK = 4096  # rows


class DenseIndex:
    """Exact search over an array ``(n, dim) float32`` of unit rows, in memory or memory-mapped; never copies it.

    Parameters
    ----------
    longest
        A bound of the rows' lengths, for rows that are not unit vectors.

    Attributes
    ----------
    array
        The vectors, read-only.
    rounding
        A bound of the error of a row's product with weights of length 1 in single precision.
    """

    def __init__(self, vectors: NDArray[np.float32], longest: float = 1.0) -> None:
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise ValueError(f"the index takes (n, dim) float32 vectors, got {vectors.shape} {vectors.dtype}")
        self.array = np.asarray(vectors).view()  # a memmap's own class makes every slice slow
        self.array.flags.writeable = False
        self.n, self.dim = vectors.shape
        self.rounding = _ROUNDING * longest
        self._part: tuple[tuple[int, int], Part] | None = None

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
        """Return the k rows of highest score ``w.x + b`` and their scores, best first; ties by row.

        See Index.
        """
        weights = checked_weights(w)
        return best_rows(
            self.scores(weights.astype(np.float32)),
            k,
            lambda rows: self.exact_scores(rows, weights),
            self.rounding * float(np.linalg.norm(weights)),
            b=b,
            exclude=exclude,
            within=within,
            above=above,
        )

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m different random rows, ascending; all rows if the index has at most m."""
        return random_rows(self.n, m, seed)

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order; a range gives a view."""
        if isinstance(rows, range) and rows.step == 1 and 0 <= rows.start <= rows.stop <= self.n:
            return self.array[rows.start : rows.stop]
        vectors: NDArray[np.float32] = self.array[checked_rows(rows, self.n)]
        return vectors

    def features(self, rows: Rows) -> Features:
        """Return the vectors of some rows, in their order."""
        return Features(self.vectors(rows))

    def part(self, m: int, seed: int) -> Part:
        """Return m different random rows, held together, as they were for the last call if it is the same."""
        if self._part is None or self._part[0] != (m, seed):
            rows = self.sample(m, seed)
            held = np.empty((rows.size, self.dim), np.float32)

            def hold(share: range) -> None:
                here = slice(share.start, share.stop)
                np.take(self.array, rows[here], axis=0, out=held[here], mode="clip")  # other modes copy twice

            run_in_shares(rows.size, hold)
            self._part = (m, seed), Part(rows, Features(held))
        return self._part[1]

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all vectors, ``(dim,)``."""
        mean: NDArray[np.float64] = self.array.mean(axis=0, dtype=np.float64)
        return mean

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Read all rows once; see ``index.scan.scan``."""
        return scan(self.array, w, b, left_out, precise=precise)

    def scores(self, w: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the product of every row with weights, ``(n,) float32``."""
        scores = np.empty(self.n, dtype=np.float32)

        def score(share: range) -> None:
            rows = slice(share.start * _CHUNK, share.stop * _CHUNK)
            np.dot(self.array[rows], w, out=scores[rows])

        with one_blas_thread():
            run_in_shares(-(-self.n // _CHUNK), score)
        return scores

    def exact_scores(self, rows: NDArray[np.intp], w: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the product of some rows with weights, each summed alone in double precision."""
        scores = np.empty(rows.size)
        for start in range(0, rows.size, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            scores[chunk] = exact_scores(self.array[rows[chunk]], w)
        return scores


def best_rows(
    scores: NDArray[np.float32],
    k: int,
    exact_scores: Callable[[NDArray[np.intp]], NDArray[np.float64]],
    rounding: float,
    *,
    b: float,
    exclude: Rows,
    within: Within | None,
    above: float | None,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the k rows of highest score and their scores, best first; ties by row.

    Parameters
    ----------
    scores
        ``(n,) float32`` without the intercept b; overwritten.
    exact_scores
        Returns the scores of some rows, each summed alone in double precision.
    rounding
        A bound of the error of ``scores``.
    b, exclude, within, above
        See ``Index.top_k``.
    """
    k = min(k, _mask(scores, exclude, within))
    if k <= 0:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float64)
    least = np.partition(scores, scores.size - k)[scores.size - k]
    if above is not None:
        least = max(least, above - b)
    # A product over many rows rounds equal rows differently, depending on their positions. So all rows near the
    # k-th are scored again, row by row in double precision: equal rows then tie, and the lower row comes first.
    rows = np.flatnonzero(scores >= least - rounding)
    exact = exact_scores(rows) + b
    if above is not None:
        rows, exact = rows[exact > above], exact[exact > above]
    best = np.argsort(-exact, kind="stable")[:k]
    return rows[best], exact[best]


def _mask(scores: NDArray[np.float32], exclude: Rows, within: Within | None) -> int:
    """Set the scores of rows that must not come back to -inf; return how many rows remain."""
    left_out = np.zeros(scores.size, dtype=bool)
    if within is not None:
        left_out[:] = True
        left_out[checked_rows(within, scores.size)] = False
    left_out[checked_rows(exclude, scores.size)] = True
    scores[left_out] = -np.inf
    return scores.size - int(np.count_nonzero(left_out))


def index_in_memory(corpus: DocumentStore) -> DenseIndex:
    """Return the index of a corpus on disk; raises TypeError for a corpus on a server."""
    if not isinstance(corpus, Corpus):
        raise TypeError("a corpus on a server needs the index of that server")
    return DenseIndex(corpus.vectors, longest=_longest_vector(corpus))


def _longest_vector(corpus: Corpus) -> float:
    """Return a bound of the vectors' lengths."""
    if corpus.manifest.encoder.similarity == "cosine":
        return 1.0
    return float(np.sqrt(np.einsum("ij,ij->i", corpus.vectors, corpus.vectors).max()))
