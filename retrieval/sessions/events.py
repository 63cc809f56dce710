"""The events of a session, a class for every action of a person.

``to_json`` returns the event as the log stores it; ``event_json`` reads it again. ``describe`` returns the action in
words, which may include typed text and document ids.
"""
# ruff: noqa: D102 - every class has the same two methods, described above

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import MARK_NAMES, Feedback, Mark
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.settings import Settings

_LONGEST = 200  # characters of a query or an id in a description


@dataclass(frozen=True, slots=True)
class Queried:
    """A text became the query; ``added``: the query before stays as an earlier query of the session."""

    text: str
    added: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"query": self.text} | ({"added": True} if self.added else {})

    def describe(self) -> str:
        text = _shortened(self.text)
        return f"added the query “{text}” to the search" if self.added else f"searched “{text}”"


@dataclass(frozen=True, slots=True)
class DocumentQueried:
    """A document became the query.

    Attributes
    ----------
    text_hash
        Of the document's text; None if it is not known.
    added
        As for ``Queried``.
    """

    doc_id: str
    text_hash: str | None = None
    added: bool = False

    def to_json(self) -> dict[str, Any]:
        text = {"text": self.text_hash} if self.text_hash else {}
        return {"query_document": self.doc_id} | text | ({"added": True} if self.added else {})

    def describe(self) -> str:
        like = f"more like {_shortened(self.doc_id)}"
        return f"added the query “{like}” to the search" if self.added else f"searched for {like}"


@dataclass(frozen=True, slots=True)
class Marked:
    """The mark of a document was set, changed, or (None) removed.

    Attributes
    ----------
    text_hash
        Of the text that the person saw; None if an earlier version wrote the event.
    text
        That text, which the log keeps beside the events; None if the event comes from the log.
    reader
        Who marked it; empty if the person gave no name.
    note, reason
        What the person wrote about it; ``Noted`` has these since there are notes.
    found
        How the row was found, such as ``{"list": "knn", "rank": 3}``.
    replaces
        The marked documents with the same text, whose marks this one replaces.
    at
        The time of the event in the log, ISO 8601; empty before it is there.
    """

    doc_id: str
    mark: Mark | None
    text_hash: str | None = None
    text: MarkedText | None = field(default=None, compare=False)
    reader: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    reason: str = ""
    replaces: tuple[str, ...] = ()
    at: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        about = {"reader": self.reader, "found": dict(self.found), "note": self.note, "reason": self.reason}
        replaces = {"replaces": list(self.replaces)} if self.replaces else {}
        return {"mark": self.mark, "doc_id": self.doc_id, "text": self.text_hash, **about, **replaces}

    def describe(self) -> str:
        doc_id = _shortened(self.doc_id)
        deed = f"took the mark on {doc_id} back"
        return (deed if self.mark is None else f"marked {doc_id} as {MARK_NAMES[self.mark]}") + _by(self.reader)


