"""The rankers: a query and its marks in, one weight vector out.

What the default one does by itself, how closely it follows the marks and what they weigh, was measured: see
docs/evaluation.md.
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
_QUERY = 0.25  # of an example: it is no document, and what is wanted looks less like it than like what is marked


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a query and its marks come to, as vectors and rows of an index.

    Attributes
    ----------
    query
        ``(dim,) float32``.
    positives
        ``(n_positives, dim) float32``, one vector a marked document.
    negatives
        One row a marked document.
    left_out
        Rows that are no background: all passages of marked documents and of what equals a positive.
    """

    index: Index
    query: NDArray[np.float32]
    positives: NDArray[np.float32]
    negatives: NDArray[np.intp]
    left_out: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A ranking: the score of a row x is ``w.x + b``; ``svm`` is what it comes from, if it does."""

    w: NDArray[np.floating[Any]]
    b: float = 0.0
    svm: ExemplarSVM | None = None


def scorer(ranker: Ranker, examples: Examples, *, C: float | None = None, until: Until = "settled") -> Scorer:
    """Return what a ranker makes of examples.

    ``knn`` is the query itself, whatever is marked. ``svm`` is the exemplar SVM of query and positives against the
    rest; ``anchored`` the same held close to the mean of query and positives.

    Parameters
    ----------
    C
        What the data weighs, see fit_exemplar_svm; without it what suits the ranker, see usual_c.
    """
    if ranker == "knn":
        return Scorer(examples.query)
    positives = np.concatenate([examples.query[None], examples.positives])
    n_positives, n_negatives = len(examples.positives), len(examples.negatives)
    counted = counted_negatives(n_positives, n_negatives)
    svm = fit_exemplar_svm(
        examples.index,
        positives,
        examples.negatives,
        C=usual_c(ranker, n_positives + counted) if C is None else C,
        negative_weight=NEGATIVE_WEIGHT * counted / n_negatives if n_negatives else NEGATIVE_WEIGHT,
        anchor=middle(positives) if ranker == "anchored" else None,
        exclude=examples.left_out,
        until=until,
    )
    return Scorer(svm.w, svm.b, svm)


def usual_c(ranker: Ranker, n_marks: int) -> float:
    """Return the C that suits a ranker: the notebook's for ``svm``; for ``anchored`` more, the more there is to follow.

    A mean loss over n examples is commonly weighed against a regulariser of ``1 / sqrt(n)``, so C, its inverse, grows
    as the square root. The query counts as a quarter of an example: 0.01 before any mark.
    """
    return NOTEBOOK_C if ranker == "svm" else _ANCHORED_C * math.sqrt(_QUERY + n_marks)


def counted_negatives(n_positives: int, n_negatives: int) -> int:
    """Return for how many the negatives count: all together for one as long as nothing is marked as relevant.

    They are found close to the query, and so are the documents that are wanted. Until it is known what sets these
    apart, what pushes the ranking away from the ones pushes it away from the others.
    """
    return n_negatives if n_positives else min(1, n_negatives)


def middle(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean of vectors ``(n, dim)``, as long as they are on average: of unit vectors a unit vector."""
    mean: NDArray[np.float64] = vectors.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    usual_length = float(np.linalg.norm(vectors, axis=1).mean())
    return mean * (usual_length / length) if length else mean
