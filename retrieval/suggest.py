"""Suggestions of documents to mark next: those whose marks change the ranking most."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from exemplar.retrieval.ranking import Ranking

Why = Literal["disagreement", "margin"]

_FIRST = 3  # documents of another ranking
_FAR = 100  # documents of the learned ranking that are near


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


def parted(learned: Ranking, others: Sequence[Ranking]) -> list[tuple[Ranking, list[str]]]:
    """Return the other rankings from which a learned one has parted, each with the documents that it should not miss.

    A learned ranking can draw itself into a corner: it shows more of what was marked as relevant, and never learns of
    what is relevant in another way. So the first document of each other ranking has to be among its first hundred. If
    it is not, those of the other's first three that are not come back. All rankings leave marked documents out.
    """
    near = set(learned.texts[:_FAR])
    found = []
    for other in others:
        if other.texts and other.texts[0] not in near:
            first = zip(other.doc_ids[:_FIRST], other.texts, strict=False)
            found.append((other, [doc_id for doc_id, text in first if text not in near]))
    return found


def suggest_marks(first: Ranking, second: Ranking, marked: Collection[str], n: int = 4) -> list[Suggestion]:
    """Return n unmarked documents on which two rankings disagree most, then n about which the second is least sure.

    Of exact copies, the one in the first ranking is returned, and a document is marked if a copy of it is; ``marked``
    has the copies of marked documents too.

    The disagreement is the difference of the logarithms of the ranks, so that the 1st against the 10th counts as much
    as the 10th against the 100th; a document that a ranking lacks ranks behind its last. A classifier is least sure
    where its score is nearest to 0 (uncertainty sampling: Lewis and Gale, "A sequential algorithm for training text
    classifiers", SIGIR 1994). kNN is not a classifier, and gives no such document.
    """
    ranks = [{text: rank for rank, text in enumerate(ranking.texts, start=1)} for ranking in (first, second)]
    scores = dict(zip(second.texts, second.scores, strict=True))
    documents = dict(zip(second.texts, second.doc_ids, strict=True)) | dict(
        zip(first.texts, first.doc_ids, strict=True)
    )

    def disagreement(text: int) -> float:
        a, b = (math.log(ranking.get(text, len(ranking) + 1)) for ranking in ranks)
        return abs(a - b)

    unmarked = [text for text in dict.fromkeys([*first.texts, *second.texts]) if documents[text] not in marked]
    disputed = sorted(filter(disagreement, unmarked), key=disagreement, reverse=True)[:n]
    candidates = [text for text in unmarked if text in scores and text not in disputed]
    unsure = sorted(candidates, key=lambda text: abs(scores[text]))[:n] if second.scorer.svm else []
    suggested: list[tuple[int, Why]] = [(text, "disagreement") for text in disputed]
    suggested += [(text, "margin") for text in unsure]
    return [
        Suggestion(documents[text], why, (ranks[0].get(text), ranks[1].get(text)), scores.get(text))
        for text, why in suggested
    ]
