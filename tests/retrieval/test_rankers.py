import numpy as np
import pytest

from exemplar.data.encoders.base import unit_rows
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.rankers import Examples, centroid, default_c, effective_negatives, scorer
from exemplar.retrieval.svm.fit import NEGATIVE_WEIGHT, fit_exemplar_svm
from exemplar.retrieval.svm.objective import LossWeights

ROWS = unit_rows(np.random.default_rng(0).normal(size=(200, 8)))
NEAREST, *NEAR = np.argsort(-ROWS[1:] @ ROWS[0])[:41].tolist()  # to the query


def examples(positives: list[int], negatives: list[int]) -> Examples:
    index, rows = DenseIndex(ROWS[1:]), [np.array(each, dtype=np.intp) for each in (negatives, positives + negatives)]
    return Examples(index, ROWS[0], index.vectors(positives), *rows)


def test_knn_is_the_query_whatever_is_marked() -> None:
    found = scorer("knn", examples([3], [4]))
    np.testing.assert_array_equal(found.w, ROWS[0])
    assert (found.b, found.svm) == (0, None)


def test_svm_is_the_notebooks() -> None:
    expected = fit_exemplar_svm(DenseIndex(ROWS[1:]), ROWS[[0, 6]], [8], C=0.1, exclude=[5, 8])
    np.testing.assert_allclose(scorer("svm", examples([5], [8])).w, expected.w, rtol=1e-4)


@pytest.mark.parametrize(
    ("positive", "negative", "finds", "separates"),
    [
        *[(5, 8, "not", "not"), (1, 8, "hardly", "hardly"), (3, 8, "well", "well")],
        (1, NEAREST, "hardly", "hardly"),
    ],
)
def test_anchored_is_held_to_query_and_positives_as_far_as_the_query_finds_them(
    positive: int, negative: int, finds: str, separates: str
) -> None:
    def scaled(point: np.ndarray) -> np.ndarray:
        """Return weights and intercept that give the point 1, and the corpus -1."""
        scale = 2 / (point @ point - point @ typical)
        return np.append(scale * point, 1 - scale * point @ point)

    def level(share: float) -> str:
        return "not" if share == 0 else "hardly" if share < 0.5 else "well"

    query, point = ROWS[0].astype(float), ROWS[1 + positive].astype(float)
    others = np.delete(ROWS[1:], [positive, negative], axis=0)
    typical = others.mean(axis=0, dtype=float)
    found, other = (scaled(query) @ np.append(ROWS[1 + row], 1) for row in (positive, negative))
    above = (others @ query > point @ query).mean()
    in_vain = 1 / (10 * 2)  # of a positive
    stands = (in_vain + 1 / (1 + above / 0.02)) / (in_vain + 1)
    trust = stands * np.clip(found + 1, 0, 1)
    separated = stands * np.clip(found / (in_vain + 1) - (other - 7) / 8, 0, 1)
    assert (level(trust), level(separated)) == (finds, separates)
    of_query = separated / (1 + 3.3 / 20) / (1 + 0.1**4)
    mark, first = 0.0025 * 2**0.5, 0.5 * (1 + 4 * trust) * 3**0.75 / (1 + 0.05**2)
    background = 4 * trust * first / 1.1
    each = 30 * mark + first / (1 + of_query)
    expected = fit_exemplar_svm(
        DenseIndex(ROWS[1:]),
        ROWS[[0, 1 + positive]],
        [negative],
        loss=LossWeights(np.array([of_query * each, each]), max(mark, 2 * background / 197) + 0.03 * first, background),
        anchor=(of_query * scaled(query) + 0.5 * scaled(point)) / (of_query + 0.5) / 1.2,
        exclude=[positive, negative],
    )
    for ranker in ("anchored", "anchored-vectors"):
        ranked = scorer(ranker, examples([positive], [negative]))
        np.testing.assert_allclose(ranked.w, expected.w, rtol=1e-4, atol=1e-5)
        assert ranked.b == pytest.approx(expected.b, rel=1e-4)
        assert ranked.words is None


def test_from_a_hundred_marks_on_the_marks_alone_decide_without_a_scan() -> None:
    negatives = [row for row in range(150) if row not in NEAR][:60]
    assert scorer("anchored", examples(NEAR, negatives[1:])).svm.scans > 0
    svm = scorer("anchored", examples(NEAR, negatives)).svm
    assert (svm.scans, svm.stopped) == (0, "exact")


def test_a_c_that_is_given_is_taken() -> None:
    one, other = (scorer("anchored", examples([5], [8]), C=C).w for C in (0.003 * 3**0.75, 9))
    np.testing.assert_allclose(one, scorer("anchored", examples([5], [8])).w)
    assert np.linalg.norm(one - other) > 0.1
    with pytest.raises(ValueError, match="C must be a positive number up to 1,000,000, got 0"):
        scorer("anchored", examples([], []), C=0)


def test_c_grows_with_the_marks() -> None:
    assert [default_c("anchored", n) for n in (0, 15)] == pytest.approx([0.003, 0.024])
    assert [default_c("svm", n) for n in (0, 2, 6)] == [0.1, 0.1, 0.1]


def test_a_corpus_without_words_is_ranked_by_vectors_or_refused() -> None:
    np.testing.assert_array_equal(scorer("hybrid", examples([5], [8])).w, ROWS[0])
    with pytest.raises(ExemplarError, match="the corpus has no words index"):
        scorer("words", examples([], []))


def test_until_something_is_relevant_all_negatives_count_for_one() -> None:
    assert [effective_negatives(0, n) for n in (0, 1, 10)] == [0, 1, 1]
    assert [effective_negatives(1, n) for n in (0, 1, 10)] == [0, 1, 10]
    expected = fit_exemplar_svm(
        DenseIndex(ROWS[1:]), ROWS[:1], [3, 4, 5, 6], exclude=[3, 4, 5, 6], negative_weight=NEGATIVE_WEIGHT / 4
    )
    np.testing.assert_allclose(scorer("svm", examples([], [3, 4, 5, 6])).w, expected.w, rtol=1e-4)


def test_the_centroid_of_vectors_is_as_long_as_they_are() -> None:
    np.testing.assert_allclose(centroid(np.array([[1, 0], [0, 1]], np.float32)), np.sqrt([0.5, 0.5]))
    np.testing.assert_allclose(centroid(np.array([[2, 0], [0, 2]], np.float32)), np.sqrt([2, 2]))
    np.testing.assert_array_equal(centroid(np.array([[1, 0], [-1, 0]], np.float32)), [0, 0])
