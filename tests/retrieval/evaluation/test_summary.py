from dataclasses import replace

import numpy as np
import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.evaluation.judgements import JudgedQuery, Judgements
from exemplar.retrieval.evaluation.metrics import estimate, p_value, relative_gain
from exemplar.retrieval.evaluation.protocols import RELEVANT_FOUND, Measurement
from exemplar.retrieval.evaluation.result import Gain, MetricEstimate, RankerResult, SetResult
from exemplar.retrieval.evaluation.summary import gains_over_sets, set_result

QUERIES = Judgements("qrels of the split test", [JudgedQuery("q", "cat", {"0": 1})] * 3, n_missing=4)
RNG = np.random.default_rng(0)
VALUES = {ranker: RNG.random(30) for ranker in ("knn", "rocchio", "svm")}


def test_a_set_holds_means_with_intervals_and_p_against_knn_and_rocchio(animals: Corpus) -> None:
    measurements = [Measurement("first query", 0, ranker, {"MAP": values}) for ranker, values in VALUES.items()]

    def result(ranker: str, *others: str) -> RankerResult:
        values = VALUES[ranker]
        mean = estimate(values)
        p_values = {other: p_value(values, VALUES[other]) for other in others}
        return RankerResult(
            "first query", 0, ranker, 30, {"MAP": MetricEstimate(mean.mean, mean.low, mean.high, p_values)}
        )

    results = (result("knn", "rocchio"), result("rocchio", "knn"), result("svm", "knn", "rocchio"))
    assert set_result(animals.manifest, QUERIES, measurements) == SetResult(
        *("animals", "fake", "float32", 10, 10, "qrels of the split test", 3, 4), results
    )


def test_one_query_gives_neither_an_interval_nor_p(animals: Corpus) -> None:
    one = [Measurement("first query", 0, ranker, {"MAP": np.array([0.5])}) for ranker in ("knn", "svm")]
    [_, svm] = set_result(animals.manifest, QUERIES, one).results
    assert svm.metrics == {"MAP": MetricEstimate(0.5, None, None, {"knn": None})}


def test_p_is_against_the_same_round(animals: Corpus) -> None:
    measurements = [
        Measurement("own loop", number, ranker, {RELEVANT_FOUND: VALUES[ranker] * number})
        for number in (1, 2)
        for ranker in ("knn", "svm")
    ]
    second = set_result(animals.manifest, QUERIES, measurements).results[3]
    p = p_value(2 * VALUES["svm"], 2 * VALUES["knn"])
    assert (second.round, second.ranker, second.metrics[RELEVANT_FOUND].p_values) == (2, "svm", {"knn": p})


def first_query(n: int, **means: float) -> list[Measurement]:
    return [Measurement("first query", 0, ranker, {"nDCG@10": np.full(n, mean)}) for ranker, mean in means.items()]


def test_gains_are_over_all_sets() -> None:
    a, b = ({ranker: values[place] for ranker, values in VALUES.items()} for place in (slice(15), slice(15, 30)))
    measurements = {
        name: [Measurement("shared marks", 1, ranker, {"nDCG@10": values}) for ranker, values in of_set.items()]
        for name, of_set in (("a", a), ("b", b))
    }
    expected = []
    for ranker, against in [("knn", "rocchio"), ("rocchio", "knn"), ("svm", "knn"), ("svm", "rocchio")]:
        over = relative_gain({"a": a[ranker], "b": b[ranker]}, {"a": a[against], "b": b[against]})
        assert over is not None
        losing = np.mean([(of[ranker] < of[against] - 0.05).mean() for of in (a, b)])
        expected.append(Gain("shared marks", 1, ranker, against, 2, over.mean, over.low, over.high, losing))
    assert gains_over_sets(measurements) == tuple(expected)


def test_small_sets_do_not_count_in_gains_where_there_are_larger_ones() -> None:
    large, small = first_query(20, knn=0.5, svm=0.6), first_query(3, knn=0.5, svm=0.1)
    [up] = gains_over_sets({"large": large, "small": small})
    assert (up.gain, up.n_sets) == (pytest.approx(0.2), 1)
    [down] = gains_over_sets({"small": small})
    assert (down.gain, down.n_sets) == (pytest.approx(-0.8), 1)


def test_there_is_no_gain_over_nothing_and_none_in_the_own_loop() -> None:
    assert gains_over_sets({"a": first_query(20, knn=0.0, svm=0.6)}) == ()
    own_loop = [replace(each, protocol="own loop") for each in first_query(20, knn=0.5, svm=0.6)]
    assert gains_over_sets({"a": own_loop}) == ()
