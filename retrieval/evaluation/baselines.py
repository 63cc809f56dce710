"""Baselines: rankers from the literature."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.rankers import Examples, Scorer, TermWeights
from exemplar.retrieval.svm.anchor import word_anchor

BASELINES = {  # by name, with their titles
    "centred": "Centred kNN",
    "rrf": "Reciprocal rank fusion of kNN and BM25",
    "mean": "Mean of positives",
    "rocchio": "Rocchio",
    "rocchio-words": "Rocchio with words",
    "logistic": "Logistic regression",
}

_RANK_OFFSET = 60
_TO_QUERY, _TO_POSITIVES, _FROM_NEGATIVES = 1.0, 0.75, 0.15  # from Manning, Raghavan and Schuetze


def centred_knn(examples: Examples, mean: NDArray[np.float64]) -> Scorer:
    """Score by the product with the query minus the corpus's mean, ``(dim,)``; marks have no effect."""
    return Scorer(examples.query - mean)


def mean_of_positives(examples: Examples) -> Scorer:
    """Score by the product with the mean of query and positives."""
    return Scorer(np.vstack([examples.query, examples.positives]).mean(axis=0, dtype=np.float64))


def rocchio(examples: Examples) -> Scorer:
    """Score by the product with ``query + 0.75 mean of positives - 0.15 mean of negatives``.

    Rocchio, "Relevance feedback in information retrieval" (1971), with the weights of Manning, Raghavan and Schuetze,
    "Introduction to Information Retrieval" (2008), section 9.1.1.
    """
    point = _TO_QUERY * examples.query.astype(np.float64)
    if len(examples.positives):
        point += _TO_POSITIVES * examples.positives.mean(axis=0)
    if examples.n_negatives:
        point -= _FROM_NEGATIVES * _negatives(examples).mean(axis=0)
    return Scorer(point)


def rocchio_with_words(examples: Examples) -> Scorer:
    """Score as ``rocchio`` does, scaled to the length of the query, and by a BM25 query of query and positives.

    The words' part is that of ``anchor.word_anchor``, with 0.5 as its weight.
    """
    dense = rocchio(examples).w
    dense = dense * (np.linalg.norm(examples.query) / (np.linalg.norm(dense) or 1.0))
    if examples.words is None:
        return Scorer(dense)
    words = examples.words.words
    anchor = word_anchor(
        words, examples.words.query, examples.words.positives, without=examples.words.itself, gamma=0.5
    )
    return Scorer(dense, words=TermWeights(anchor.terms, anchor.weights / words.scales(anchor.terms)))


def logistic_regression(examples: Examples) -> Scorer:
    """Score by logistic regression on query and marks alone, with balanced classes; by their mean without negatives.

    The regression is scikit-learn's, with its default C of 1.
    """
    if not examples.n_negatives:
        return mean_of_positives(examples)
    from sklearn.linear_model import LogisticRegression

    X = np.vstack([examples.query, examples.positives, _negatives(examples)])
    y = np.arange(len(X)) <= len(examples.positives)
    fitted = LogisticRegression(class_weight="balanced", max_iter=1000).fit(X.astype(np.float64), y)
    return Scorer(fitted.coef_[0], float(fitted.intercept_[0]))


def reciprocal_rank_fusion(rankings: Sequence[NDArray[np.intp]], k: int) -> NDArray[np.intp]:
    """Return the k best rows of several rankings, best first: by the sum of ``1 / (60 + rank)``; ties by row.

    Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods"
    (SIGIR 2009).
    """
    rows, positions = np.unique(np.concatenate(rankings), return_inverse=True)
    shares = np.concatenate([1 / (_RANK_OFFSET + 1 + np.arange(len(ranking))) for ranking in rankings])
    fused: NDArray[np.intp] = rows[np.argsort(-np.bincount(positions, shares, len(rows)), kind="stable")[:k]]
    return fused


def _negatives(examples: Examples) -> NDArray[np.float32]:
    rows = examples.index.vectors(examples.negatives)
    return rows if examples.negative_vectors is None else np.concatenate([rows, examples.negative_vectors])