@dataclass(frozen=True, slots=True)
class MarksAdded:
    """Marks were added to those of the session in one step; if both mark a document, the new mark counts.

    Attributes
    ----------
    text_hashes
        Of the texts of the marked documents, by ``doc_id``, as far as they are known.
    texts, at
        These texts, and the time, as for ``Marked``.
    made, corpus_ids, readers
        Of marks that come from another session or a file, by ``doc_id``: when they were made, the identity of the
        corpus, and who made them. The other marks are made by this event.
    taken_back
        The documents whose marks the same step removes; a document that is marked as well keeps its new mark.
    found
        How rows were found, by ``doc_id``, as for ``Marked``, in the order in which they were marked.
    found_all
        How all other rows were found, such as ``{"import": "marks.csv"}``, or ``{"column": "decision"}`` of the corpus.
    reader
        As for ``Marked``.
    """

    marks: Feedback
    text_hashes: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[MarkedText, ...] = field(default=(), compare=False)
    at: str = field(default="", compare=False)
    made: Mapping[str, str] = field(default_factory=dict)
    corpus_ids: Mapping[str, str] = field(default_factory=dict)
    taken_back: tuple[str, ...] = ()
    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    found_all: Mapping[str, Any] = field(default_factory=dict)
    reader: str = ""
    readers: Mapping[str, str] = field(default_factory=dict)

    def found_of(self, doc_id: str) -> Mapping[str, Any]:
        """Return how the row of a document was found; empty if it is not known."""
        return self.found.get(doc_id, self.found_all)

    def to_json(self) -> dict[str, Any]:
        marks = {mark: list(doc_ids) for mark, doc_ids in self.marks.by_mark()}
        others: dict[str, Any] = {
            "made": dict(self.made),
            "corpus_ids": dict(self.corpus_ids),
            "taken_back": list(self.taken_back),
        }
        others |= {
            "found": {doc_id: dict(way) for doc_id, way in self.found.items()},
            "found_all": dict(self.found_all),
        }
        others |= {"reader": self.reader, "readers": dict(self.readers)}
        return {"marks": marks, "texts": dict(self.text_hashes), **{key: each for key, each in others.items() if each}}

    def describe(self) -> str:
        if self.taken_back and not self.marks.marked:
            return f"took {len(self.taken_back):,} marks back{_by(self.reader)}"
        counts = [f"{len(doc_ids):,} as {MARK_NAMES[mark]}" for mark, doc_ids in self.marks.by_mark()]
        counts = counts if self.marks.unsure else counts[:2]
        counts += [f"{len(self.taken_back):,} taken back"] if self.taken_back else []
        return f"took in marks: {', '.join(counts)}{_by(self.reader)}"


@dataclass(frozen=True, slots=True)
class TextsKnown:
    """It turned out on which texts the marks of an earlier version were made: the corpus was not built since.

    ``text_hashes`` and ``texts`` are as for ``MarksAdded``.
    """

    text_hashes: Mapping[str, str]
    texts: tuple[MarkedText, ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        return {"texts_known": dict(self.text_hashes)}

    def describe(self) -> str:
        return f"kept the texts of {len(self.text_hashes):,} earlier marks"


@dataclass(frozen=True, slots=True)
class MarksFollowed:
    """Marks moved to the documents that have their texts now, by the ``doc_id`` that each had."""

    moves: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return {"followed": dict(self.moves)}

    def describe(self) -> str:
        return f"{len(self.moves):,} marks followed their texts to other ids"


@dataclass(frozen=True, slots=True)
class MarksCleared:
    """All marks were removed."""

    def to_json(self) -> dict[str, Any]:
        return {"clear_marks": True}

    def describe(self) -> str:
        return "cleared all marks"


@dataclass(frozen=True, slots=True)
class Noted:
    """The note on a document was set, or (if empty) removed.

    Attributes
    ----------
    text_hash
        As for ``Marked``.
    reason
        Why the document is not relevant, in the words of a list of reasons; empty removes it, and None, as in events of
        earlier versions, leaves it as it is.
    """

    doc_id: str
    note: str
    text_hash: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        text = {"text": self.text_hash} if self.text_hash else {}
        return (
            {"noted": self.note, "doc_id": self.doc_id}
            | text
            | ({} if self.reason is None else {"reason": self.reason})
        )

    def describe(self) -> str:
        doc_id = _shortened(self.doc_id)
        noted = f"noted “{_shortened(self.note)}” on {doc_id}" if self.note else f"removed the note on {doc_id}"
        if not self.reason:
            return noted
        reason = f"gave the reason “{_shortened(self.reason)}” for {doc_id}"
        return f"{reason}, and {noted}" if self.note else reason


@dataclass(frozen=True, slots=True)
class NotesAdded:
    """Notes by ``doc_id`` were added to those of the session; if both have one on a document, the new one counts.

    ``reasons`` are added in the same way; see ``Noted``.
    """

    notes: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"notes": dict(self.notes)} | ({"reasons": dict(self.reasons)} if self.reasons else {})

    def describe(self) -> str:
        reasons = f" and {len(self.reasons):,} reasons" if self.reasons else ""
        return f"took in {len(self.notes):,} notes{reasons}"


