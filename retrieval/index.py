"""The in-memory index: exact top-k of a linear score over the passage vectors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = Sequence[int] | NDArray[np.intp]


class DenseIndex:
    """Exact search over an array ``(n, dim) float32`` of unit rows; never copies it."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise ValueError(f"the index takes (n, dim) float32 vectors, got {vectors.shape} {vectors.dtype}")
        self._vectors = vectors
        self.n, self.dim = vectors.shape

    def top_k(
        self, w: ArrayLike, k: int, *, b: float = 0.0, exclude: Rows = ()
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
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
        scores = self._vectors @ np.asarray(w, dtype=np.float32)
        scores += np.float32(b)
        excluded = np.unique(np.asarray(exclude, dtype=np.intp))
        scores[excluded] = -np.inf
        k = min(k, self.n - excluded.size)
        if k <= 0:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32)
        kth = np.partition(scores, self.n - k)[self.n - k]
        rows = np.flatnonzero(scores >= kth)  # all that tie with the k-th, so that the row decides, not chance
        rows = rows[np.argsort(-scores[rows], kind="stable")][:k]
        return rows, scores[rows]

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order."""
        taken: NDArray[np.float32] = self._vectors[np.asarray(rows, dtype=np.intp)]
        return taken
