"""The index protocol, and the in-memory index: exact top-k of a linear score over the passage vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.retrieval.index.scan import Scan, scan
from exemplar.retrieval.index.threads import in_shares, one_blas_thread

Rows = Sequence[int] | NDArray[np.intp]
Within = Rows | str  # rows, or an expression of the index's own

_ROUNDING = 1e-5  # bounds what float32 rounding does to the product of two unit vectors of some thousand dimensions
_CHUNK = 4096  # rows


def checked_rows(rows: Within, n: int) -> NDArray[np.intp]:
    """Return rows of an index of n as an array; a ValueError says so if they are none."""
    array = np.asarray(rows)
    if array.size == 0:
        return np.empty(0, dtype=np.intp)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise ValueError(f"rows are a list of whole numbers, got {array.dtype} of shape {array.shape}")
    if array.min() < 0 or array.max() >= n:
        raise ValueError(f"rows of this index are 0 to {n - 1}, got {array.min()} to {array.max()}")
    return array.astype(np.intp, copy=False)


def checked_weights(w: ArrayLike) -> NDArray[np.float64]:
    """Return weights as an array; a ValueError says so if they are none to multiply by."""
    weights = np.asarray(w, dtype=np.float64)
    if not (np.abs(weights) < 1e30).all():
        raise ValueError("the weights hold NaN, infinity, or what float32 can't multiply")
    return weights


def drawn_rows(n: int, m: int, seed: int) -> NDArray[np.intp]:
    """Return m random rows of n, ascending, none twice; all where there are no more than m."""
    if m >= n:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, m, replace=False, shuffle=False))


def exact_scores(vectors: NDArray[np.float32], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the score of each row by itself, in double precision: equal rows have equal scores."""
    scores: NDArray[np.float64] = np.einsum("ij,j->i", vectors.astype(np.float64), w)
    return scores


class Index(Protocol):
    """All that rankers ask of a corpus of ``n`` unit vectors of ``dim`` dimensions.

    A row is a position in the index. Rows may be given in any order and more than once.
    """

    n: int
    dim: int

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

        Parameters
        ----------
        w
            ``(dim,)`` weights.
        k
            Rows wanted; fewer come back where there are no more.
        exclude
            Rows that must not come back.
        within
            The only rows that may come back; all of them without it.
        above
            Only rows with a score above this come back.

        Raises
        ------
        ValueError
            A weight isn't finite, or a row is none of the index's.
        """
        ...

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m random rows, ascending, none twice; all rows where there are no more than m."""
        ...

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order."""
        ...

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all vectors, ``(dim,)``."""
        ...

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Return what all rows but those left out, ascending, say of a classifier; see Scan."""
        ...


class DenseIndex:
    """Exact search over an array ``(n, dim) float32`` of unit rows, in memory or memory-mapped; never copies it.

    Rows may have other lengths where ``longest`` bounds them.
    """

    def __init__(self, vectors: NDArray[np.float32], longest: float = 1.0) -> None:
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise ValueError(f"the index takes (n, dim) float32 vectors, got {vectors.shape} {vectors.dtype}")
        self._vectors = np.asarray(vectors).view()  # a memmap's own class makes every slice slow
        self._vectors.flags.writeable = False
        self.n, self.dim = vectors.shape
        self._rounding = _ROUNDING * longest

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
        w = checked_weights(w)
        scores = self._scores(w.astype(np.float32))
        k = min(k, _leave_only(scores, exclude, within))
        if k <= 0:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float64)
        least = np.partition(scores, self.n - k)[self.n - k]
        if above is not None:
            least = max(least, above - b)
        # A product over the whole array rounds equal rows differently, by where they stand. So all that come near
        # the k-th are scored again, row by row and in double precision: equal rows tie, and the row decides.
        rows = np.flatnonzero(scores >= least - self._rounding * np.linalg.norm(w))
        exact = self._exact_scores(rows, w) + b
        if above is not None:
            rows, exact = rows[exact > above], exact[exact > above]
        best = np.argsort(-exact, kind="stable")[:k]
        return rows[best], exact[best]

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m random rows, ascending, none twice; all rows where there are no more than m."""
        return drawn_rows(self.n, m, seed)

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order; of a range, a view."""
        if isinstance(rows, range) and rows.step == 1 and 0 <= rows.start <= rows.stop <= self.n:
            return self._vectors[rows.start : rows.stop]
        taken: NDArray[np.float32] = self._vectors[checked_rows(rows, self.n)]
        return taken

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all vectors, ``(dim,)``."""
        mean: NDArray[np.float64] = self._vectors.mean(axis=0, dtype=np.float64)
        return mean

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Read all rows once; see retrieval.index.scan."""
        return scan(self._vectors, w, b, left_out, precise=precise)

    def _scores(self, w: NDArray[np.float32]) -> NDArray[np.float32]:
        scores = np.empty(self.n, dtype=np.float32)

        def score(share: range) -> None:
            rows = slice(share.start * _CHUNK, share.stop * _CHUNK)
            np.dot(self._vectors[rows], w, out=scores[rows])

        with one_blas_thread():
            in_shares(-(-self.n // _CHUNK), score)
        return scores

    def _exact_scores(self, rows: NDArray[np.intp], w: NDArray[np.float64]) -> NDArray[np.float64]:
        scores = np.empty(rows.size)
        for start in range(0, rows.size, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            scores[chunk] = exact_scores(self._vectors[rows[chunk]], w)
        return scores


def _leave_only(scores: NDArray[np.float32], exclude: Rows, within: Within | None) -> int:
    """Put the rows that must not come back behind all others; return how many may."""
    left_out = np.zeros(scores.size, dtype=bool)
    if within is not None:
        left_out[:] = True
        left_out[checked_rows(within, scores.size)] = False
    left_out[checked_rows(exclude, scores.size)] = True
    scores[left_out] = -np.inf
    return scores.size - int(np.count_nonzero(left_out))
