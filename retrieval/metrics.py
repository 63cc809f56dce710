"""How good a ranking is, how sure a mean over queries is, and whether two rankers differ."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

METRICS = ("nDCG@10", "P@10", "recall@100", "MAP")
DEPTH = 1000  # of a ranking that is judged, as in TREC

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its 95% bootstrap interval, which one query alone doesn't give."""

    mean: float
    low: float | None = None
    high: float | None = None


def measures(grades: NDArray[np.int64], relevant: NDArray[np.int64]) -> dict[str, float]:
    """Return the measures of one ranking, by name.

    Parameters
    ----------
    grades
        Of the documents as they are ranked, best first: 0 for one that isn't relevant. Up to 1,000 count.
    relevant
        The grades of all relevant documents; at least one.
    """
    hits = grades[:DEPTH] > 0
    precision = np.cumsum(hits) / np.arange(1, hits.size + 1)
    return {
        "nDCG@10": ndcg_at_k(grades, relevant, 10),
        "P@10": float(hits[:10].sum() / 10),
        "recall@100": float(hits[:100].sum() / relevant.size),
        "MAP": float(precision[hits].sum() / relevant.size),
    }


def ndcg_at_k(grades: NDArray[np.int64], relevant: NDArray[np.int64], k: int) -> float:
    """Return ``DCG / DCG of the best ranking`` of the first k, with ``DCG = sum_i grade_i / log2(i + 1)``, i from 1.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20(4), 2002.
    """
    best = np.sort(relevant)[::-1]
    return _dcg(grades[:k]) / _dcg(best[:k])


def estimate(values: NDArray[np.float64], seed: int = 0) -> Estimate:
    """Return the mean of one value a query; of 95 in 100 resamples of the queries it lies between low and high."""
    if values.size < 2:
        return Estimate(float(values.mean()))
    return _percentiles(float(values.mean()), values[_resamples(values.size, seed)].mean(axis=1))


def gain(values: Mapping[str, NDArray[np.float64]], baseline: Mapping[str, NDArray[np.float64]]) -> Estimate:
    """Return how much higher the mean over sets is than a baseline's: 0.1 is a tenth; queries are resampled in pairs.

    Both hold one value a query, by set; each set counts the same.
    """
    ours, theirs = np.zeros(_RESAMPLES), np.zeros(_RESAMPLES)
    for seed, name in enumerate(sorted(values)):
        rows = _resamples(values[name].size, seed)
        ours, theirs = ours + values[name][rows].mean(axis=1), theirs + baseline[name][rows].mean(axis=1)
    mean = sum(each.mean() for each in values.values()) / sum(each.mean() for each in baseline.values()) - 1
    return _percentiles(float(mean), ours / theirs - 1)


def p_value(values: NDArray[np.float64], baseline: NDArray[np.float64]) -> float | None:
    """Return the two-sided p of a paired t-test; None for fewer than two queries.

    The test to take for rankings, say Urbano, Lima and Hanjalic, "Statistical Significance Testing in Information
    Retrieval", SIGIR 2019.
    """
    if values.size < 2:
        return None
    if np.array_equal(values, baseline):
        return 1.0
    from scipy.stats import ttest_rel

    p = float(ttest_rel(values, baseline).pvalue)
    return 0.0 if math.isnan(p) else p


def _dcg(grades: NDArray[np.int64]) -> float:
    return float(grades @ (1 / np.log2(np.arange(2, grades.size + 2))))


def _resamples(n: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, n, size=(_RESAMPLES, n))


def _percentiles(mean: float, resampled: NDArray[np.float64]) -> Estimate:
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Estimate(mean, float(low), float(high))
