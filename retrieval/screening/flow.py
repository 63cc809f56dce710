"""What a review reports: the counts of a PRISMA 2020 flow diagram (Page et al. 2021, BMJ 372, n71)."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exemplar.data.corpus.source_rows import source_rows
from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.sessions.identity import PresentMarks, present_marks
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.session import Session

NO_REASON, NO_NAME, OTHERS = "no reason given", "no name given", "other reasons"

_MOST_REASONS = 20  # the others count together


@dataclass(frozen=True, slots=True)
class Flow:
    """How many records came to each step of a screening; a text counts once, however many copies there are.

    Attributes
    ----------
    session, corpus
        What they are called.
    left_out
        The rows of the source that gave no document, by the reason; empty if the corpus was built by a version that
        kept no rows.
    n_documents, n_duplicates
        The documents of the corpus, and those that have the text of an earlier one.
    n_outside
        The texts without a mark that do not pass the filters of the session.
    excluded
        The texts marked as not relevant by the reason, the most frequent first.
    readers
        The number of marked texts by the reader.
    n_lost
        The marks on texts that the corpus does not have any more, or that no one knows; they are in no other count.
    """

    session: str
    corpus: str
    n_documents: int
    n_duplicates: int
    n_outside: int
    n_included: int
    n_unsure: int
    n_not_screened: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)
    readers: Mapping[str, int] = field(default_factory=dict)
    n_lost: int = 0

    @property
    def n_left_out(self) -> int:
        """The rows of the source that gave no document."""
        return sum(self.left_out.values())

    @property
    def n_identified(self) -> int:
        """The rows of the source."""
        return self.n_documents + self.n_left_out

    @property
    def n_to_screen(self) -> int:
        """The records that are left after those that were removed before screening."""
        return self.n_identified - self.n_left_out - self.n_duplicates - self.n_outside

    @property
    def n_excluded(self) -> int:
        """The texts marked as not relevant."""
        return sum(self.excluded.values())

    @property
    def n_screened(self) -> int:
        """The marked texts."""
        return self.n_included + self.n_unsure + self.n_excluded

    def lines(self) -> list[tuple[str, int, int]]:
        """Return the steps in order: in words, the count, and how deep each stands below the step it is a part of."""
        rows = [("Records identified", self.n_identified, 0)]
        rows += [("Removed before screening", self.n_identified - self.n_to_screen, 0)]
        rows += [("duplicates", self.n_duplicates, 1), ("left out of the corpus", self.n_left_out, 1)]
        rows += [(reason, n, 2) for reason, n in self.left_out.items()]
        rows += [("outside the filters", self.n_outside, 1)] if self.n_outside else []
        rows += [("Records to screen", self.n_to_screen, 0), ("Not screened", self.n_not_screened, 0)]
        rows += [("Screened", self.n_screened, 0)]
        rows += [(reader, n, 1) for reader, n in self.readers.items() if set(self.readers) != {NO_NAME}]
        rows += [("Excluded", self.n_excluded, 0)]
        rows += [(reason, n, 1) for reason, n in self.excluded.items()]
        rows += [("Unsure", self.n_unsure, 0), ("Included", self.n_included, 0)]
        return rows

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "session": self.session,
            "corpus": self.corpus,
            "identified": self.n_identified,
            "removed_before_screening": {
                "duplicates": self.n_duplicates,
                "left_out": self.n_left_out,
                "left_out_reasons": dict(self.left_out),
                "outside_filters": self.n_outside,
            },
            "to_screen": self.n_to_screen,
            "not_screened": self.n_not_screened,
            "screened": self.n_screened,
            "readers": dict(self.readers),
            "excluded": self.n_excluded,
            "excluded_reasons": dict(self.excluded),
            "unsure": self.n_unsure,
            "included": self.n_included,
            "marks_on_lost_texts": self.n_lost,
        }


def flow_of(title: str, session: Session, corpus: DocumentStore, texts: Callable[[], Mapping[str, MarkedText]]) -> Flow:
    """Return the counts of a session on its corpus as it is now; see ``present_marks`` for ``texts``.

    Raises
    ------
    CorpusDamaged
        The rows of the source can't be read.
    """
    present = present_marks(session.marks, corpus, texts)
    session = session.after(*present.events)
    feedback = present.feedback
    n_unread, n_outside = _unread(session, present, corpus)
    reasons = Counter(_reason(doc_id, session, present) for doc_id in feedback.negatives)
    readers = Counter(session.marks.readers.get(doc_id, NO_NAME) for doc_id in feedback.marked)
    left_out = Counter(row.reason or NO_REASON for row in source_rows(corpus.manifest) if row.document is None)
    return Flow(
        title,
        corpus.manifest.name,
        corpus.n_documents,
        corpus.n_documents - corpus.n_texts,
        n_outside,
        len(feedback.positives),
        len(feedback.unsure),
        n_unread - n_outside,
        _frequent(left_out),
        _frequent(reasons),
        dict(readers.most_common()),
        len(present.states),
    )


def _unread(session: Session, present: PresentMarks, corpus: DocumentStore) -> tuple[int, int]:
    """Return how many texts have no mark, and how many of these do not pass the filters."""
    marked = present.feedback.marked
    if not session.filters:
        return corpus.n_texts - len(marked), 0
    numbers = np.unique(corpus.text_numbers(np.arange(corpus.n_documents)))
    unread = np.setdiff1d(numbers, corpus.text_numbers(list(corpus.rows_of(marked).values())))
    passing = corpus.text_numbers(corpus.select(session.filters).rows)
    return len(unread), len(np.setdiff1d(unread, passing))


def _reason(doc_id: str, session: Session, present: PresentMarks) -> str:
    """Return why a document is not relevant: what was said of it, else of a copy."""
    named = (doc_id, *present.copies.get(doc_id, ()))
    return next((session.reasons[each] for each in named if each in session.reasons), NO_REASON)


def _frequent(counts: Counter[str]) -> dict[str, int]:
    """Return the most frequent reasons; the others together, and no reason, come last."""
    counts = counts.copy()
    without = counts.pop(NO_REASON, 0)
    ranked = counts.most_common()
    shown, others = dict(ranked[:_MOST_REASONS]), sum(n for _, n in ranked[_MOST_REASONS:])
    if others:
        shown[OTHERS] = shown.get(OTHERS, 0) + others
    return shown | ({NO_REASON: without} if without else {})
