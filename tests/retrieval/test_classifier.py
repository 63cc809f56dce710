"""ExemplarClassifier is LinearSVC's optimum, and an estimator of scikit-learn in every other way."""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from exemplar.data.encoders.base import unit_rows
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.classifier import ExemplarClassifier
from exemplar.retrieval.svm.direct import minimise_directly

RNG = np.random.default_rng(0)


def table(n: int, dim: int, n_second: int, *, unit: bool = True) -> tuple[np.ndarray, np.ndarray]:
    X, y = RNG.normal(size=(n, dim)), np.zeros(n, int)
    y[RNG.permutation(n)[:n_second]] = 1
    X[y == 1, :3] += 1
    return (unit_rows(X) if unit else X), y


def weights(classifier: Any) -> np.ndarray:
    return np.append(classifier.coef_[0], classifier.intercept_)


def separable_table() -> tuple[np.ndarray, np.ndarray]:
    X, y = unit_rows(np.random.default_rng(0).normal(size=(500, 20))), np.arange(500) < 20
    X[:20, 0] += 1
    return X, y


def objective(X: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """P for C = 1 and balanced classes."""
    hinges = np.maximum(0, 1 - np.where(y, 1, -1) * (X.astype(np.float64) @ w[:-1] + w[-1]))
    return float(w @ w / 2 + hinges**2 @ np.where(y, len(y) / (2 * y.sum()), len(y) / (2 * (~y).sum())))


def of_linear_svc(X: np.ndarray, y: np.ndarray, C: float, class_weight: Any) -> np.ndarray:
    svc = LinearSVC(C=C, class_weight=class_weight, tol=1e-9, max_iter=100_000, dual=X.shape[1] > len(X))
    return weights(svc.fit(X, y))


@pytest.mark.parametrize("until", ["exact", "settled"])
def test_it_is_an_estimator_of_scikit_learn(until: str) -> None:
    checks = check_estimator(ExemplarClassifier(until=until), on_skip=None)
    assert len(checks) > 50
    assert {check["check_name"] for check in checks if check["status"] != "passed"} <= {"check_array_api_input"}


@pytest.mark.parametrize("class_weight", ["balanced", None, {0: 0.5, 1: 3.0}])
@pytest.mark.parametrize(
    ("n", "dim", "n_second", "scale", "offset", "dtype"),
    [
        (6000, 16, 1, 1.0, 0.0, "float32"),  # as the notebook has it, more rows than one sample
        (600, 16, 290, 1.0, 0.0, "float32"),
        (600, 16, 590, 1.0, 0.0, "float32"),  # the first class is the rarer one
        (600, 16, 20, 1.0, 0.0, "float64"),
        (40, 90, 10, 1.0, 0.0, "float64"),  # fewer rows than columns
        (600, 8, 60, 30.0, 5.0, "float32"),
        (600, 8, 200, 0.01, 100.0, "float64"),  # single precision does not hold these
    ],
)
def test_weights_are_those_of_linear_svc_whatever_the_rows(
    n: int, dim: int, n_second: int, scale: float, offset: float, dtype: str, class_weight: Any
) -> None:
    X, y = table(n, dim, n_second)
    X = (X.astype(float) * scale + offset).astype(dtype)
    expected = of_linear_svc(X, y, 0.5, class_weight)
    found = weights(ExemplarClassifier(0.5, class_weight=class_weight).fit(X, y))
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_the_default_is_linear_svcs_own_c_with_balanced_classes() -> None:
    X, y = table(400, 8, 12)
    classifier = ExemplarClassifier().fit(X, y)
    expected = LinearSVC(class_weight="balanced", dual=False, tol=1e-9).fit(X, y)
    np.testing.assert_allclose(classifier.decision_function(X), expected.decision_function(X), atol=1e-4)
    assert classifier.predict(X).tolist() == expected.predict(X).tolist()


def test_settled_keeps_the_first_rows_of_the_exact_ranking() -> None:
    X, y = table(6000, 24, 3)
    exact, settled = (
        ExemplarClassifier(100 / len(X), until=until).fit(X, y).decision_function(X) for until in ("exact", "settled")
    )
    assert np.argsort(-settled)[:13].tolist() == np.argsort(-exact)[:13].tolist()


def test_rows_of_float32_are_not_copied_nor_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = table(500, 8, 5)
    X.flags.writeable = False
    seen = []
    from exemplar.retrieval import classifier as module

    class Watched(module.DenseIndex):
        def __init__(self, vectors: np.ndarray) -> None:
            seen.append(np.shares_memory(vectors, X))
            super().__init__(vectors)

    monkeypatch.setattr(module, "DenseIndex", Watched)
    ExemplarClassifier().fit(X, y)
    assert seen == [True]


def test_the_order_of_the_rows_does_not_matter() -> None:
    X, y = table(3000, 16, 30)
    order = RNG.permutation(len(X))
    first, second = (weights(ExemplarClassifier().fit(X[rows], y[rows])) for rows in (slice(None), order))
    np.testing.assert_allclose(first, second, atol=1e-4 * np.abs(first).max())


def test_it_works_in_pipelines_and_with_any_two_classes() -> None:
    X, y = table(300, 6, 60, unit=False)
    names = np.array(["no", "yes"], object)[y]
    pipeline = make_pipeline(StandardScaler(), ExemplarClassifier())
    assert cross_val_score(pipeline, X, names, cv=3).mean() > 0.7
    assert set(pipeline.fit(X, names).predict(X)) == {"no", "yes"}
    assert ExemplarClassifier().fit(X, y.astype(bool)).predict(X[:1]).dtype == bool


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", [1e6, 1e10, 1e18, 1e30, 3e38])
@pytest.mark.parametrize("row", [5, 400])
def test_one_huge_number_leaves_the_optimum(row: int, cell: float, dtype: str) -> None:
    X, y = separable_table()
    expected = objective(X, y, weights(ExemplarClassifier().fit(X, y)))
    X[row, 3] = cell  # a weight of this column that is all but zero leaves the objective as it was
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        w = weights(ExemplarClassifier().fit(X.astype(dtype), y))
    assert objective(X.astype(dtype), y, w) == pytest.approx(expected, rel=1e-3)


def test_long_rows_of_classes_that_can_be_parted_are_trained_to_the_end() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 100))
    y = X[:, 0] + 0.3 * rng.normal(size=200) > 0.8
    objectives = [objective(X * n, y, weights(ExemplarClassifier().fit(X * n, y))) * n**2 for n in (1e3, 1e5, 1e7)]
    assert objectives == pytest.approx([15.9179] * 3, rel=1e-3)


