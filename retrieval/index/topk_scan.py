"""A pass over a corpus that can't be read whole: what top-k queries and a sample say of it.

The rows of the highest scores are fetched and counted one by one, and the rows of a random sample that are not among
them stand for all others. Where an exact index returns every row that carries loss the sample adds nothing, and the
pass is what reading the whole corpus gives.
"""

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.dense import Index
from exemplar.retrieval.index.scan import Scan

_FEW = 4096  # rows fetched where not all that carry loss can be
_SLACK = 256  # rows: of what is asked for, the more the sample may be wrong


def mined_scan(
    index: Index,
    w: NDArray[np.float64],
    b: float,
    left_out: NDArray[np.intp],
    *,
    sample: NDArray[np.intp],
    most: int,
    exact: bool,
) -> Scan:
    """Return what a pass over an index says of a classifier, by top-k queries alone.

    Parameters
    ----------
    left_out
        Rows that are no background, ascending.
    sample
        Random rows, ascending: always the same, or what is estimated would move from pass to pass.
    most
        How many rows a query can return.
    exact
        Whether a query returns the very best rows.
    """
    drawn = np.setdiff1d(sample, left_out, assume_unique=True)
    scores_drawn = index.vectors(drawn) @ w + b
    best, complete = _best(index, w, b, _expected(scores_drawn, index.n), most)
    complete = complete and exact
    X = index.vectors(best)
    scores = X @ w + b
    fetched = np.setdiff1d(best, left_out, assume_unique=True)
    rest = np.flatnonzero(~np.isin(drawn, fetched, assume_unique=True))
    n_rest = index.n - left_out.size - fetched.size
    counted = (scores > -1) & np.isin(best, fetched, assume_unique=True)
    estimated = rest[scores_drawn[rest] > -1] if not complete else rest[:0]
    rows = np.concatenate([best[counted], drawn[estimated]])
    stands_for = np.repeat([1.0, n_rest / max(1, rest.size)], [int(counted.sum()), estimated.size])
    hinges = 1 + np.concatenate([scores[counted], scores_drawn[estimated]])
    weighted = stands_for * hinges
    pull = np.append(weighted @ np.concatenate([X[counted], index.vectors(drawn[estimated])]), weighted.sum())
    order = np.argsort(rows)
    return Scan(
        scores,
        rows[order],
        float(weighted @ hinges),
        pull,
        rows=best,
        stands_for=None if complete else stands_for[order],
    )


def _expected(scores: NDArray[np.float64], n: int) -> int:
    """Return how many of n rows lie above the margin at the most, by the scores of a sample."""
    share = float(np.mean(scores > -1)) if scores.size else 1.0
    deviation = (share * (1 - share) / max(1, scores.size)) ** 0.5
    return min(n, int(n * (share + 3 * deviation)) + _SLACK)


def _best(index: Index, w: NDArray[np.float64], b: float, expected: int, most: int) -> tuple[NDArray[np.intp], bool]:
    """Return rows of the highest scores, ascending, and whether no other lies above the margin."""
    k = expected if expected <= most else min(_FEW, most)
    while True:
        rows, scores = index.top_k(w, k, b=b)
        complete = rows.size < k or rows.size == index.n or bool(scores[-1] <= -1)
        if complete or k == most or expected > most:
            return np.sort(rows), complete
        k = most
