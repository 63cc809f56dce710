"""The events of a session, a class for every action of a person.

``to_json`` returns the event as the log stores it, and ``event_from_json`` reads it; every version reads the events of
all earlier versions. ``describe`` returns the action in words, which may include typed text and document ids.
"""
# ruff: noqa: D102 - every class has the same two methods, described above

import reprlib
from dataclasses import dataclass
from typing import Any

from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import MARK_NAMES, Feedback, Mark
from exemplar.retrieval.sessions.settings import Settings

_LONGEST = 200  # characters of a query or an id in a description


@dataclass(frozen=True, slots=True)
class Queried:
    """A text became the query."""

    text: str

    def to_json(self) -> dict[str, Any]:
        return {"query": self.text}

    def describe(self) -> str:
        return f"searched “{_shortened(self.text)}”"


@dataclass(frozen=True, slots=True)
class DocumentQueried:
    """A document became the query."""

    doc_id: str

    def to_json(self) -> dict[str, Any]:
        return {"query_document": self.doc_id}

    def describe(self) -> str:
        return f"searched for more like {_shortened(self.doc_id)}"


@dataclass(frozen=True, slots=True)
class Marked:
    """The mark of a document was set, changed, or (None) removed."""

    doc_id: str
    mark: Mark | None

    def to_json(self) -> dict[str, Any]:
        return {"mark": self.mark, "doc_id": self.doc_id}

    def describe(self) -> str:
        doc_id = _shortened(self.doc_id)
        return f"took the mark on {doc_id} back" if self.mark is None else f"marked {doc_id} as {MARK_NAMES[self.mark]}"


@dataclass(frozen=True, slots=True)
class MarksAdded:
    """Marks were added to those of the session; if both mark a document, the new mark counts."""

    marks: Feedback

    def to_json(self) -> dict[str, Any]:
        return {"marks": {"positive": list(self.marks.positives), "negative": list(self.marks.negatives)}}

    def describe(self) -> str:
        n_positives, n_negatives = len(self.marks.positives), len(self.marks.negatives)
        return f"took in marks: {n_positives:,} as relevant, {n_negatives:,} as not relevant"


@dataclass(frozen=True, slots=True)
class MarksCleared:
    """All marks were removed."""

    def to_json(self) -> dict[str, Any]:
        return {"clear_marks": True}

    def describe(self) -> str:
        return "cleared all marks"


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
    | MarksCleared
    | Undone
    | Redone
    | FiltersSet
    | SettingsSet
    | Named
    | Opened
)


def event_from_json(content: Any) -> Event:
    """Return an event of the log from its JSON.

    Raises
    ------
    ExemplarError
        This version does not know the event, or its marks, filters or settings are invalid.
    """
    try:
        return _event(content)
    except ValueError as error:
        raise ExemplarError(str(error)) from error


def _event(content: Any) -> Event:
    match content:
        case {"query": str(text)}:
            return Queried(text)
        case {"query_document": str(doc_id)}:
            return DocumentQueried(doc_id)
        case {"mark": ("positive" | "negative" | None) as mark, "doc_id": str(doc_id)}:
            return Marked(doc_id, mark)
        case {"marks": {"positive": list(positives), "negative": list(negatives)}} if all(
            isinstance(doc_id, str) for doc_id in (*positives, *negatives)
        ):
            return MarksAdded(Feedback(tuple(positives), tuple(negatives)))
        case {"clear_marks": True}:
            return MarksCleared()
        case {"undo": True}:
            return Undone()
        case {"redo": True}:
            return Redone()
        case {"filters": dict(filters)}:
            return FiltersSet(Filters.from_json(filters))
        case {"settings": dict(settings)}:
            return SettingsSet(Settings.from_json(settings))
        case {"name": str(name)}:
            return Named(name)
        case {"open": True}:
            return Opened()
    raise ValueError(f"unknown session event: {reprlib.repr(content)}")


def _shortened(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
