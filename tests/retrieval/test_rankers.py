import numpy as np
import pytest

from exemplar.data.encoders.base import unit_rows
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.rankers import Examples, centroid, default_c, effective_negatives, scorer
from exemplar.retrieval.svm.fit import NEGATIVE_WEIGHT, fit_exemplar_svm
from exemplar.retrieval.svm.objective import LossWeights

ROWS = unit_rows(np.random.default_rng(0).normal(size=(200, 8)))


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


def test_anchored_is_held_to_query_and_positives_and_follows_more_examples_more_closely() -> None:
    fade = 1 / 1.2
    point = fade * ROWS[0] + 0.75 * ROWS[6].astype(float)
    point /= np.linalg.norm(point)
    example = (fade * point @ ROWS[0] + 0.75 * point @ ROWS[6]) / (fade + 0.75)
    typical = np.delete(ROWS[1:], [5, 8], axis=0).mean(axis=0, dtype=float)
    scale = 2 / (example - point @ typical)
    T = 1.5 * 3**0.75
    expected = fit_exemplar_svm(
        DenseIndex(ROWS[1:]),
        ROWS[[0, 6]],
        [8],
        loss=LossWeights(T * np.array([fade, 1]) / (fade + 1), 2 * 6 * T / 1.1 / 197, 6 * T / 1.1),
        anchor=fade * np.append(scale * point, 1 - scale * example),
        exclude=[5, 8],
    )
    for ranker in ("anchored", "anchored-vectors"):
        found = scorer(ranker, examples([5], [8]))
        np.testing.assert_allclose(found.w, expected.w, rtol=1e-4)
        assert found.b == pytest.approx(expected.b, rel=1e-4)
        assert found.words is None


def test_a_c_that_is_given_is_taken() -> None:
    one, other = (scorer("anchored", examples([5], [8]), C=C).w for C in (0.003 * 3**0.75, 3))
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
