"""A session: query, marks, filters and settings on a corpus, derived from its events.

Events are never overwritten. The same pure function, ``after``, updates the session on the page and restores it from
the log, so the two cannot differ.
"""

import secrets
from dataclasses import dataclass, field, replace
from typing import assert_never

from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Marked,
    MarksAdded,
    MarksCleared,
    Named,
    Opened,
    Queried,
    Redone,
    SettingsSet,
    Undone,
)
from exemplar.retrieval.sessions.settings import Settings

MOST_UNDO = 100


@dataclass(frozen=True, slots=True)
class Session:
    """The state of a session on one corpus; the log has a state for every corpus that the session was on.

    Attributes
    ----------
    past, future
        The marks that undo and redo restore: the last of ``past``, and the first of ``future``.
    """

    session_id: str
    corpus: str
    query: Query | None = None
    feedback: Feedback = field(default_factory=Feedback)
    filters: Filters = field(default_factory=Filters)
    settings: Settings = field(default_factory=Settings)
    past: tuple[Feedback, ...] = ()
    future: tuple[Feedback, ...] = ()

    def after(self, event: Event) -> "Session":
        """Return the session after an event."""
        match event:
            case Queried(text):
                return replace(self, query=text)
            case DocumentQueried(doc_id):
                return replace(self, query=DocumentQuery(doc_id))
            case Marked(doc_id, mark):
                return self._with_marks(self.feedback.marked(doc_id, mark))
            case MarksAdded(marks):
                return self._with_marks(self.feedback.joined(marks))
            case MarksCleared():
                return self._with_marks(Feedback())
            case Undone():
                return self._undone()
            case Redone():
                return self._redone()
            case FiltersSet(filters):
                return replace(self, filters=filters)
            case SettingsSet(settings):
                return replace(self, settings=settings)
            case Named() | Opened():
                return self
        assert_never(event)

    def _with_marks(self, feedback: Feedback) -> "Session":
        if feedback == self.feedback:
            return self
        return replace(self, feedback=feedback, past=(*self.past, self.feedback)[-MOST_UNDO:], future=())

    def _undone(self) -> "Session":
        if not self.past:
            return self
        return replace(
            self, feedback=self.past[-1], past=self.past[:-1], future=(self.feedback, *self.future)[:MOST_UNDO]
        )

    def _redone(self) -> "Session":
        if not self.future:
            return self
        return replace(self, feedback=self.future[0], past=(*self.past, self.feedback), future=self.future[1:])


def new_id() -> str:
    """Return the id of a new session."""
    return secrets.token_urlsafe(9)