@dataclass(frozen=True, slots=True)
class Joined:
    """The marks of two sessions were joined, which are named by their titles; the two stay as they are.

    Attributes
    ----------
    conflicts
        The documents that the two marked in different ways: each is unsure until a person settles it by a mark.
    """

    sessions: tuple[str, str]
    conflicts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"joined": list(self.sessions), "conflicts": list(self.conflicts)}

    def moved(self, moves: Mapping[str, str]) -> "Joined":
        """Return the event after the marks of its conflicts moved to other documents."""
        return replace(self, conflicts=tuple(moves.get(doc_id, doc_id) for doc_id in self.conflicts))

    def describe(self) -> str:
        first, second = map(_shortened, self.sessions)
        n = len(self.conflicts)
        conflicts = "1 conflict" if n == 1 else f"{n:,} conflicts"
        return f"joined the sessions “{first}” and “{second}”: {conflicts} to settle"


@dataclass(frozen=True, slots=True)
class Undone:
    """The last change of marks was undone; query, filters and settings stay."""

    def to_json(self) -> dict[str, Any]:
        return {"undo": True}

    def describe(self) -> str:
        return "took the last change of marks back"


@dataclass(frozen=True, slots=True)
class Redone:
    """The change of marks that was undone last was made again."""

    def to_json(self) -> dict[str, Any]:
        return {"redo": True}

    def describe(self) -> str:
        return "made the change of marks again"


@dataclass(frozen=True, slots=True)
class CheckDrawn:
    """A random check began: unread documents were drawn at random, to be judged whatever the ranking says of them.

    Attributes
    ----------
    doc_ids
        In random order, one of every text. The marks on them have found={"random": number}, where the first check of
        the session on this corpus has number 1.
    n_unread
        The texts that passed the session's filters and had no mark when these were drawn.
    text_hashes
        Of the drawn texts, by ``doc_id``.
    documents
        The SHA-256 of the corpus's documents, of which all unread ones could be drawn; empty if it is not known.
    """

    doc_ids: tuple[str, ...]
    n_unread: int
    text_hashes: Mapping[str, str] = field(default_factory=dict)
    documents: str = ""

    def to_json(self) -> dict[str, Any]:
        documents = {"documents": self.documents} if self.documents else {}
        return {"drawn": list(self.doc_ids), "n_unread": self.n_unread, "texts": dict(self.text_hashes), **documents}

    def describe(self) -> str:
        return f"drew {len(self.doc_ids):,} of {self.n_unread:,} unread documents at random"


@dataclass(frozen=True, slots=True)
class FiltersSet:
    """The session's filters were replaced."""

    filters: Filters

    def to_json(self) -> dict[str, Any]:
        return {"filters": self.filters.to_json()}

    def describe(self) -> str:
        return "cleared the filters" if self.filters == Filters() else "set filters"


@dataclass(frozen=True, slots=True)
class SettingsSet:
    """The session's settings were replaced."""

    settings: Settings

    def to_json(self) -> dict[str, Any]:
        return {"settings": self.settings.to_json()}

    def describe(self) -> str:
        return "changed the settings"


@dataclass(frozen=True, slots=True)
class Named:
    """The session's name was set, or (if empty) removed."""

    name: str

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name}

    def describe(self) -> str:
        return f"named it “{_shortened(self.name)}”" if self.name else "took its name away"


@dataclass(frozen=True, slots=True)
class Opened:
    """The session moved to the corpus that the log stores with the event."""

    def to_json(self) -> dict[str, Any]:
        return {"open": True}

    def describe(self) -> str:
        return "went to this corpus"


Event = (
    Queried
    | DocumentQueried
    | Marked
    | MarksAdded
    | TextsKnown
    | MarksFollowed
    | MarksCleared
    | Noted
    | NotesAdded
    | Joined
    | Undone
    | Redone
    | CheckDrawn
    | FiltersSet
    | SettingsSet
    | Named
    | Opened
)


def texts_in(event: Event) -> tuple[MarkedText, ...]:
    """Return the texts that the log keeps beside an event."""
    if isinstance(event, Marked):
        return () if event.text is None else (event.text,)
    return event.texts if isinstance(event, MarksAdded | TextsKnown) else ()


def _shortened(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def _by(reader: str) -> str:
    return f", by {_shortened(reader)}" if reader else ""
