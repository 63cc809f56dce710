"""Measurements summed up: means with intervals, p-values, and how far rankers are apart over all sets."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.manifest import Manifest
from exemplar.retrieval.evaluation.judgements import Judgements
from exemplar.retrieval.evaluation.metrics import METRICS, estimate, gain, p_value
from exemplar.retrieval.evaluation.protocols import Condition, Measurement
from exemplar.retrieval.evaluation.result import MIN_QUERIES, Gain, MetricEstimate, RankerResult, SetResult

_TESTED_AGAINST = ("knn", "rocchio")
_GAINS_AGAINST = ("knn", "rocchio", "mean")


def set_result(manifest: Manifest, judgements: Judgements, measurements: Sequence[Measurement]) -> SetResult:
    """Return what was measured on a corpus: means over its queries, their intervals, p against kNN and Rocchio."""
    values = {each.condition: each.values for each in measurements}
    return SetResult(
        name=manifest.name,
        model=manifest.encoder.model,
        precision=manifest.encoder.precision,
        n_documents=manifest.n_documents,
        n_passages=manifest.n_passages,
        judgements=judgements.kind,
        n_judged_queries=len(judgements.queries),
        n_missing=judgements.n_missing,
        results=tuple(_ranker_result(each, values) for each in measurements),
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
    """Return how far every ranker's mean nDCG@10 over the sets is above a baseline's, with 95% intervals.

    Where there are sets of 20 queries and more only these count: of fewer, a mean says little.

    Parameters
    ----------
    measurements
        Of the sets, by name.
    """
    ndcg: dict[Condition, dict[str, NDArray[np.float64]]] = {}
    for name, of_set in measurements.items():
        for each in of_set:
            if each.protocol != "own loop":
                ndcg.setdefault(each.condition, {})[name] = each.values[METRICS[0]]
    gains = (
        _gain((protocol, number, ranker), other, values, ndcg[protocol, number, other])
        for (protocol, number, ranker), values in ndcg.items()
        for other in _GAINS_AGAINST
        if other != ranker and (protocol, number, other) in ndcg
    )
    return tuple(each for each in gains if each is not None)


def _gain(
    condition: Condition,
    against: str,
    values: Mapping[str, NDArray[np.float64]],
    baseline: Mapping[str, NDArray[np.float64]],
) -> Gain | None:
    """Return a ranker's gain; None where the baseline's mean is zero."""
    counting = {name: of_set for name, of_set in values.items() if len(of_set) >= MIN_QUERIES} or values
    found = gain(counting, {name: baseline[name] for name in counting})
    return None if found is None else Gain(*condition, against, len(counting), found.mean, found.low, found.high)
