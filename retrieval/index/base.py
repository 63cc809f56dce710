"""The index protocol, and the checks that its implementations share."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.part import Part
from exemplar.retrieval.index.scan import Scan

Rows = Sequence[int] | NDArray[np.intp]
Within = Rows | str  # rows, or an expression of the index's own


class Scanned(Protocol):
    """What training needs: scans over ``n`` rows of ``dim`` dimensions, and the rows themselves."""

    n: int
    dim: int

    def features(self, rows: NDArray[np.intp]) -> Features:
        """Return some rows, in a form in which what is sparse stays so."""
        ...

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Return the loss and gradient of a classifier over all rows but those left out (ascending); see Scan."""
        ...


class Index(Protocol):
    """What rankers need of a corpus: queries and scans over ``n`` unit vectors of ``dim`` dimensions.

    A row is a position in the index. Callers may pass rows in any order, and repeat them.
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
            How many rows to return at most.
        exclude
            Rows that must not come back.
        within
            The only rows that may come back; None allows all rows.
        above
            Only rows with a score above this come back.

        Raises
        ------
        ValueError
            A weight is not finite, or the index does not have one of the rows.
        """
        ...

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m different random rows, ascending; all rows if the index has at most m."""
        ...

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors of some rows, ``(len(rows), dim) float32``, in their order."""
        ...

    def features(self, rows: Rows) -> Features:
        """Return the same rows as ``vectors``, in a form in which what is sparse stays so."""
        ...

    def part(self, m: int, seed: int) -> Part | None:
        """Return m different random rows, held together; None if the index has to send for rows."""
        ...

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all vectors, ``(dim,)``."""
        ...

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Return the loss and gradient of a classifier over all rows but those left out (ascending); see Scan."""
        ...


def checked_rows(rows: Within, n: int) -> NDArray[np.intp]:
    """Return rows of an index of n rows as an array; raises ValueError if the index does not have them."""
    array = np.asarray(rows)
    if array.size == 0:
        return np.empty(0, dtype=np.intp)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise ValueError(f"rows must be a list of integers, got {array.dtype} of shape {array.shape}")
    if array.min() < 0 or array.max() >= n:
        raise ValueError(f"rows of this index are 0 to {n - 1}, got {array.min()} to {array.max()}")
    return array.astype(np.intp, copy=False)


def checked_weights(w: ArrayLike) -> NDArray[np.float64]:
    """Return weights as an array; raises ValueError if a product with them would overflow float32."""
    weights = np.asarray(w, dtype=np.float64)
    if not (np.abs(weights) < 1e30).all():
        raise ValueError("the weights hold NaN, infinity, or numbers that float32 cannot multiply")
    return weights


def random_rows(n: int, m: int, seed: int) -> NDArray[np.intp]:
    """Return m different random rows of n, ascending; all rows if n is at most m."""
    if m >= n:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, m, replace=False, shuffle=False))


def exact_scores(vectors: NDArray[np.float32], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``w.x`` of every row, each summed alone in double precision, so that equal rows have equal scores."""
    scores: NDArray[np.float64] = np.einsum("ij,j->i", vectors.astype(np.float64), w)
    return scores
