"""One pass over the corpus: the score of every row, and the loss and gradient of the rows above the margin.

A pass computes two products, scores and gradient, block by block, so that it reads every block from memory once. The
threads share the blocks, each with a BLAS of one thread. A pass over a large corpus costs little more than a plain
top-k query, and copies nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.threads import run_in_shares

_BLOCK = 1024  # rows
_FEW = 64  # if at most one row in 64 is a violator, fetching the violators alone is faster


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Scores, loss and gradient of a classifier (w, b), with every row of the background as a negative.

    Attributes
    ----------
    scores
        ``w.x + b`` of ``rows``, float32 or float64.
    violators
        Rows of the background above the margin: ``w.x + b > -1``, ascending. No other row has loss.
    loss
        Sum of ``hinge^2`` over the background, with ``hinge = max(0, 1 + w.x + b)``.
    pull
        ``(dim + 1,) float64``, sum of ``hinge * [x, 1]`` over the background: half the gradient of the loss.
    rows
        The rows that ``scores`` belong to, those of the highest scores, ascending; None means every row.
    sample_weights
        How many rows every violator represents in an estimated loss and pull; None if the scan read every violator.
    """

    scores: NDArray[np.floating[Any]]
    violators: NDArray[np.intp]
    loss: float
    pull: NDArray[np.float64]
    rows: NDArray[np.intp] | None = None
    sample_weights: NDArray[np.float64] | None = None

    @property
    def support(self) -> int:
        """How many rows of the background have loss."""
        return self.violators.size if self.sample_weights is None else round(self.sample_weights.sum())

    def top(self, k: int) -> tuple[NDArray[np.intp], NDArray[np.floating[Any]]]:
        """Return the k rows of highest score, ascending, and their scores; ties by row."""
        k = min(k, self.scores.size)
        kth = np.partition(self.scores, self.scores.size - k)[self.scores.size - k]
        above = np.flatnonzero(self.scores > kth)
        top = np.append(above, np.flatnonzero(self.scores == kth)[: k - above.size])
        return (top if self.rows is None else self.rows[top]), self.scores[top]

    def subsample(self, m: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return violators that represent all, at most m of every weight, and how many rows they represent."""
        weights = np.ones(self.violators.size) if self.sample_weights is None else self.sample_weights
        rows, sample_weights = [np.empty(0, np.intp)], [np.empty(0)]
        for weight in np.unique(weights):
            stratum = self.violators[weights == weight]
            rows.append(_evenly_spaced(stratum, m))
            sample_weights.append(np.full(rows[-1].size, weight * stratum.size / rows[-1].size))
        return np.concatenate(rows), np.concatenate(sample_weights)


def _evenly_spaced(rows: NDArray[np.intp], m: int) -> NDArray[np.intp]:
    """Return m of the rows at even distances; all of them if they are at most m."""
    m = min(m, rows.size)
    return rows[((np.arange(m) + 0.5) * (rows.size / max(1, m))).astype(np.intp)]


def scan(
    vectors: NDArray[np.float32],
    w: NDArray[np.float64],
    b: float,
    left_out: NDArray[np.intp],
    *,
    precise: bool = False,
    added: NDArray[np.floating[Any]] | None = None,
) -> Scan:
    """Read a corpus ``(n, dim)`` once.

    Parameters
    ----------
    left_out
        Rows outside the background, ascending.
    precise
        Compute in double precision, block by block; this takes several times as long.
    added
        ``(n,)``: added to the score of every row.
    """
    kind: type[np.floating[Any]] = np.float64 if precise else np.float32
    n, dim = vectors.shape
    scores = np.empty(n, dtype=kind)
    starts = range(0, n, _BLOCK)
    bounds = np.searchsorted(left_out, [*starts, n]).tolist()
    weights, margin, zero = w.astype(kind), kind(1 + b), kind(0)

    def read(share: range) -> tuple[NDArray[np.float64], list[NDArray[np.intp]]]:
        pull, buffer, few = np.zeros(dim), np.empty(_BLOCK, dtype=kind), []
        for block in share:  # few calls: the threads take turns at every one
            rows = range(starts[block], min(starts[block] + _BLOCK, n))
            X, hinge = vectors[rows.start : rows.stop].astype(kind, copy=False), buffer[: len(rows)]
            s = np.dot(X, weights, out=scores[rows.start : rows.stop])
            if added is not None:
                s += added[rows.start : rows.stop]
            np.maximum(np.add(s, margin, out=hinge), zero, out=hinge)
            if bounds[block] < bounds[block + 1]:
                hinge[left_out[bounds[block] : bounds[block + 1]] - rows.start] = 0
            if np.count_nonzero(hinge) > len(rows) // _FEW:
                pull += hinge @ X
            elif hinge.any():
                few.append(rows.start + np.flatnonzero(hinge))
        return pull, few

    parts = run_in_shares(len(starts), read)
    scores += kind(b)
    above = scores > -1
    above[left_out] = False
    violators = np.flatnonzero(above)
    hinges = 1 + scores[violators].astype(np.float64)
    pull = np.append(np.sum([pull for pull, _ in parts], axis=0), hinges.sum())
    for rows in (rows for _, few in parts for rows in _chunks(few)):
        pull[:-1] += (1 + scores[rows]) @ vectors[rows]
    return Scan(scores, violators, float(hinges @ hinges), pull)


def _chunks(rows: list[NDArray[np.intp]]) -> list[NDArray[np.intp]]:
    """Join rows of many blocks, and cut them into chunks of a block's size."""
    joined = np.concatenate(rows) if rows else np.empty(0, dtype=np.intp)
    return [joined[start : start + _BLOCK] for start in range(0, joined.size, _BLOCK)]
