"""Metrics of a ranking, intervals of their means over queries, and tests of the difference of two rankers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

METRICS = ("nDCG@10", "P@10", "recall@100", "MAP")
DEPTH = 1000  # documents of a ranking that count, as in TREC

_RESAMPLES = 2000
_RESAMPLES_AT_ONCE = 100  # bounds the memory for many thousands of queries
_MIN_TESTED = 5  # queries


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its 95% bootstrap interval, if the queries are enough for one."""

    mean: float
    low: float | None = None
    high: float | None = None


def measures(grades: NDArray[np.int64], relevant: NDArray[np.int64]) -> dict[str, float]:
    """Return the metrics of one ranking, by name.

    Parameters
    ----------
    grades
        The grades of the ranked documents, best first, 0 if not relevant; the first 1,000 count.
    relevant
        The grades of all relevant documents, at least one.
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
    """Return ``DCG / ideal DCG`` of the first k documents, with ``DCG = sum_i grade_i / log2(i + 1)``, i from 1.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20(4), 2002.
    """
    best = np.sort(relevant)[::-1]
    return _dcg(grades[:k]) / _dcg(best[:k])


def estimate(values: NDArray[np.float64], seed: int = 0) -> Estimate:
    """Return the mean of values, one for every query, with its 95% bootstrap interval over the queries."""
    if values.size < 2:
        return Estimate(float(values.mean()))
    return _percentiles(float(values.mean()), _resampled_means(values[None], seed)[0])


def relative_gain(
    values: Mapping[str, NDArray[np.float64]], baseline: Mapping[str, NDArray[np.float64]]
) -> Estimate | None:
    """Return the relative gain of a mean over a baseline's, as a fraction; None if the baseline's mean is zero.

    Both hold a value for every query, by set; every set has the same weight. The bootstrap resamples queries in pairs.
    """
    means = np.mean([[values[name].mean(), baseline[name].mean()] for name in values], axis=0)
    if means[1] == 0:
        return None
    resampled = np.zeros((2, _RESAMPLES))
    for seed, name in enumerate(sorted(values)):
        resampled += _resampled_means(np.stack([values[name], baseline[name]]), seed)
    mean = float(means[0] / means[1] - 1)
    if all(of_set.size < 2 for of_set in values.values()) or not resampled[1].all():
        return Estimate(mean)
    return _percentiles(mean, resampled[0] / resampled[1] - 1)


def p_value(values: NDArray[np.float64], baseline: NDArray[np.float64]) -> float | None:
    """Return the two-sided p of a paired t-test; None for fewer than five queries.

    Urbano, Lima and Hanjalic recommend this test for rankings: "Statistical Significance Testing in Information
    Retrieval", SIGIR 2019.
    """
    if values.size < _MIN_TESTED:
        return None
    if np.array_equal(values, baseline):
        return 1.0
    from scipy.stats import ttest_rel

    return float(ttest_rel(values, baseline).pvalue)


def _dcg(grades: NDArray[np.int64]) -> float:
    return float(grades @ (1 / np.log2(np.arange(2, grades.size + 2))))


def _resampled_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return means over resampled queries, ``(m, n_queries) -> (m, 2000)``; all m rows resample the same queries."""
    rng, n = np.random.default_rng(seed), values.shape[1]
    chunks = [
        values[:, rng.integers(0, n, size=(_RESAMPLES_AT_ONCE, n))].mean(axis=2)
        for _ in range(_RESAMPLES // _RESAMPLES_AT_ONCE)
    ]
    return np.concatenate(chunks, axis=1)


def _percentiles(mean: float, resampled: NDArray[np.float64]) -> Estimate:
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Estimate(mean, float(low), float(high))
