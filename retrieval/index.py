"""The in-memory index: exact top-k of a linear score over the passage vectors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = Sequence[int] | NDArray[np.intp]

_ROUNDING = 1e-5  # bounds what float32 rounding does to the product of two unit vectors of some thousand dimensions


class DenseIndex:
    """Exact search over an array ``(n, dim) float32`` of unit rows; never copies it."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise ValueError(f"the index takes (n, dim) float32 vectors, got {vectors.shape} {vectors.dtype}")
        self._vectors = vectors
        self.n, self.dim = vectors.shape

    def top_k(
        self, w: ArrayLike, k: int, *, b: float = 0.0, exclude: Rows = ()
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
        """
        w = np.asarray(w, dtype=np.float64)
        if not np.isfinite(w).all():
            raise ValueError("the weights hold NaN or infinity")
        scores = self._vectors @ w.astype(np.float32)
        excluded = np.unique(np.asarray(exclude, dtype=np.intp))
        scores[excluded] = -np.inf
        k = min(k, self.n - excluded.size)
        if k <= 0:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float64)
        kth = np.partition(scores, self.n - k)[self.n - k]
        # A product over the whole array rounds equal rows differently, by where they stand. So all that come near
        # the k-th are scored again, row by row and in double precision: equal rows tie, and the row decides.
        rows = np.flatnonzero(scores >= kth - _ROUNDING * np.linalg.norm(w))
        exact = np.einsum("ij,j->i", self._vectors[rows].astype(np.float64), w)
        best = np.argsort(-exact, kind="stable")[:k]
        return rows[best], exact[best] + b

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order."""
        taken: NDArray[np.float32] = self._vectors[np.asarray(rows, dtype=np.intp)]
        return taken
