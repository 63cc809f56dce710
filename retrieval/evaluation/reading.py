"""Simulate the reading of a whole collection, a page at a time, until the last relevant document is read."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.evaluation.collection import Collection, Judged
from exemplar.retrieval.feedback import Feedback

LOSS = "loss"
READ_TO_LAST = "read to the last"
CURVE_POINTS = 101  # after 0, 1, ..., 100 percent of the documents
READING_METRICS = (LOSS, "WSS@95", "WSS@100", "recall after 10% read", READ_TO_LAST)

_WITHOUT_MARKS = ("knn", "words", "hybrid", "centred", "rrf")  # these rankers rank once


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The order in which a simulated person reads a collection.

    Attributes
    ----------
    labels
        ``(n_documents,) bool``: whether each document is relevant, in the order of reading, without the documents that
        were known before. Reading ends at the last relevant one, so all after it are not relevant.
    n_known
        The documents that were known before.
    """

    labels: NDArray[np.bool_]
    n_known: int = 0

    @property
    def counts(self) -> bool:
        """Whether there is something to find and something to leave out; without both, no loss is defined."""
        return 0 < int(self.labels.sum()) < len(self.labels)

    @property
    def read_to_last(self) -> int:
        """The number of documents that are read until the last relevant one is."""
        return int(np.flatnonzero(self.labels)[-1]) + 1

    @property
    def loss(self) -> float:
        """The area between the best possible curve of recall and this one, over that between the best and the worst.

        As ``asreview.metrics.loss`` computes it: 0 is the best, 1 the worst.
        """
        n, n_relevant = len(self.labels), int(self.labels.sum())
        best = n_relevant * (n - (n_relevant - 1) / 2)
        return float((best - self.labels.cumsum().sum()) / (n_relevant * (n - n_relevant)))

    def wss(self, percent: int) -> float:
        """Return the work saved over sampling at a recall of so many percent: ``1 - read / n - (1 - recall)``.

        ``read`` is the number of documents until the recall is reached. Cohen et al., "Reducing workload in systematic
        review preparation using automated document classification", JAMIA 13(2), 2006.
        """
        needed = -(-percent * int(self.labels.sum()) // 100)
        read = int(np.flatnonzero(self.labels)[needed - 1]) + 1
        return 1 - read / len(self.labels) - (1 - percent / 100)

    def curve(self) -> NDArray[np.float64]:
        """Return the recall after 0, 1, ..., 100 percent of the documents are read (rounded down), ``(101,)``."""
        found = np.concatenate([[0], self.labels.cumsum()])
        share: NDArray[np.float64] = found[np.arange(CURVE_POINTS) * len(self.labels) // 100] / self.labels.sum()
        return share

    def measures(self) -> dict[str, float]:
        """Return the metrics by name."""
        values = (self.loss, self.wss(95), self.wss(100), float(self.curve()[10]), float(self.read_to_last))
        return dict(zip(READING_METRICS, values, strict=True))


def draw_known(judged: Judged, seed: tuple[int, ...]) -> Feedback | None:
    """Return marks on one relevant and on one other document, drawn at random; None if there are not both."""
    rng, grades = np.random.default_rng(seed), judged.grades[judged.readable]
    drawn = []
    for rows in (judged.readable[grades > 0], judged.readable[grades == 0]):
        if not rows.size:
            return None
        drawn.append(rng.choice(rows))
    return judged.marks(np.array(drawn), Feedback())


def read_to_the_end(
    collection: Collection,
    judged: Judged,
    ranker: str,
    *,
    page: int = 10,
    known: Feedback | None = None,
    on_page: Callable[[int], None] = lambda n: None,
) -> Reading:
    """Read the documents in the order of a ranker, which ranks the unread anew after every page; all marks train.

    Where a ranking has no more documents, the others follow in the order of the corpus.

    Parameters
    ----------
    page
        Documents of a page.
    known
        Marks on documents that were judged before.
    on_page
        Called after every page with its number of documents.
    """
    feedback = known or Feedback()
    unread = np.setdiff1d(judged.readable, collection.marked_rows(feedback))
    order, n_known, n_left = [unread[:0]], len(feedback), int((judged.grades[unread] > 0).sum())
    page = len(unread) if ranker in _WITHOUT_MARKS else page
    while n_left:
        shown = collection.ranking(ranker, judged.query, feedback, page)
        shown = np.concatenate([shown, np.setdiff1d(unread, shown)[: page - len(shown)]])
        feedback = judged.marks(shown, feedback)
        unread = np.setdiff1d(unread, shown)
        order.append(shown)
        n_left -= int((judged.grades[shown] > 0).sum())
        on_page(len(shown))
    return Reading(judged.grades[np.concatenate([*order, unread])] > 0, n_known)
