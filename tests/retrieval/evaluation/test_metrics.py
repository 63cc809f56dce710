import tracemalloc

import ir_measures
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.retrieval.evaluation.metrics import (
    DEPTH,
    METRICS,
    Estimate,
    estimate,
    measures,
    ndcg_at_k,
    p_value,
    relative_gain,
)


def of(grades: list[int], relevant: list[int]) -> dict[str, float]:
    return measures(np.array(grades), np.array(relevant))


def test_measures_by_hand() -> None:
    assert of([1, 0, 1, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1]) == pytest.approx(
        {
            "nDCG@10": (1 + 1 / 2) / (1 + 1 / np.log2(3) + 1 / 2),
            "P@10": 0.2,
            "recall@100": 2 / 3,
            "MAP": (1 / 1 + 2 / 3) / 3,
        }
    )
    assert of([1, 1], [1, 1]) == pytest.approx({"nDCG@10": 1, "P@10": 0.2, "recall@100": 1, "MAP": 1})
    assert of([0] * 20, [1]) == {"nDCG@10": 0, "P@10": 0, "recall@100": 0, "MAP": 0}
    assert of([], [2]) == {"nDCG@10": 0, "P@10": 0, "recall@100": 0, "MAP": 0}


def test_a_ranking_is_judged_to_its_thousandth_document() -> None:
    assert of([0] * (DEPTH - 1) + [1, 1], [1, 1])["MAP"] == pytest.approx(1 / 1000 / 2)


def test_higher_grades_belong_further_up() -> None:
    assert ndcg_at_k(np.array([2, 1]), np.array([1, 2]), 10) == 1
    assert ndcg_at_k(np.array([1, 2]), np.array([1, 2]), 10) == pytest.approx(
        (1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3))
    )
    assert ndcg_at_k(np.array([0, 2]), np.array([1, 2]), 1) == 0


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(grades=st.lists(st.integers(0, 3), min_size=1, max_size=150), unranked=st.lists(st.integers(1, 3), max_size=5))
def test_measures_are_those_of_an_independent_library(grades: list[int], unranked: list[int]) -> None:
    relevant = [grade for grade in grades if grade] + unranked
    if not relevant:
        return
    qrels = {"q": {f"d{row}": grade for row, grade in enumerate(grades + unranked)}}
    run = {"q": {f"d{row}": -float(row) for row in range(len(grades))}}
    names = dict(zip(METRICS, ("nDCG@10", "P@10", "R@100", "AP"), strict=True))
    wanted = ir_measures.calc_aggregate([ir_measures.parse_measure(name) for name in names.values()], qrels, run)
    found = of(grades, relevant)
    assert {names[name]: value for name, value in found.items()} == pytest.approx(
        {str(measure): value for measure, value in wanted.items()}
    )


def test_an_estimate_is_the_mean_with_an_interval_that_narrows() -> None:
    values = np.random.default_rng(0).random(400)
    few, many = estimate(values[:20]), estimate(values)
    assert many.mean == values.mean()
    assert few.low < few.mean < few.high
    assert many.high - many.low < few.high - few.low
    normal = 1.96 * values.std() / 20
    assert (many.mean - many.low, many.high - many.mean) == pytest.approx((normal, normal), rel=0.1)
    assert (estimate(np.array([0.5])).mean, estimate(np.array([0.5])).low) == (0.5, None)


def test_a_gain_is_over_the_mean_of_sets_with_queries_in_pairs() -> None:
    rng = np.random.default_rng(1)
    baseline = {"a": rng.random(50), "b": rng.random(10)}
    tenth = relative_gain({name: 1.1 * values for name, values in baseline.items()}, baseline)
    assert (tenth.mean, tenth.low, tenth.high) == pytest.approx((0.1, 0.1, 0.1))
    ours = {"a": baseline["a"] + rng.normal(0.1, 0.1, 50), "b": baseline["b"]}
    found = relative_gain(ours, baseline)
    means = [np.mean([values.mean() for values in each.values()]) for each in (ours, baseline)]
    assert found.mean == pytest.approx(means[0] / means[1] - 1)
    assert 0 < found.low < found.mean < found.high


def test_a_gain_over_nothing_is_none_and_one_query_gives_no_interval() -> None:
    some, none = np.array([0.5, 0.5, 0.0]), np.zeros(3)
    assert relative_gain({"a": some}, {"a": none}) is None
    assert relative_gain({"a": some}, {"a": np.array([0.5, 0.0, 0.0])}) == Estimate(
        1.0
    )  # resamples have nothing to compare with
    assert relative_gain({"a": some[:1], "b": some[:1]}, {"a": some[:1], "b": some[:1]}) == Estimate(0.0)


@pytest.mark.slow
def test_more_queries_than_fit_into_memory_many_times_have_an_interval() -> None:
    values = np.random.default_rng(0).random(25_000)
    tracemalloc.start()
    found = estimate(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.low < found.mean < found.high < found.low + 0.01
    assert peak < 100e6


def test_the_test_is_a_paired_t_test() -> None:
    rng = np.random.default_rng(2)
    baseline = rng.random(30)
    better = baseline + rng.normal(0.05, 0.05, 30)
    assert p_value(better, baseline) == pytest.approx(scipy.stats.ttest_rel(better, baseline).pvalue)
    assert p_value(better, baseline) < 0.01 < p_value(baseline + rng.normal(0, 0.5, 30), baseline)
    assert p_value(baseline, baseline) == 1
    assert p_value(better[:4], baseline[:4]) is None
