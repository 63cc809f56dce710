"""How good a ranking is, how sure a mean over queries is, and whether two rankers differ."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

METRICS = ("nDCG@10", "P@10", "recall@100", "MAP")
DEPTH = 1000  # of a ranking that is judged, as in TREC

_RESAMPLES = 2000
_AT_ONCE = 100  # so many thousands of queries need no gigabytes
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its 95% bootstrap interval, where there are enough to give one."""

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
    return _percentiles(float(values.mean()), _resampled_means(values[None], seed)[0])


def gain(values: Mapping[str, NDArray[np.float64]], baseline: Mapping[str, NDArray[np.float64]]) -> Estimate | None:
    """Return how much higher the mean over sets is than a baseline's: 0.1 is a tenth; queries are resampled in pairs.

    Both hold one value a query, by set; each set counts the same. None where the baseline's mean is zero.
    """
    means = np.mean([[values[name].mean(), baseline[name].mean()] for name in values], axis=0)
    if means[1] == 0:
        return None
    resampled = np.zeros((2, _RESAMPLES))
    for seed, name in enumerate(sorted(values)):
        resampled += _resampled_means(np.stack([values[name], baseline[name]]), seed)
    mean = float(means[0] / means[1] - 1)
    if all(each.size < 2 for each in values.values()) or not resampled[1].all():
        return Estimate(mean)
    return _percentiles(mean, resampled[0] / resampled[1] - 1)


def p_value(values: NDArray[np.float64], baseline: NDArray[np.float64]) -> float | None:
    """Return the two-sided p of a paired t-test; None for fewer than five queries, too few to tell.

    The test to take for rankings, say Urbano, Lima and Hanjalic, "Statistical Significance Testing in Information
    Retrieval", SIGIR 2019.
    """
    if values.size < _FEWEST:
        return None
    if np.array_equal(values, baseline):
        return 1.0
    from scipy.stats import ttest_rel

    return float(ttest_rel(values, baseline).pvalue)


def _dcg(grades: NDArray[np.int64]) -> float:
    return float(grades @ (1 / np.log2(np.arange(2, grades.size + 2))))


def _resampled_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return means over resampled queries, ``(m, n_queries) -> (m, 2000)``, the same queries for all m."""
    rng, n = np.random.default_rng(seed), values.shape[1]
    chunks = [values[:, rng.integers(0, n, size=(_AT_ONCE, n))].mean(axis=2) for _ in range(_RESAMPLES // _AT_ONCE)]
    return np.concatenate(chunks, axis=1)


def _percentiles(mean: float, resampled: NDArray[np.float64]) -> Estimate:
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Estimate(mean, float(low), float(high))
