"""Baselines: rankers from the literature."""

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.rankers import Examples, Scorer

BASELINES = {  # by name, with their titles
    "centred": "Centred kNN",
    "bm25": "BM25",
    "mean": "Mean of positives",
    "rocchio": "Rocchio",
    "logistic": "Logistic regression",
}

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


class BM25:
    """Scores documents by the words that they share with a query; marks have no effect.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), by the package
    bm25s: k1 = 1.5, b = 0.75, words of two letters and more, without English stop words.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        self._n = len(texts)
        words = bm25s.tokenize(list(texts), show_progress=False)
        self._index = bm25s.BM25() if words.vocab else None
        if self._index is not None:
            self._index.index(words, show_progress=False)
        self.scores = functools.lru_cache(maxsize=1)(self._scores)

    def _scores(self, query: str) -> NDArray[np.float32]:
        """Return the score of every document, ``(n_documents,) float32``; 0 without a shared word."""
        import bm25s

        [words] = bm25s.tokenize([query], return_ids=False, show_progress=False)
        if self._index is None or not words:
            return np.zeros(self._n, np.float32)
        scores: NDArray[np.float32] = self._index.get_scores(words)
        return scores


def _negatives(examples: Examples) -> NDArray[np.float32]:
    rows = examples.index.vectors(examples.negatives)
    return rows if examples.negative_vectors is None else np.concatenate([rows, examples.negative_vectors])
