"""How well a search tells its own marks apart: cross-validated, and true of the marked rows alone.

Marked rows are not a sample of the corpus: most were read because a ranking had them on top. What share of the corpus
a threshold finds, only a random check says; see ``screening``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.ranking import Query
from exemplar.retrieval.search import SearchEngine

LEAST = 5  # marks of either kind, below which figures say nothing

_FOLDS = 5
_SEED = 0
_RECALLS = (0.99, 0.95, 0.9, 0.8, 0.5)  # of the rows of the table, besides the suggested one


@dataclass(frozen=True, slots=True)
class Cut:
    """A threshold, and what it does to the marked rows: those with at least this score pass."""

    threshold: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class AmongMarks:
    """Cross-validated figures among the marked rows.

    Attributes
    ----------
    suggested
        The cut of the highest F1.
    cuts
        Cuts of some recalls, the lowest threshold first.
    """

    n_folds: int
    n_relevant: int
    n_not_relevant: int
    suggested: Cut
    cuts: tuple[Cut, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        return asdict(self) | {"cuts": [asdict(cut) for cut in self.cuts]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the figures in JSON that fits the schema."""
        cuts = tuple(Cut(**cut) for cut in content["cuts"])
        return cls(**{**content, "suggested": Cut(**content["suggested"]), "cuts": cuts})


def among_marks(
    engine: SearchEngine,
    query: Query,
    feedback: Feedback,
    *,
    ranker: Ranker,
    C: float | None = None,
    earlier: Sequence[Query] = (),
) -> AmongMarks | None:
    """Return figures of a search among its marks; None if fewer than five are relevant, or not relevant.

    Every fifth of the marked documents is scored by a search that has not seen its marks. Marked texts that the corpus
    does not have train in all of these.
    """
    if min(len(feedback.positives), len(feedback.negatives)) < LEAST:
        return None
    scores, relevant = [], []
    for positives, negatives in zip(_folds(feedback.positives), _folds(feedback.negatives), strict=True):
        seen = replace(
            feedback,
            positives=tuple(doc_id for doc_id in feedback.positives if doc_id not in positives),
            negatives=tuple(doc_id for doc_id in feedback.negatives if doc_id not in negatives),
        )
        trained = engine.search(query, seen, ranker=ranker, k=0, C=C, earlier=earlier)
        scores += engine.scores(trained.scorer, [*positives, *negatives])
        relevant += [True] * len(positives) + [False] * len(negatives)
    return figures(np.array(scores), np.array(relevant), _FOLDS)


def figures(scores: NDArray[np.float64], relevant: NDArray[np.bool_], n_folds: int) -> AmongMarks:
    """Return the figures of held-out rows, of which some are relevant."""
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(relevant[order])
    ends = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))  # equal scores pass together
    n_relevant = int(hits[-1])
    between = np.append((scores[:-1] + scores[1:]) / 2, scores[-1])  # a rounded threshold cuts at the same place
    cuts = [_cut(float(between[end]), int(hits[end]), int(end) + 1, n_relevant) for end in ends]
    suggested = max(cuts, key=lambda cut: cut.f1)  # of equal ones the highest threshold
    chosen = [next(cut for cut in cuts if cut.recall >= recall) for recall in _RECALLS]
    table = sorted({suggested, *chosen}, key=lambda cut: cut.threshold)
    return AmongMarks(n_folds, n_relevant, len(scores) - n_relevant, suggested, tuple(table))


def _cut(threshold: float, n_hits: int, n_passing: int, n_relevant: int) -> Cut:
    return Cut(threshold, n_hits / n_passing, n_hits / n_relevant, 2 * n_hits / (n_passing + n_relevant))


def _folds(doc_ids: Iterable[str]) -> list[list[str]]:
    """Return documents in random parts of about equal size; the same documents give the same parts."""
    ids = sorted(doc_ids)
    order = np.random.default_rng(_SEED).permutation(len(ids))
    return [[ids[place] for place in order[fold::_FOLDS]] for fold in range(_FOLDS)]
