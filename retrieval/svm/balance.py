"""How query, marks and background weigh in the anchored SVM: one rule from the first query to the last mark.

A query says what is sought before anything is marked; a few marks say it better, but only near them, so that the rest
of the corpus has to stand in for what was not judged; many marks need neither. So the query, the anchor and the
background fade, each as what replaces it grows, and in the end the marks decide alone, as a linear SVM on them would.
The constants were chosen by measurements: see docs/evaluation.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.svm.objective import LossWeights

_FADES = 5  # positives by which the anchor counts half
_OF_POSITIVES = 0.5  # the weight of the positives' anchor beside the query's
_INFORMATION, _LEAST, _MOST = 3.3, 0.5, 20.0  # of a query, in nats: a positive more by which it counts half, and bounds
_TRUSTED = 8.0  # nats from which a query that finds its positives is trusted
_QUERY_MARKS = 20  # marks by which the query counts half, however much it says
_MARKS_A_POSITIVE = 5  # the query included, that count there: many in vain are no reason to leave it
_ABOVE = 0.02  # the share of the corpus above a positive, by the query, of which the query finds it half
_IN_VAIN = 10  # negatives for each positive, the query included, that stand for a positive which the query finds
_TYPICAL = 7  # negatives that score as the corpus, which a few hard ones are averaged with

# The loss of a mark, times the root of the positives: their sum then grows a little faster than they.
_MARK = 0.0025
_RATIO = 30  # of a positive to a negative, as there are many more of these
_TOGETHER = 10  # of all positives to all negatives at least: what is read late is nearly all not relevant
_FIRST = 0.5  # the loss of the first examples together, times the marks to the power 3/4
_TRUST = 4.0  # by how many times more with a trusted query
_FIRST_MARKS = 40  # by which it is half of that
_FIRST_NEGATIVES = 0.03  # as the anchor is near the first negatives already
# Of the first examples' loss, with a trusted query: what is far from it is hardly sought. It halves by 20 marks, which
# show more than the background.
_BACKGROUND = 4.0
_BACKGROUND_MARKS, _NO_BACKGROUND = 20, 100


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """The weights of a query and its marks.

    Attributes
    ----------
    of_query, of_positives
        Of the query's anchor and the positives' anchor, which both score 1 at their examples and -1 at the corpus.
    loss
        The weights of the losses; the query is the first positive.
    """

    of_query: float
    of_positives: float
    loss: LossWeights


def balance(
    n_positives: int,
    n_negatives: int,
    information: float = _MOST,
    *,
    finds: float = 1.0,
    separates: float = 1.0,
    n_rows: int,
    by: float = 1.0,
) -> Balance:
    """Return the weights of a query and its marks.

    Parameters
    ----------
    information
        The sum of the idf of the query's words, in nats: one that most of the documents match tells little of which of
        them are sought, and any positive more (pre-retrieval predictors of a query's performance: He and Ounis,
        "Inferring query performance using pre-retrieval predictors", SPIRE 2004).
    finds, separates
        As ``judge_query`` returns them. A query that does not find the positives says nothing of what is far from it;
        one that finds the negatives as well leads away from the other relevant documents. Before the first positive it
        is all there is, whatever it separates.
    n_rows
        Rows of the background.
    by
        A factor of all losses.
    """
    n_marks = n_positives + n_negatives
    halves = min(max(information, _LEAST), _MOST) / _INFORMATION
    counted = min(n_marks, _MARKS_A_POSITIVE * (1 + n_positives))
    query = (separates if n_positives else 1.0) / (1 + n_positives / halves) / (1 + (counted / _QUERY_MARKS) ** 4)
    anchor, of_positives = 1 / (1 + n_positives / _FADES), _OF_POSITIVES if n_positives else 0.0
    mark = _MARK * np.sqrt(1 + n_positives)
    together = min(1.0, _RATIO * (1 + n_positives) / (_TOGETHER * max(1, n_negatives)))
    trust = finds * min(1.0, information / _TRUSTED)
    first = _FIRST * (1 + _TRUST * trust) * (1 + n_marks) ** 0.75 / (1 + (n_marks / _FIRST_MARKS) ** 2)
    background = first * _BACKGROUND * trust / (1 + n_marks / _BACKGROUND_MARKS)
    background = 0.0 if n_marks >= _NO_BACKGROUND else background
    shares = np.append(query, np.ones(n_positives))
    # A negative was a row of the background, so a mark must not make it weigh less than two of them.
    negatives = n_negatives * max(mark * together, 2 * background / max(1, n_rows))
    return Balance(
        anchor * query / (query + of_positives),
        anchor * of_positives / (query + of_positives),
        LossWeights(
            by * shares * (_RATIO * mark + first / shares.sum()),
            by * (negatives + first * _FIRST_NEGATIVES),
            by * background,
        ),
    )


def judge_query(
    positives: NDArray[np.floating], negatives: NDArray[np.floating], corpus: NDArray[np.floating]
) -> tuple[float, float]:
    """Return how far a query finds the positives, and how far it tells them from the negatives, each from 0 to 1.

    Both are the product of two: how high the positives score above the corpus, or above the negatives, where halfway to
    the query is 1; and how few of the corpus stand above them. A single positive may be unlike all others, and where
    many are read near it in vain, the query is believed in again.

    Parameters
    ----------
    positives, negatives, corpus
        Scores by the query's anchor, ``(n,)``: 1 is the query's own, -1 the corpus's mean. At least one is a positive.
    """
    in_vain = len(negatives) / (_IN_VAIN * (1 + len(positives)))
    above = 1 - np.searchsorted(np.sort(corpus), positives, side="right") / len(corpus)
    found = (in_vain + (1 / (1 + above / _ABOVE)).sum()) / (in_vain + len(positives))
    score = positives.sum() / (in_vain + len(positives))
    negative = (negatives.sum() - _TYPICAL) / (len(negatives) + _TYPICAL)
    return float(found * np.clip(positives.mean() + 1, 0, 1)), float(found * np.clip(score - negative, 0, 1))


def equally_scaled(point: NDArray[np.float64], example: float, typical: float) -> NDArray[np.float64]:
    """Return weights and intercept, ``(dim + 1,)``, by which the examples score 1 on average and the corpus -1.

    Parameters
    ----------
    example, typical
        The mean scores of the examples and of the corpus by ``point`` alone.
    """
    scale = 2 / max(example - typical, _LEAST_SPREAD)
    return np.append(scale * point, 1 - scale * example)


_LEAST_SPREAD = 0.01  # bounds the scale where the corpus has only one distinct text
