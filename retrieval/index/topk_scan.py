"""A scan by top-k queries and a random sample, for an index that cannot read every row.

The scan fetches the rows of the highest scores and counts every one. The rows of the sample that are not among them
represent all other rows. If an exact index returns every row that has loss, the sample adds nothing, and the scan
equals one that reads the corpus.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.base import Index
from exemplar.retrieval.index.scan import Scan

_FEW = 4096  # rows to fetch if a query cannot return all that have loss
_SLACK = 256  # rows to fetch beyond the estimate of a sample, which may be too low


class TopKIndex(Index, Protocol):
    """An index that cannot read every row."""

    def best(
        self, w: NDArray[np.float64], k: int, b: float, *, prove: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], bool]:
        """Return about k rows of highest score, best first, their scores, and whether it is proven that these are all.

        These are all if no other row has a higher score than the last one, or if every other row's score is at most -1.

        Parameters
        ----------
        prove
            Send as many queries as the proof takes; else the rows may come from one query, whatever it proves.
        """
        ...


def topk_scan(
    index: TopKIndex,
    w: NDArray[np.float64],
    b: float,
    left_out: NDArray[np.intp],
    *,
    sample: NDArray[np.intp],
    most: int,
) -> Scan:
    """Return the scan of a classifier by top-k queries alone, always in double precision.

    Parameters
    ----------
    left_out
        Rows outside the background, ascending.
    sample
        Random rows, ascending; pass the same ones to every scan of a fit, or the estimates differ between scans.
    most
        How many rows a query can return at most.
    """
    drawn = np.setdiff1d(sample, left_out, assume_unique=True)
    scores_drawn = index.vectors(drawn) @ w + b
    best, complete = _best(index, w, b, _estimated_violators(scores_drawn, index.n), most)
    X = index.vectors(best)
    scores = X @ w + b
    fetched = np.setdiff1d(best, left_out, assume_unique=True)
    rest = np.flatnonzero(~np.isin(drawn, fetched, assume_unique=True))
    n_rest = index.n - left_out.size - fetched.size
    counted = (scores > -1) & np.isin(best, fetched, assume_unique=True)
    estimated = rest[scores_drawn[rest] > -1] if not complete else rest[:0]
    rows = np.concatenate([best[counted], drawn[estimated]])
    sample_weights = np.repeat([1.0, n_rest / max(1, rest.size)], [int(counted.sum()), estimated.size])
    hinges = 1 + np.concatenate([scores[counted], scores_drawn[estimated]])
    weighted = sample_weights * hinges
    pull = np.append(weighted @ np.concatenate([X[counted], index.vectors(drawn[estimated])]), weighted.sum())
    order = np.argsort(rows)
    return Scan(
        scores,
        rows[order],
        float(weighted @ hinges),
        pull,
        rows=best,
        sample_weights=None if complete else sample_weights[order],
    )


def _estimated_violators(scores: NDArray[np.float64], n: int) -> int:
    """Return an upper estimate of how many of n rows lie above the margin, by the scores of a sample."""
    share = float(np.mean(scores > -1)) if scores.size else 1.0
    deviation = (share * (1 - share) / max(1, scores.size)) ** 0.5
    return min(n, int(n * (share + 3 * deviation)) + _SLACK)


def _best(
    index: TopKIndex, w: NDArray[np.float64], b: float, expected: int, most: int
) -> tuple[NDArray[np.intp], bool]:
    """Return rows of the highest scores, ascending, and whether they include every row above the margin."""
    k = expected if expected <= most else min(_FEW, most)
    while True:
        rows, scores, proven = index.best(w, k, b, prove=expected <= most)
        complete = rows.size < k or rows.size == index.n or bool(scores[-1] <= -1)
        if complete or k == most or expected > most:
            return np.sort(rows), complete and proven
        k = most
