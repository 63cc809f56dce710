"""One pass over the corpus: every row's score, and what the rows above the margin weigh.

The two products of a pass, scores and gradient, are taken block by block, so that a block is read from memory once,
and the blocks are shared out among threads, each with a BLAS of one thread. A pass over a large corpus costs little
more than a plain top-k query, and no copy.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.index import Index
from retrieval.threads import N_THREADS, pool

_BLOCK = 2048  # rows


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What one pass says of a classifier (w, b), with every row of the background taken as a negative.

    Attributes
    ----------
    scores
        ``(n,) float32``, or float64 where asked for, ``w.x + b`` of every row.
    violators
        Rows of the background above the margin: ``w.x + b > -1``, ascending. No other row carries loss.
    loss
        Sum of ``hinge^2`` over the background, with ``hinge = max(0, 1 + w.x + b)``.
    pull
        ``(dim + 1,) float64``, sum of ``hinge * [x, 1]`` over the background: half the gradient of the loss.
    """

    scores: NDArray[np.floating[Any]]
    violators: NDArray[np.intp]
    loss: float
    pull: NDArray[np.float64]


def scan(index: Index, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
    """Read the corpus once.

    Parameters
    ----------
    left_out
        Rows that are no background, ascending.
    precise
        Compute in double precision, block by block; takes several times as long.
    """
    kind: type[np.floating[Any]] = np.float64 if precise else np.float32
    scores = np.empty(index.n, dtype=kind)
    starts = range(0, index.n, _BLOCK)
    bounds = np.searchsorted(left_out, [*starts, index.n]).tolist()
    weights, margin, zero = w.astype(kind), kind(1 + b), kind(0)

    def read(share: range) -> tuple[float, NDArray[np.float64]]:
        loss, pull, buffer = 0.0, np.zeros(index.dim + 1), np.empty(_BLOCK, dtype=kind)
        for block in share:  # every call here is paid for each block, by all threads in turn
            rows = range(starts[block], min(starts[block] + _BLOCK, index.n))
            X, hinge = index.vectors(rows).astype(kind, copy=False), buffer[: len(rows)]
            s = np.dot(X, weights, out=scores[rows.start : rows.stop])
            np.maximum(np.add(s, margin, out=hinge), zero, out=hinge)
            if bounds[block] < bounds[block + 1]:
                hinge[left_out[bounds[block] : bounds[block + 1]] - rows.start] = 0
            loss += _add_pull(X, hinge, pull)
        return loss, pull

    cuts = [len(starts) * i // N_THREADS for i in range(N_THREADS + 1)]
    shares = [range(first, last) for first, last in pairwise(cuts) if first < last]
    parts = list(pool().map(read, shares)) if len(shares) > 1 else [read(share) for share in shares]
    scores += kind(b)
    above = scores > -1
    above[left_out] = False
    pull = np.sum([pull for _, pull in parts], axis=0) if parts else np.zeros(index.dim + 1)
    return Scan(scores, np.flatnonzero(above), sum(loss for loss, _ in parts), pull)


def _add_pull(X: NDArray[np.floating[Any]], hinge: NDArray[np.floating[Any]], pull: NDArray[np.float64]) -> float:
    """Add a block's share to ``pull`` and return its loss; where few rows carry loss, only these are read again."""
    n_violators = np.count_nonzero(hinge)
    if n_violators == 0:
        return 0.0
    if n_violators < hinge.size // 8:
        rows = np.flatnonzero(hinge)
        X, hinge = X[rows], hinge[rows]
    pull[:-1] += hinge @ X
    pull[-1] += float(hinge.sum())
    return float(hinge @ hinge)
