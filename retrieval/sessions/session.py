"""A session: queries, marks, notes, reasons, filters and settings on a corpus, derived from its events.

Events are never overwritten. The same pure function, ``after``, updates the session on the page and restores it from
the log, so the two cannot differ.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.sessions.events import (
    CheckDrawn,
    DocumentQueried,
    Event,
    FiltersSet,
    Joined,
    Marked,
    MarksAdded,
    MarksCleared,
    MarksFollowed,
    Noted,
    NotesAdded,
    Queried,
    Redone,
    SettingsSet,
    TextsKnown,
    Undone,
)
from exemplar.retrieval.sessions.marks import Marks
from exemplar.retrieval.sessions.settings import Settings


@dataclass(frozen=True, slots=True)
class DrawnCheck:
    """A random check of a session, and what the session was when it was drawn.

    Attributes
    ----------
    drawn
        The event.
    read
        The hashes of the texts that had a mark, by the ``doc_id`` of the marked document.
    filters
        Those that the drawn documents passed.
    """

    drawn: CheckDrawn
    read: Mapping[str, str]
    filters: Filters


@dataclass(frozen=True, slots=True)
class Session:
    """The state of a session on one corpus; the log has a state for every corpus that the session was on.

    Attributes
    ----------
    marks
        Never changed; every event that concerns marks makes new ones.
    corpus_id
        The identity of the corpus on which it began, besides its name; empty if it is not known.
    earlier
        The queries to which the present one was added, oldest first, each once and without the present one.
    notes, reasons
        The notes on documents, and the reasons why documents are not relevant, by ``doc_id``; marks, undo and redo
        leave them as they are.
    joined
        The sessions from which this one was joined, and the documents that they marked in different ways; see
        ``conflicts``.
    draws
        The random checks, in the order in which they were drawn; marks, undo and redo leave them as they are.
    """

    session_id: str
    corpus: str
    query: Query | None = None
    marks: Marks = field(default_factory=Marks)
    filters: Filters = field(default_factory=Filters)
    settings: Settings = field(default_factory=Settings)
    corpus_id: str = ""
    earlier: tuple[Query, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict, hash=False)
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)
    joined: Joined | None = None
    draws: tuple[DrawnCheck, ...] = field(default=(), hash=False)

    @property
    def feedback(self) -> Feedback:
        """The marked documents by the ids that they had when they were marked."""
        return self.marks.feedback

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The documents that the joined sessions marked in different ways and that are still marked as unsure."""
        if self.joined is None:
            return ()
        unsure = set(self.feedback.unsure)
        return tuple(doc_id for doc_id in self.joined.conflicts if doc_id in unsure)

    def after(self, *events: Event, corpus_id: str = "") -> "Session":
        """Return the session after events on the corpus of an identity; the marks are copied once."""
        session, marks = self, self.marks.copy()
        for event in events:
            _change_marks(marks, event, corpus_id)
            session = session._with(event, marks)
        return replace(session, marks=marks, corpus_id=self.corpus_id or corpus_id)

    def on_text(self, event: Marked) -> Marked:
        """Return the event of a mark on a document as one on its text: it replaces the marks on copies."""
        return replace(event, replaces=self._copies({event.doc_id: event.text_hash}))

    def on_texts(self, event: MarksAdded) -> MarksAdded:
        """Return the event of marks on documents as one on their texts: it takes the marks on copies back."""
        texts: dict[str, str | None] = {doc_id: event.text_hashes.get(doc_id) for doc_id in event.marks.marked}
        taken_back: dict[str, str | None] = dict.fromkeys(doc_id for doc_id in event.taken_back if doc_id not in texts)
        return replace(event, taken_back=(*taken_back, *self._copies(texts | taken_back)))

    def _copies(self, texts: Mapping[str, str | None]) -> tuple[str, ...]:
        """Return the other marked documents whose marks were made on the texts of documents, by their hashes.

        A document without a hash has the text on which its mark was made.
        """
        hashes = [text_hash or self.marks.text_of(doc_id) for doc_id, text_hash in texts.items()]
        marked = self.marks.on_texts(set(filter(None, hashes)))
        return tuple(doc_id for doc_id in marked if doc_id not in texts)

    def _with(self, event: Event, marks: Marks) -> "Session":
        match event:
            case Queried(text, added):
                return self._with_query(text, added=added)
            case DocumentQueried(doc_id, text_hash, added):
                return self._with_query(DocumentQuery(doc_id, text_hash), added=added)
            case FiltersSet(filters):
                return replace(self, filters=filters)
            case SettingsSet(settings):
                return replace(self, settings=settings)
            case Marked(doc_id, note=note, reason=reason) if note or reason:
                notes = _put(self.notes, {doc_id: note} if note else {})
                return replace(self, notes=notes, reasons=_put(self.reasons, {doc_id: reason} if reason else {}))
            case Noted(doc_id, note, _, reason):
                reasons = self.reasons if reason is None else _put(self.reasons, {doc_id: reason})
                return replace(self, notes=_put(self.notes, {doc_id: note}), reasons=reasons)
            case NotesAdded(notes, reasons):
                return replace(self, notes=_put(self.notes, notes), reasons=_put(self.reasons, reasons))
            case Joined():
                return replace(self, joined=event)
            case CheckDrawn():
                return replace(self, draws=(*self.draws, DrawnCheck(event, marks.texts, self.filters)))
            case MarksFollowed(moves):
                return self._moved(moves)
        return self

    def _moved(self, moves: Mapping[str, str]) -> "Session":
        """Return the session after marks moved to other documents: what else it says of these moves, too."""
        return replace(
            self,
            notes={doc_id: "\n".join(lines) for doc_id, lines in _moved(self.notes, moves).items()},
            reasons={doc_id: lines[0] for doc_id, lines in _moved(self.reasons, moves).items()},
            joined=self.joined and self.joined.moved(moves),
            draws=tuple(replace(draw, read=_moved_ids(draw.read, moves)) for draw in self.draws),
        )

    def _with_query(self, query: Query, *, added: bool) -> "Session":
        before = (*self.earlier, self.query) if added else ()
        return replace(self, query=query, earlier=tuple(each for each in before if each not in (None, query)))


