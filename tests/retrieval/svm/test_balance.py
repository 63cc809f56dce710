import numpy as np
import pytest

from exemplar.retrieval.svm.balance import Balance, balance, equally_scaled, judge_query

N_ROWS = 10_000


def weighed(n_positives: int, n_negatives: int = 0, information: float = 20.0, **options: float) -> Balance:
    return balance(n_positives, n_negatives, information, **{"n_rows": N_ROWS, **options})


def of_query(n_positives: int, n_negatives: int = 0, information: float = 20.0, separates: float = 1.0) -> float:
    """Return the query's share of the anchor."""
    found = weighed(n_positives, n_negatives, information, separates=separates)
    return found.of_query / (found.of_query + found.of_positives)


def falls(values: list[float]) -> bool:
    return bool((np.diff(values) < 0).all())


def test_before_a_mark_the_query_is_anchor_and_only_example() -> None:
    found = weighed(0)
    assert (found.of_query, found.of_positives) == (1, 0)
    assert found.loss.positives == pytest.approx([30 * 0.0025 + 2.5])
    assert (found.loss.negatives, found.loss.background) == pytest.approx((0.03 * 2.5, 10.0))


def test_all_weights_are_those_of_the_rule() -> None:
    query = 0.8 / (1 + 3 * 3.3 / 6) / (1 + (10 / 20) ** 4)
    trust = 0.6 * 6 / 8
    mark, first = 0.0025 * 2, 0.5 * (1 + 4 * trust) * 11**0.75 / (1 + (10 / 40) ** 2)
    found = weighed(3, 7, 6.0, finds=0.6, separates=0.8)
    assert found.of_query == pytest.approx(query / (query + 0.5) / (1 + 3 / 5))
    assert found.of_positives == pytest.approx(0.5 / (query + 0.5) / (1 + 3 / 5))
    each = 30 * mark + first / (3 + query)
    assert found.loss.positives == pytest.approx([query * each, each, each, each])
    assert found.loss.negatives == pytest.approx(7 * mark + 0.03 * first)
    assert found.loss.background == pytest.approx(4 * trust * first / (1 + 10 / 20))


def test_the_query_fades_with_positives_the_sooner_the_less_it_says() -> None:
    assert falls([of_query(n) for n in range(40)])
    assert falls([of_query(2, information=information) for information in (20, 8, 4, 1, 0.5)])
    assert of_query(2, information=0) == of_query(2, information=0.5)
    assert of_query(2, information=1000) == of_query(2, information=20)
    for information, n_positives in ((3.3, 1), (19.8, 6)):  # here it counts half
        half = 0.5 / (1 + (n_positives / 20) ** 4)
        assert of_query(n_positives, 0, information) == pytest.approx(half / (half + 0.5))


def test_the_query_fades_with_marks_whatever_it_says() -> None:
    assert falls([of_query(4, n) for n in range(22)])
    half = 0.5 / (1 + 4 * 3.3 / 20)  # of what it counts without marks
    assert of_query(4, 16) == pytest.approx(half / (half + 0.5))
    assert of_query(60, 600) < 1e-3
    assert of_query(1, 9) == of_query(1, 500), "what is read in vain is no reason to leave the query"
    assert of_query(0, 500) == of_query(0, 500, separates=0) == 1, "nothing replaces it before the first positive"


def test_a_query_that_finds_negatives_as_well_does_not_count() -> None:
    assert falls([of_query(3, separates=separates) for separates in (1, 0.5, 0.1, 0)])
    assert of_query(3, separates=0) == 0
    assert weighed(3, separates=0).of_positives == pytest.approx(1 / (1 + 3 / 5))


def test_a_query_finds_what_it_ranks_above_the_corpus() -> None:
    corpus = np.linspace(-1.5, -0.5, 1000)
    assert judge_query(np.array([0.2]), np.empty(0), corpus) == (1, 1)
    assert judge_query(np.array([-1.2, -1.4]), np.array([-1.0]), corpus)[0] == 0, "it scores them below the mean"
    ranks = [judge_query(np.array([score]), np.empty(0), corpus) for score in (-0.5, -0.51, -0.55, -0.7)]
    for found in zip(*ranks, strict=True):
        assert falls(list(found))
    above = (corpus > -0.51).mean()
    assert ranks[1] == pytest.approx([0.49 / (1 + above / 0.02)] * 2)


