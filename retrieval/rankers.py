"""The rankers: a query and its marks in, one weight vector out.

The constants of the default ranker were chosen by measurements: see docs/evaluation.md.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.base import Index
from exemplar.retrieval.svm.fit import NEGATIVE_WEIGHT, ExemplarSVM, Until, fit_exemplar_svm

Ranker = Literal["knn", "svm", "anchored"]
RANKERS: tuple[Ranker, ...] = get_args(Ranker)
DEFAULT_RANKER: Ranker = "anchored"
TITLES: dict[str, str] = {"knn": "kNN", "svm": "Exemplar SVM", "anchored": "Anchored SVM"}

NOTEBOOK_C = 0.1
_ANCHORED_C = 0.02  # for one example
_QUERY = 0.25  # of an example: relevant documents are less similar to the query than to marked documents


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """A query and its marks, as vectors and rows of an index.

    Attributes
    ----------
    query
        ``(dim,) float32``.
    positives
        ``(n_positives, dim) float32``, one vector for every relevant document.
    negatives
        One row for every document marked as not relevant.
    negative_vectors
        ``(n, dim) float32``: a vector for every text marked as not relevant that no document of the corpus has.
    left_out
        Rows outside the background: all passages of marked documents, and of duplicates of a positive.
    """

    index: Index
    query: NDArray[np.float32]
    positives: NDArray[np.float32]
    negatives: NDArray[np.intp]
    left_out: NDArray[np.intp]
    negative_vectors: NDArray[np.float32] | None = None

    @property
    def n_negatives(self) -> int:
        """Number of negatives, rows and vectors together."""
        return len(self.negatives) + (0 if self.negative_vectors is None else len(self.negative_vectors))


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A linear scorer: the score of a row x is ``w.x + b``; ``svm`` is the classifier that it comes from, if any."""

    w: NDArray[np.floating[Any]]
    b: float = 0.0
    svm: ExemplarSVM | None = None


def scorer(ranker: Ranker, examples: Examples, *, C: float | None = None, until: Until = "settled") -> Scorer:
    """Return the scorer of a ranker.

    ``knn`` is the query's vector, whatever the marks. ``svm`` is the exemplar SVM of query and positives against the
    rest; ``anchored`` is the same SVM held close to the mean of query and positives.

    Parameters
    ----------
    C
        The weight of the loss, see fit_exemplar_svm; None takes default_c.
    """
    if ranker == "knn":
        return Scorer(examples.query)
    positives = np.concatenate([examples.query[None], examples.positives])
    n_positives, n_negatives = len(examples.positives), examples.n_negatives
    effective = effective_negatives(n_positives, n_negatives)
    svm = fit_exemplar_svm(
        examples.index,
        positives,
        examples.negatives,
        negative_vectors=examples.negative_vectors,
        C=default_c(ranker, n_positives + effective) if C is None else C,
        negative_weight=NEGATIVE_WEIGHT * effective / n_negatives if n_negatives else NEGATIVE_WEIGHT,
        anchor=centroid(positives) if ranker == "anchored" else None,
        exclude=examples.left_out,
        until=until,
    )
    return Scorer(svm.w, svm.b, svm)


def default_c(ranker: Ranker, n_marks: int) -> float:
    """Return a ranker's default C: the notebook's for ``svm``; for ``anchored`` one that grows with the marks.

    A mean loss over n examples is commonly regularised by ``1 / sqrt(n)``, so C, its inverse, grows with the square
    root. The query counts as a quarter of an example, so C is 0.01 before the first mark.
    """
    return NOTEBOOK_C if ranker == "svm" else _ANCHORED_C * math.sqrt(_QUERY + n_marks)


def effective_negatives(n_positives: int, n_negatives: int) -> int:
    """Return how many negatives to count: all of them, but at most one as long as no document is marked as relevant.

    Negatives are close to the query, and so are the relevant documents. Without a positive nothing separates the two,
    so a push away from the negatives is also a push away from the relevant documents.
    """
    return n_negatives if n_positives else min(1, n_negatives)


def centroid(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean of vectors ``(n, dim)``, scaled to their average length; unit vectors give a unit vector."""
    mean: NDArray[np.float64] = vectors.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    average_length = float(np.linalg.norm(vectors, axis=1).mean())
    return mean * (average_length / length) if length else mean
