"""A baseline like ASReview's ELAS u4: tf-idf of words and pairs of words, and a linear SVM on the marks alone.

The settings are those of ASReview 3.0.8, ``asreview/models/models.py``, where "elas_u4" is the default.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_C = 0.11
_RATIO = 9.8  # the loss weight of all positives together, over that of all negatives
_MOST_DOCUMENTS = 0.95  # terms in a larger share of the texts do not count


class Elas:
    """Scores the texts of a corpus by marks on some of them.

    Parameters
    ----------
    texts
        The texts of all documents, in the order of the rows.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        # Of one or two texts, nearly every word is in a larger share.
        most = _MOST_DOCUMENTS if len(texts) > 2 else 1.0
        self._tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1, max_df=most)
        try:
            self._X: Any = self._tfidf.fit_transform(texts)  # (n_documents, n_terms), unit rows
        except ValueError:  # no text has a word
            self._X = None
        self._n = len(texts)

    def scores(self, query: str, positives: Sequence[int], negatives: Sequence[int]) -> NDArray[np.float64]:
        """Return a score for every document, ``(n_documents,)``.

        ASReview learns from marks alone, so until there is a positive and a negative, documents are read by their
        similarity to the query: the cosine of tf-idf.
        """
        if self._X is None:
            return np.zeros(self._n)
        if not positives or not negatives:
            return np.asarray(self._X @ self._tfidf.transform([query]).T.toarray()[:, 0], np.float64)
        from sklearn.svm import LinearSVC

        y = np.arange(len(positives) + len(negatives)) < len(positives)
        weights = np.where(y, 1.0, len(positives) / (_RATIO * len(negatives)))
        svm = LinearSVC(loss="squared_hinge", C=_C, random_state=0)
        svm.fit(self._X[[*positives, *negatives]], y, sample_weight=weights * (len(y) / weights.sum()))
        return np.asarray(self._X @ svm.coef_[0], np.float64)