def test_a_query_that_scores_negatives_as_high_tells_nothing_apart() -> None:
    corpus, positives = np.full(1000, -1.0), np.array([0.1, 0.3])
    told = [judge_query(positives, np.full(n, 0.2), corpus)[1] for n in (1, 5, 20, 100)]
    assert falls(told)
    assert told[-1] < 0.05
    assert judge_query(positives, np.full(100, -0.9), corpus)[1] > 0.9


def test_a_query_is_believed_in_again_where_much_is_read_in_vain() -> None:
    """One odd positive was marked, and nothing near it is relevant."""
    corpus, odd = np.linspace(-1.5, -0.5, 1000), np.array([-1.3])
    told = [judge_query(odd, np.full(n, -1.2), corpus)[1] for n in (0, 10, 30, 90)]
    assert told[0] == 0
    assert told[-1] > 0.5
    assert sorted(told) == told
    many = np.full(30, -1.3)
    assert judge_query(many, np.full(90, -1.2), corpus)[1] == 0, "as many positives are no chance"


def test_the_background_counts_as_far_as_the_query_finds_the_positives() -> None:
    assert falls([weighed(3, finds=finds).loss.background for finds in (1, 0.5, 0.1, 0)])
    assert falls([weighed(3, finds=finds).loss.positives[1] for finds in (1, 0.5, 0.1, 0)])
    assert weighed(3, finds=0).loss.background == 0
    assert of_query(3) == pytest.approx(weighed(3, finds=0).of_query * (1 + 3 / 5))


@pytest.mark.parametrize("n_negatives", [0, 3, 400])
def test_the_anchor_counts_half_at_five_positives_and_goes_with_more(n_negatives: int) -> None:
    anchors = [found.of_query + found.of_positives for found in (weighed(n, n_negatives) for n in range(200))]
    assert anchors[0] == 1
    assert anchors[5] == pytest.approx(0.5)
    assert falls(anchors)
    assert anchors[-1] < 0.03


def test_the_background_goes_and_has_no_weight_from_a_hundred_marks_on() -> None:
    backgrounds = [weighed(10, n).loss.background for n in range(10, 90)]
    assert falls(backgrounds)
    assert backgrounds[-1] > 0
    for n_positives, n_negatives in ((0, 100), (100, 0), (10, 90), (500, 5000)):
        assert weighed(n_positives, n_negatives).loss.background == 0


@pytest.mark.parametrize("n_rows", [0, 3, 200, 1_000_000])
@pytest.mark.parametrize("n_positives", [0, 1, 30])
def test_a_negative_weighs_at_least_two_rows_of_the_background(n_positives: int, n_rows: int) -> None:
    for n_negatives in range(1, 130):
        loss = weighed(n_positives, n_negatives, n_rows=n_rows).loss
        assert loss.negatives / n_negatives >= 2 * loss.background / max(1, n_rows)
        most = 3 * (1 + n_positives) / n_negatives  # all negatives weigh a tenth of the positives and the query
        assert loss.negatives / n_negatives >= 0.0025 * np.sqrt(1 + n_positives) * min(1, most)


def test_a_positive_weighs_thirty_negatives_and_all_together_ten_times_these() -> None:
    loss = weighed(200, 600, separates=0).loss
    assert loss.positives[1] == pytest.approx(30 * loss.negatives / 600, rel=0.01)
    loss = weighed(200, 20_000, separates=0).loss
    assert loss.positives.sum() == pytest.approx(10 * loss.negatives, rel=0.01)


@pytest.mark.parametrize("marks", [(0, 0), (0, 4), (3, 7), (50, 500)])
def test_a_factor_multiplies_all_losses_and_leaves_the_anchor(marks: tuple[int, int]) -> None:
    plain, found = weighed(*marks), weighed(*marks, by=2.5)
    assert (found.of_query, found.of_positives) == (plain.of_query, plain.of_positives)
    np.testing.assert_allclose(found.loss.positives, 2.5 * plain.loss.positives)
    assert found.loss.negatives == pytest.approx(2.5 * plain.loss.negatives)
    assert found.loss.background == pytest.approx(2.5 * plain.loss.background)


def test_examples_score_1_and_the_corpus_minus_1() -> None:
    point = np.array([3.0, 4.0])
    w = equally_scaled(point, 25.0, 5.0)
    examples, corpus = np.array([[3, 4], [0, 6.25]]), np.array([[-1, 2], [3, -1]])  # 25 and 5 by the point alone
    assert (examples @ w[:2] + w[2]).tolist() == pytest.approx([1, 1])
    assert (corpus @ w[:2] + w[2]).tolist() == pytest.approx([-1, -1])
    assert equally_scaled(point, 1.0, 1.0).tolist() == [600, 800, -199], "where the corpus scores as they do"