def test_numbers_are_refused_whose_rounding_hides_the_optimum() -> None:
    X, y = table(500, 5, 50, unit=False)
    for scale in (1e12, 1e100, 1e200):
        with pytest.raises(ValueError, match=r"the numbers of X, up to .*, are too large to train exactly: scale them"):
            ExemplarClassifier().fit(X * scale, y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused_before_it_costs_time(value: float, dtype: str) -> None:
    X, y = table(5000, 16, 5)
    X = X.astype(dtype)
    for row in (int(np.flatnonzero(y == 0)[4000]), int(np.flatnonzero(y)[0])):
        broken = X.copy()
        broken[row, 3] = value
        with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
            ExemplarClassifier().fit(broken, y)


def test_what_is_not_two_classes_is_refused() -> None:
    X, _ = table(30, 4, 3)
    for y, message in (
        (np.arange(30) % 3, "Only binary classification is supported. The type of the target is multiclass"),
        (np.ones(30), r"y needs rows of two classes, got 1 class: 1\.0"),
        (np.linspace(0, 1, 30), "Unknown label type"),
        (np.where(np.arange(30) % 2, 1.0, np.nan), "Input y contains NaN"),
        (np.zeros(29), "inconsistent numbers of samples"),
    ):
        with pytest.raises(ValueError, match=message):
            ExemplarClassifier().fit(X, y)


def test_parameters_are_checked_by_fit() -> None:
    X, y = table(30, 4, 3)
    with pytest.raises(ExemplarError, match="C must be a positive number"):
        ExemplarClassifier(0).fit(X, y)
    with pytest.raises(ValueError, match="until must be settled or exact, got 'soon'"):
        ExemplarClassifier(until="soon").fit(X, y)
    with pytest.raises(ValueError, match="class_weight must be balanced"):
        ExemplarClassifier(class_weight="fair").fit(X, y)
    for weight in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="class_weight must have finite weights that are not negative"):
            ExemplarClassifier(class_weight={1: weight}).fit(X, y)


def test_the_direct_method_finds_the_same_optimum() -> None:
    X, y = table(400, 12, 40)
    found = minimise_directly(X, 2.0 * y - 1, np.full(400, 0.5), np.zeros(13))
    expected = of_linear_svc(X, y, 0.5, None)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert minimise_directly(X, 2.0 * y - 1, np.full(400, 0.5), found) is found
