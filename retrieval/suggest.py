"""Suggestions of documents to mark next: those whose marks change the ranking most."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from exemplar.retrieval.ranking import Ranking

Why = Literal["disagreement", "margin"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document that is worth a mark, and why.

    Attributes
    ----------
    ranks
        Its ranks in the two rankings; None if a ranking does not reach it.
    score
        Its score in the second ranking; None if that does not reach it.
    """

    doc_id: str
    why: Why
    ranks: tuple[int | None, int | None]
    score: float | None


def suggest_marks(first: Ranking, second: Ranking, marked: Collection[str], n: int = 4) -> list[Suggestion]:
    """Return n unmarked documents on which two rankings disagree most, then n about which the second is least sure.

    The disagreement is the difference of the logarithms of the ranks, so that the 1st against the 10th counts as much
    as the 10th against the 100th; a document that a ranking lacks ranks behind its last. A classifier is least sure
    where its score is nearest to 0 (uncertainty sampling: Lewis and Gale, "A sequential algorithm for training text
    classifiers", SIGIR 1994). kNN is not a classifier, and gives no such document.
    """
    ranks = [{doc_id: rank for rank, doc_id in enumerate(ranking.doc_ids, start=1)} for ranking in (first, second)]
    scores = dict(zip(second.doc_ids, second.scores, strict=True))

    def disagreement(doc_id: str) -> float:
        a, b = (math.log(ranking.get(doc_id, len(ranking) + 1)) for ranking in ranks)
        return abs(a - b)

    unmarked = [doc_id for doc_id in dict.fromkeys([*first.doc_ids, *second.doc_ids]) if doc_id not in marked]
    disputed = sorted(filter(disagreement, unmarked), key=disagreement, reverse=True)[:n]
    candidates = [doc_id for doc_id in unmarked if doc_id in scores and doc_id not in disputed]
    unsure = sorted(candidates, key=lambda doc_id: abs(scores[doc_id]))[:n] if second.scorer.svm else []
    suggested: list[tuple[str, Why]] = [(doc_id, "disagreement") for doc_id in disputed]
    suggested += [(doc_id, "margin") for doc_id in unsure]
    return [
        Suggestion(doc_id, why, (ranks[0].get(doc_id), ranks[1].get(doc_id)), scores.get(doc_id))
        for doc_id, why in suggested
    ]
