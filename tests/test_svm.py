import numpy as np
import pytest
from sklearn.svm import LinearSVC

from data.encoder import unit_rows
from retrieval.index import DenseIndex
from retrieval.svm import NEGATIVE_WEIGHT, fit_exemplar_svm


@pytest.fixture
def vectors() -> np.ndarray:
    return unit_rows(np.random.default_rng(0).normal(size=(300, 16)))


def reference(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, C: float = 0.1) -> np.ndarray:
    svm = LinearSVC(class_weight="balanced", max_iter=100_000, tol=1e-9, C=C, dual=False)
    svm.fit(X.astype(float), y, sample_weight=weights)
    return np.append(svm.coef_[0], svm.intercept_)


def test_query_against_everything_is_the_notebooks_classifier(vectors: np.ndarray) -> None:
    query, corpus = vectors[:1], vectors[1:]
    svm = fit_exemplar_svm(DenseIndex(corpus), query)
    expected = reference(vectors, np.arange(300) == 0)
    np.testing.assert_allclose(np.append(svm.w, svm.b), expected, atol=1e-4)


def test_positives_are_not_background_as_well(vectors: np.ndarray) -> None:
    svm = fit_exemplar_svm(DenseIndex(vectors), vectors[:3], exclude=[0, 1, 2], C=1.0)
    expected = reference(vectors, np.arange(300) < 3, C=1.0)
    np.testing.assert_allclose(np.append(svm.w, svm.b), expected, atol=1e-4)


def test_marked_negatives_weigh_more_than_background(vectors: np.ndarray) -> None:
    svm = fit_exemplar_svm(DenseIndex(vectors[1:]), vectors[:1], negatives=[7, 4])
    weights = np.ones(300)
    weights[[8, 5]] = NEGATIVE_WEIGHT
    expected = reference(vectors, np.arange(300) == 0, weights)
    np.testing.assert_allclose(np.append(svm.w, svm.b), expected, atol=1e-4)


def test_marking_a_row_as_not_wanted_lowers_its_score(vectors: np.ndarray) -> None:
    index = DenseIndex(vectors)
    before = fit_exemplar_svm(index, vectors[:1], exclude=[0])
    after = fit_exemplar_svm(index, vectors[:1], negatives=[9], exclude=[0])
    assert vectors[9] @ after.w + after.b < vectors[9] @ before.w + before.b - 0.01


def test_same_inputs_give_the_same_classifier(vectors: np.ndarray) -> None:
    first, second = (fit_exemplar_svm(DenseIndex(vectors), vectors[:2], [5], exclude=[0, 1]) for _ in range(2))
    assert first.w.tolist() == second.w.tolist()
    assert first.b == second.b


def test_without_any_background_it_is_the_mean_of_the_positives() -> None:
    vectors = np.eye(2, dtype=np.float32)
    svm = fit_exemplar_svm(DenseIndex(vectors), vectors, exclude=[0, 1])
    assert svm.w.tolist() == [0.5, 0.5]
    assert svm.b == 0
