"""Summaries of measurements: means with intervals, p-values, and gains over all sets."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.manifest import Manifest
from exemplar.retrieval.evaluation.judgements import Judgements
from exemplar.retrieval.evaluation.metrics import METRICS, estimate, p_value, relative_gain
from exemplar.retrieval.evaluation.protocols import Condition, Measurement
from exemplar.retrieval.evaluation.reading import READING_METRICS, Reading
from exemplar.retrieval.evaluation.result import (
    MIN_QUERIES,
    EndResult,
    Gain,
    MetricEstimate,
    RankerResult,
    SetResult,
)
from exemplar.retrieval.evaluation.to_the_end import EndMeasurement

_TESTED_AGAINST = ("knn", "rocchio")
_GAINS_AGAINST = ("knn", "rocchio", "rocchio-words", "mean")
_LOSS = 0.05  # of nDCG@10, that a person would notice


def set_result(
    manifest: Manifest,
    judgements: Judgements,
    measurements: Sequence[Measurement],
    read: Sequence[EndMeasurement] = (),
) -> SetResult:
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
        to_the_end=end_results(read),
    )


def end_results(read: Sequence[EndMeasurement]) -> tuple[EndResult, ...]:
    """Return the results of readings to the end.

    Intervals and p-values are over the queries, each a mean over its seeds; over the seeds if there is one query.
    """
    values = {(measured.start, measured.ranker): _values_of(measured) for measured in read}
    return tuple(
        EndResult(
            measured.start,
            measured.page,
            measured.ranker,
            n_queries=len(measured.readings),
            n_seeds=max(map(len, measured.readings)),
            metrics=_estimates(
                values[measured.start, measured.ranker],
                {
                    other: values[measured.start, other]
                    for other in _TESTED_AGAINST
                    if other != measured.ranker and (measured.start, other) in values
                },
            ),
            curve=tuple(_means(measured, Reading.curve).mean(axis=0).tolist()),
        )
        for measured in read
    )


def _values_of(measured: EndMeasurement) -> dict[str, NDArray[np.float64]]:
    """Return the metrics of a ranker's readings: a value for every query, or for every seed of the only query."""
    values = _means(measured, lambda reading: np.array(list(reading.measures().values())))
    return dict(zip(READING_METRICS, values.T, strict=True))


def _means(measured: EndMeasurement, figures: Callable[[Reading], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return figures of readings, ``(n, n_figures)``: means over the seeds of every query, or those of every seed."""
    of_queries = [np.array([figures(reading) for reading in readings]) for readings in measured.readings]
    return of_queries[0] if len(of_queries) == 1 else np.array([of_seeds.mean(axis=0) for of_seeds in of_queries])


def _ranker_result(
    measured: Measurement, values: Mapping[Condition, Mapping[str, NDArray[np.float64]]]
) -> RankerResult:
    protocol, number, ranker = measured.condition
    others = {
        other: values[protocol, number, other]
        for other in _TESTED_AGAINST
        if other != ranker and (protocol, number, other) in values
    }
    return RankerResult(protocol, number, ranker, measured.n_queries, _estimates(measured.values, others))


def _estimates(
    values: Mapping[str, NDArray[np.float64]], others: Mapping[str, Mapping[str, NDArray[np.float64]]]
) -> dict[str, MetricEstimate]:
    """Return the means of metrics, with p-values against other rankers."""
    metrics = {}
    for metric, of_queries in values.items():
        mean = estimate(of_queries)
        p_values = {other: p_value(of_queries, baseline[metric]) for other, baseline in others.items()}
        metrics[metric] = MetricEstimate(mean.mean, mean.low, mean.high, p_values)
    return metrics


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
