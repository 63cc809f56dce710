"""A session: query, marks, filters and settings on a corpus, derived from its events.

Events are never overwritten. The same pure function, ``after``, updates the session on the page and restores it from
the log, so the two cannot differ.
"""

import secrets
from dataclasses import dataclass, field, replace

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
    MarksFollowed,
    Queried,
    Redone,
    SettingsSet,
    TextsKnown,
    Undone,
)
from exemplar.retrieval.sessions.marks import Marks
from exemplar.retrieval.sessions.settings import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """The state of a session on one corpus; the log has a state for every corpus that the session was on.

    Attributes
    ----------
    marks
        Never changed; every event that concerns marks makes new ones.
    corpus_id
        The identity of the corpus on which it began, besides its name; empty if it is not known.
    """

    session_id: str
    corpus: str
    query: Query | None = None
    marks: Marks = field(default_factory=Marks)
    filters: Filters = field(default_factory=Filters)
    settings: Settings = field(default_factory=Settings)
    corpus_id: str = ""

    @property
    def feedback(self) -> Feedback:
        """The marked documents by the ids that they had when they were marked."""
        return self.marks.feedback

    def after(self, *events: Event, corpus_id: str = "") -> "Session":
        """Return the session after events on the corpus of an identity; the marks are copied once."""
        session, marks = self, self.marks.copy()
        for event in events:
            if not _change_marks(marks, event, corpus_id):
                session = session._with(event)
        return replace(session, marks=marks, corpus_id=self.corpus_id or corpus_id)

    def on_text(self, event: Marked) -> Marked:
        """Return the event of a mark on a document as one on its text: it replaces the marks on copies."""
        text_hash = event.text_hash or self.marks.text_of(event.doc_id)
        marked = self.marks.on_text(text_hash) if text_hash else []
        return replace(event, replaces=tuple(doc_id for doc_id in marked if doc_id != event.doc_id))

    def _with(self, event: Event) -> "Session":
        match event:
            case Queried(text):
                return replace(self, query=text)
            case DocumentQueried(doc_id, text_hash):
                return replace(self, query=DocumentQuery(doc_id, text_hash))
            case FiltersSet(filters):
                return replace(self, filters=filters)
            case SettingsSet(settings):
                return replace(self, settings=settings)
        return self


def _change_marks(marks: Marks, event: Event, corpus_id: str) -> bool:
    """Apply an event to marks; return whether it concerns marks."""
    match event:
        case Marked(doc_id, mark, text_hash):
            changes = [(doc_id, mark), *((copy, None) for copy in event.replaces)]
            texts = {} if text_hash is None else {doc_id: text_hash}
            marks.set(changes, texts, {doc_id: event.at}, {doc_id: corpus_id})
        case MarksAdded(added, text_hashes):
            added_marks = [(doc_id, mark) for mark, doc_ids in added.by_mark() for doc_id in doc_ids]
            made = dict.fromkeys(added.marked, event.at) | dict(event.made)
            corpus_ids = dict.fromkeys(added.marked, corpus_id) | dict(event.corpus_ids)
            marks.set(added_marks, text_hashes, made, corpus_ids)
        case TextsKnown(text_hashes):
            marks.know(text_hashes)
        case MarksFollowed(moves):
            marks.follow(moves)
        case MarksCleared():
            marks.clear()
        case Undone():
            marks.undo()
        case Redone():
            marks.redo()
        case _:
            return False
    return True


def new_id() -> str:
    """Return the id of a new session."""
    return secrets.token_urlsafe(9)
