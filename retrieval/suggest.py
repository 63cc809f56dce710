"""What to mark next: the documents from which a mark teaches most."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from exemplar.retrieval.search import Ranking

Why = Literal["disagreement", "margin"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document that is worth a mark, and why.

    ``ranks`` are those in the two rankings, None beyond what was looked at; ``score`` is the second's, if known.
    """

    doc_id: str
    why: Why
    ranks: tuple[int | None, int | None]
    score: float | None


def to_mark_next(first: Ranking, second: Ranking, marked: Collection[str], n: int = 4) -> list[Suggestion]:
    """Return n unmarked documents on which two rankings disagree most, then n about which the second is least sure.

    The disagreement is the distance of the logarithms of the ranks, so that the 1st against the 10th counts as the
    10th against the 100th; a document that a ranking lacks stands behind its last. Least sure is a classifier where
    its score is nearest to 0 (uncertainty sampling: Lewis and Gale, "A sequential algorithm for training text
    classifiers", SIGIR 1994); kNN is none, and gives no such document.
    """
    ranks = [{doc_id: rank for rank, doc_id in enumerate(each.doc_ids, start=1)} for each in (first, second)]
    scores = dict(zip(second.doc_ids, second.scores, strict=True))

    def disagreement(doc_id: str) -> float:
        places = (of_it.get(doc_id, len(of_it) + 1) for of_it in ranks)
        a, b = map(math.log, places)
        return abs(a - b)

    unmarked = [doc_id for doc_id in dict.fromkeys([*first.doc_ids, *second.doc_ids]) if doc_id not in marked]
    apart = sorted(filter(disagreement, unmarked), key=disagreement, reverse=True)[:n]
    candidates = [doc_id for doc_id in unmarked if doc_id in scores and doc_id not in apart]
    unsure = sorted(candidates, key=lambda doc_id: abs(scores[doc_id]))[:n] if second.scorer.svm else []
    found: list[tuple[str, Why]] = [(doc_id, "disagreement") for doc_id in apart]
    found += [(doc_id, "margin") for doc_id in unsure]
    return [
        Suggestion(doc_id, why, (ranks[0].get(doc_id), ranks[1].get(doc_id)), scores.get(doc_id))
        for doc_id, why in found
    ]
