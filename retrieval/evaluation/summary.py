"""Summaries of measurements: means with intervals, p-values, and gains over all sets."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.manifest import Manifest
from exemplar.retrieval.evaluation.judgements import Judgements
from exemplar.retrieval.evaluation.metrics import METRICS, estimate, p_value, relative_gain
from exemplar.retrieval.evaluation.protocols import Condition, Measurement
from exemplar.retrieval.evaluation.result import MIN_QUERIES, Gain, MetricEstimate, RankerResult, SetResult

_TESTED_AGAINST = ("knn", "rocchio")
_GAINS_AGAINST = ("knn", "rocchio", "rocchio-words", "mean")
_LOSS = 0.05  # of nDCG@10, that a person would notice


def set_result(manifest: Manifest, judgements: Judgements, measurements: Sequence[Measurement]) -> SetResult:
    """Return the result of a corpus: means over its queries, their intervals, and p-values against kNN and Rocchio."""
    values = {measured.condition: measured.values for measured in measurements}
    return SetResult(
        name=manifest.name,
        model=manifest.encoder.title,
        precision=manifest.encoder.precision,
        n_documents=manifest.n_documents,
        n_passages=manifest.n_passages,
        judgements=judgements.kind,
        n_judged_queries=len(judgements.queries),
        n_missing=judgements.n_missing,
        results=tuple(_ranker_result(measured, values) for measured in measurements),
    )


def _ranker_result(
    measured: Measurement, values: Mapping[Condition, Mapping[str, NDArray[np.float64]]]
) -> RankerResult:
    protocol, number, ranker = measured.condition
    others = {
        other: values[protocol, number, other]
        for other in _TESTED_AGAINST
        if other != ranker and (protocol, number, other) in values
    }
    metrics = {}
    for metric, of_queries in measured.values.items():
        mean = estimate(of_queries)
        p_values = {other: p_value(of_queries, baseline[metric]) for other, baseline in others.items()}
        metrics[metric] = MetricEstimate(mean.mean, mean.low, mean.high, p_values)
    return RankerResult(protocol, number, ranker, measured.n_queries, metrics)


def gains_over_sets(measurements: Mapping[str, Sequence[Measurement]]) -> tuple[Gain, ...]:
    """Return the gain in mean nDCG@10 over the sets of every ranker against baselines, with 95% intervals.

    If some sets have at least 20 queries, only these count, because the mean of fewer queries varies too much.

    Parameters
    ----------
    measurements
        The measurements by the name of the set.
    """
    ndcg: dict[Condition, dict[str, NDArray[np.float64]]] = {}
    for name, of_set in measurements.items():
        for measured in of_set:
            if measured.protocol != "own loop":
                ndcg.setdefault(measured.condition, {})[name] = measured.values[METRICS[0]]
    gains = (
        _gain((protocol, number, ranker), other, values, ndcg[protocol, number, other])
        for (protocol, number, ranker), values in ndcg.items()
        for other in _GAINS_AGAINST
        if other != ranker and (protocol, number, other) in ndcg
    )
    return tuple(gain for gain in gains if gain is not None)


def _gain(
    condition: Condition,
    against: str,
    values: Mapping[str, NDArray[np.float64]],
    baseline: Mapping[str, NDArray[np.float64]],
) -> Gain | None:
    """Return a ranker's gain; None if the baseline's mean is zero."""
    counting = {name: of_set for name, of_set in values.items() if len(of_set) >= MIN_QUERIES} or values
    mean = relative_gain(counting, {name: baseline[name] for name in counting})
    losing = float(np.mean([(values < baseline[name] - _LOSS).mean() for name, values in counting.items()]))
    return None if mean is None else Gain(*condition, against, len(counting), mean.mean, mean.low, mean.high, losing)