def _moved_ids(texts: Mapping[str, str], moves: Mapping[str, str]) -> Mapping[str, str]:
    return {moves.get(doc_id, doc_id): text for doc_id, text in texts.items()}


def _put(texts: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
    """Return texts by ``doc_id`` with new ones, which come last; a new one that is empty removes the old one."""
    together = {doc_id: text for doc_id, text in texts.items() if doc_id not in new} | dict(new)
    return {doc_id: text for doc_id, text in together.items() if text}


def _moved(texts: Mapping[str, str], moves: Mapping[str, str]) -> dict[str, list[str]]:
    """Return texts by ``doc_id`` after they moved to other documents, all at once: those that come together, once."""
    together = {doc_id: [text] for doc_id, text in texts.items() if doc_id not in moves}
    for old_id, new_id in moves.items():
        if old_id in texts:
            together.setdefault(new_id, []).append(texts[old_id])
    return {doc_id: list(dict.fromkeys(each)) for doc_id, each in together.items()}


def _change_marks(marks: Marks, event: Event, corpus_id: str) -> None:
    """Apply an event to marks, if it concerns them."""
    match event:
        case Marked(doc_id, mark, text_hash):
            changes = [(doc_id, mark), *((copy, None) for copy in event.replaces)]
            texts = {} if text_hash is None else {doc_id: text_hash}
            found, reader = {doc_id: event.found}, {doc_id: event.reader}
            marks.set(changes, texts, {doc_id: event.at}, {doc_id: corpus_id}, found, reader)
        case MarksAdded(added, text_hashes):
            new = {doc_id: mark for mark, doc_ids in added.by_mark() for doc_id in doc_ids}
            new = {doc_id: new[doc_id] for doc_id in dict.fromkeys((*event.found, *new)) if doc_id in new}
            made = dict.fromkeys(added.marked, event.at) | dict(event.made)
            corpus_ids = dict.fromkeys(added.marked, corpus_id) | dict(event.corpus_ids)
            readers = dict.fromkeys(added.marked, event.reader) | dict(event.readers)
            removed = [(doc_id, None) for doc_id in dict.fromkeys(event.taken_back) if doc_id not in new]
            found = {doc_id: event.found_of(doc_id) for doc_id in new}
            marks.set([*removed, *new.items()], text_hashes, made, corpus_ids, found, readers)
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


def new_id() -> str:
    """Return the id of a new session."""
    return secrets.token_urlsafe(9)
