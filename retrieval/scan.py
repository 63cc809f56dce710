"""One pass over the corpus: every row's score, and what the rows above the margin weigh.

The two products of a pass, scores and gradient, are taken block by block, so that a block is read from memory once,
and the blocks are shared out among threads, each with a BLAS of one thread. A pass over a large corpus costs little
more than a plain top-k query, and no copy.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.index import Index
from retrieval.threads import in_shares

_BLOCK = 2048  # rows
_FEW = 64  # one violator in so many rows, or fewer, are better fetched by themselves


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

    def read(share: range) -> tuple[NDArray[np.float64], list[NDArray[np.intp]]]:
        pull, buffer, few = np.zeros(index.dim), np.empty(_BLOCK, dtype=kind), []
        for block in share:  # every call here is paid for each block, by all threads in turn
            rows = range(starts[block], min(starts[block] + _BLOCK, index.n))
            X, hinge = index.vectors(rows).astype(kind, copy=False), buffer[: len(rows)]
            s = np.dot(X, weights, out=scores[rows.start : rows.stop])
            np.maximum(np.add(s, margin, out=hinge), zero, out=hinge)
            if bounds[block] < bounds[block + 1]:
                hinge[left_out[bounds[block] : bounds[block + 1]] - rows.start] = 0
            if np.count_nonzero(hinge) > len(rows) // _FEW:
                pull += hinge @ X
            elif hinge.any():
                few.append(rows.start + np.flatnonzero(hinge))
        return pull, few

    parts = in_shares(len(starts), read)
    scores += kind(b)
    above = scores > -1
    above[left_out] = False
    violators = np.flatnonzero(above)
    hinges = 1 + scores[violators].astype(np.float64)
    pull = np.append(np.sum([pull for pull, _ in parts], axis=0), hinges.sum())
    for rows in (rows for _, few in parts for rows in _chunks(few)):
        pull[:-1] += (1 + scores[rows]) @ index.vectors(rows)
    return Scan(scores, violators, float(hinges @ hinges), pull)


def _chunks(rows: list[NDArray[np.intp]]) -> list[NDArray[np.intp]]:
    """Return rows of many blocks together, some thousand at a time."""
    together = np.concatenate(rows) if rows else np.empty(0, dtype=np.intp)
    return [together[start : start + _BLOCK] for start in range(0, together.size, _BLOCK)]
