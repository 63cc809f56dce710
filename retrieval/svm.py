"""The exemplar SVM: positives against the whole rest of the corpus.

After Malisiewicz, Gupta and Efros, "Ensemble of Exemplar-SVMs for Object Detection and Beyond" (ICCV 2011), and
Karpathy's notebook "kNN vs. SVM", whose recipe this is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.index import DenseIndex, Rows

# A marked negative is a background row already: with the same weight, marking it would change nothing.
NEGATIVE_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class ExemplarSVM:
    """A trained classifier: the score of a row x is ``w.x + b``; ``w`` is ``(dim,)``."""

    w: NDArray[np.float64]
    b: float


def fit_exemplar_svm(
    index: DenseIndex,
    positives: NDArray[np.float32],
    negatives: Rows = (),
    *,
    C: float = 0.1,
    exclude: Rows = (),
) -> ExemplarSVM:
    r"""Train a linear SVM on [positives; rows of the index].

    Minimises, over ``w~ = (w, b)`` with the intercept regularised,
    ``1/2 |w~|^2 + sum_i c_i max(0, 1 - y_i w~.x~_i)^2``, with ``c_i`` as ``LinearSVC(class_weight="balanced", C=C)``
    sets them.

    Parameters
    ----------
    positives
        ``(n_positives, dim) float32`` unit rows: the query and the marked documents.
    negatives
        Rows of the index that were marked as not wanted; they weigh ``NEGATIVE_WEIGHT`` background rows.
    C
        LinearSVC's own C.
    exclude
        Rows of the index that are no background: the positives themselves, and their duplicates.

    Notes
    -----
    The only place that knows how the classifier is trained. With nothing to tell the positives from, it is their
    mean.
    """
    marked = np.unique(np.asarray(negatives, dtype=np.intp))
    background = np.setdiff1d(np.arange(index.n), np.concatenate([marked, np.asarray(exclude, dtype=np.intp)]))
    if marked.size + background.size == 0:
        return ExemplarSVM(positives.mean(axis=0, dtype=np.float64), 0.0)
    return _solve(positives, index.vectors(marked), index.vectors(background), C)


def _solve(
    positives: NDArray[np.float32],
    negatives: NDArray[np.float32],
    background: NDArray[np.float32],
    C: float,
) -> ExemplarSVM:
    from sklearn.svm import LinearSVC

    X = np.concatenate([positives, negatives, background])
    y = np.repeat([1, 0], [len(positives), len(negatives) + len(background)])
    weights = np.repeat([1.0, NEGATIVE_WEIGHT, 1.0], [len(positives), len(negatives), len(background)])
    svm = LinearSVC(class_weight="balanced", C=C, max_iter=10_000, tol=1e-6, random_state=0)
    svm.fit(X, y, sample_weight=weights)
    return ExemplarSVM(svm.coef_[0], float(svm.intercept_[0]))
