"""The exemplar SVM as an estimator of scikit-learn, for few rows of one class among many of another."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.svm.direct import minimise_directly
from exemplar.retrieval.svm.fit import ExemplarSVM, Until, check_c, fit_exemplar_svm
from exemplar.retrieval.svm.objective import LossWeights

_CHUNK = 4096  # rows
_SAMPLE = 1024  # rows whose lengths show whether X has about unit rows
_LONGEST = 2.0


class ExemplarClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear SVM of two classes: the optimum of ``LinearSVC(class_weight="balanced")``, many times as fast.

    It minimises ``1/2 |w~|^2 + C sum_i weight_i max(0, 1 - y_i w~.[x_i, 1])^2`` over ``w~ = (w, b)``, which is what
    LinearSVC minimises with its default loss and penalty. It is made for rows of about unit length of which few are in
    one class; other finite rows give the same optimum and take longer, or are refused if they are so long that rounding
    hides it. It copies no float32 rows that lie one after another in memory; rows of another type are copied once, as
    float32.

    Parameters
    ----------
    C
        The weight of the loss, as LinearSVC's. ``C = 100 / n`` gives each class the weight 50 whatever the number of
        rows, which is ``C = 0.1`` of Exemplar's own ranker.
    class_weight
        ``"balanced"``, a weight for each class, or None for equal weights, as for LinearSVC.
    until
        ``exact``: train to the optimum. ``settled``: train until the first rows of the ranking have settled, which
        takes about half as long; only where the rows of ``classes_[1]`` are the fewer, else to the optimum.

    Attributes
    ----------
    classes_
        The two classes, in order; the second has positive scores.
    coef_, intercept_
        ``(1, n_features)`` and ``(1,)``.
    n_features_in_, feature_names_in_
        As for every estimator of scikit-learn.

    Examples
    --------
    >>> from exemplar import ExemplarClassifier
    >>> clf = ExemplarClassifier().fit([[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]], ["yes", "no", "no"])
    >>> clf.predict([[0.9, 0.2]]).tolist()
    ['yes']
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = "balanced",
        until: Until = "exact",
    ) -> None:
        self.C = C
        self.class_weight = class_weight
        self.until = until

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on rows ``(n, n_features)`` and their classes ``(n,)``.

        Raises
        ------
        ValueError
            X is not a table of finite numbers, or they are so large that rounding hides the optimum; y has not two
            classes, or a parameter is not valid.
        """
        check_c(self.C)
        if self.until not in ("settled", "exact"):
            raise ValueError(f"until must be settled or exact, got '{self.until}'")
        # A pass that looks for NaN takes as long as training reads the rows, and training meets NaN anyway.
        rows: NDArray[Any] = validate_data(self, X, dtype=[np.float32, np.float64], order="C", ensure_all_finite=False)
        is_second = self._checked_classes(rows, y) == self.classes_[1]
        w = self._trained(rows, is_second, self.C * self._class_weights(is_second))
        self.coef_, self.intercept_ = w[None, :-1], w[-1:]
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the score ``w.x + b`` of every row, ``(n,)``; ``classes_[1]`` has positive scores."""
        check_is_fitted(self)
        rows: NDArray[Any] = validate_data(self, X, dtype=[np.float32, np.float64], reset=False)
        w, scores = self.coef_[0], np.empty(len(rows))
        for start in range(0, len(rows), _CHUNK):  # a product with all rows would copy them in double precision
            chunk = slice(start, start + _CHUNK)
            scores[chunk] = rows[chunk].astype(np.float64, copy=False) @ w
        scores += self.intercept_[0]
        return scores

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class of every row, ``(n,)``."""
        scores = self.decision_function(X)
        classes: NDArray[Any] = self.classes_[(scores > 0).astype(int)]
        return classes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _checked_classes(self, X: NDArray[Any], y: ArrayLike) -> NDArray[Any]:
        """Return y as an array of two classes, which become ``classes_``."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        classes: NDArray[Any] = column_or_1d(y, warn=True)
        check_consistent_length(X, classes)
        self.classes_ = _classes_of(classes)
        if self.classes_.dtype.kind == "f":
            assert_all_finite(self.classes_, input_name="y")
        check_classification_targets(self.classes_)  # of few values, not of all rows
        if len(self.classes_) > 2:
            kind = type_of_target(self.classes_)
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        if len(self.classes_) < 2:
            raise ValueError(f"y needs rows of two classes, got 1 class: {self.classes_.tolist()[0]!r}")
        return classes

    def _class_weights(self, is_second: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the weights of the two classes; scikit-learn's function takes longer than training."""
        if self.class_weight == "balanced":
            n, n_second = len(is_second), int(np.count_nonzero(is_second))
            return n / (2 * np.array([n - n_second, n_second]))
        if self.class_weight is None:
            return np.ones(2)
        if not isinstance(self.class_weight, Mapping):
            raise ValueError(f"class_weight must be balanced, a weight for each class, or None: {self.class_weight!r}")
        weights = np.array([self.class_weight.get(each, 1.0) for each in self.classes_.tolist()], np.float64)
        if not (np.isfinite(weights) & (weights >= 0)).all():  # below zero, the objective has no minimum
            raise ValueError(f"class_weight must have finite weights that are not negative: {self.class_weight!r}")
        return weights

    def _trained(
        self, X: NDArray[np.floating[Any]], is_second: NDArray[np.bool_], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return w~: by scans in which the class with fewer rows is the positive one, then as exact as it has to be."""
        n_second = int(np.count_nonzero(is_second))
        is_swapped = 2 * n_second > len(X)
        until: Until = "exact" if is_swapped else self.until
        svm = _by_scans(X, is_second != is_swapped, weights[::-1] if is_swapped else weights, until)
        w = np.zeros(X.shape[1] + 1) if svm is None else np.append(svm.w, svm.b)
        w = -w if is_swapped else w
        if svm is not None and (svm.stopped == until == "settled" or (svm.stopped == "exact" and _is_plain(X))):
            return w
        if svm is None:
            assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")
        return minimise_directly(X, np.where(is_second, 1.0, -1.0), weights[is_second.astype(np.intp)], w)


def _classes_of(y: NDArray[Any]) -> NDArray[Any]:
    """Return the different values of y, ascending; of two, without a look for more, which takes long."""
    if len(y) and y.dtype.kind in "bif":
        others = y[y != y[0]]
        if len(others) and (others == others[0]).all():
            return np.sort(np.array([y[0], others[0]]))
    return np.unique(y)


def _by_scans(
    X: NDArray[np.floating[Any]], is_positive: NDArray[np.bool_], weights: NDArray[np.float64], until: Until
) -> ExemplarSVM | None:
    """Return the SVM of some rows against all others, with the weights of others and of some; None if it fails."""
    with np.errstate(over="ignore", invalid="ignore"):
        index = DenseIndex(X.astype(np.float32, copy=False))
        positives = np.flatnonzero(is_positive)
        loss = LossWeights(np.full(len(positives), weights[1]), 0.0, weights[0] * (len(X) - len(positives)))
        try:
            return fit_exemplar_svm(index, X[positives], loss=loss, exclude=positives, until=until)
        except ValueError:  # numbers that are not finite, or not in single precision
            return None


def _is_plain(X: NDArray[np.floating[Any]]) -> bool:
    """Return whether single precision holds the rows, and they have about unit length, as far as a sample shows."""
    sample = X[:: max(1, len(X) // _SAMPLE)]
    return X.dtype == np.float32 and bool((np.einsum("ij,ij->i", sample, sample) <= _LONGEST**2).all())
