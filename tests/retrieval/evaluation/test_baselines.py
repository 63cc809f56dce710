import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from exemplar.data.encoders.base import unit_rows
from exemplar.retrieval.evaluation.baselines import (
    centred_knn,
    logistic_regression,
    mean_of_positives,
    reciprocal_rank_fusion,
    rocchio,
)
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.rankers import Examples

ROWS = unit_rows([[1, 0], [0, 1], [1, 1], [-1, 1], [-1, 0]])


def examples(positives: list[int], negatives: list[int]) -> Examples:
    index, rows = DenseIndex(ROWS), [np.array(each, dtype=np.intp) for each in (negatives, positives + negatives)]
    return Examples(index, unit_rows([[0.8, 0.6]])[0], index.vectors(positives), *rows)


def test_centred_knn_takes_the_mean_off_the_query() -> None:
    np.testing.assert_allclose(centred_knn(examples([1], [3]), np.array([0.3, 0.1])).w, [0.5, 0.5], atol=1e-7)


def test_the_mean_is_of_query_and_positives() -> None:
    np.testing.assert_allclose(mean_of_positives(examples([0, 1], [3])).w, [1.8 / 3, 1.6 / 3], atol=1e-7)
    np.testing.assert_allclose(mean_of_positives(examples([], [3])).w, [0.8, 0.6], atol=1e-7)


def test_rocchios_formula() -> None:
    half = np.sqrt(0.5)
    point = [0.8 + 0.75 * 0.5 + 0.15 * (half + 1) / 2, 0.6 + 0.75 * 0.5 - 0.15 * half / 2]
    np.testing.assert_allclose(rocchio(examples([0, 1], [3, 4])).w, point, atol=1e-6)
    np.testing.assert_allclose(rocchio(examples([], [])).w, [0.8, 0.6], atol=1e-7)


def test_logistic_regression_is_scikit_learns_on_query_and_marks() -> None:
    clf = LogisticRegression(class_weight="balanced")
    clf.fit(np.vstack([[0.8, 0.6], ROWS[[2, 3, 4]]]).astype(float), [1, 1, 0, 0])
    found = logistic_regression(examples([2], [3, 4]))
    np.testing.assert_allclose(found.w, clf.coef_[0], atol=1e-6)
    assert found.b == pytest.approx(clf.intercept_[0], abs=1e-6)
    np.testing.assert_array_equal(logistic_regression(examples([2], [])).w, mean_of_positives(examples([2], [])).w)


def test_reciprocal_rank_fusion_sums_the_ranks() -> None:
    fused = reciprocal_rank_fusion([np.array([7, 3, 5]), np.array([5, 9])], 3)
    assert fused.tolist() == [5, 7, 3], "5 is third and first; of 3 and 9, both second once, the lower row is first"
    assert reciprocal_rank_fusion([np.array([2, 1]), np.array([], dtype=np.intp)], 5).tolist() == [2, 1]
