"""The events of the log from their JSON; every version reads the events of all earlier versions."""

import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
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
    Named,
    Noted,
    NotesAdded,
    Opened,
    Queried,
    Redone,
    SettingsSet,
    TextsKnown,
    Undone,
)
from exemplar.retrieval.sessions.settings import Settings


def event_from_json(content: Any, at: str = "") -> Event:
    """Return an event of the log from its JSON and its time.

    Raises
    ------
    ExemplarError
        This version does not know the event, or its marks, filters or settings are invalid.
    """
    match content:
        case {"query": str(text)}:
            return Queried(text, content.get("added") is True)
        case {"query_document": str(doc_id)}:
            return DocumentQueried(doc_id, _text_in(content, "text") or None, content.get("added") is True)
        case {"mark": ("positive" | "negative" | "unsure" | None) as mark, "doc_id": str(doc_id)}:
            return Marked(
                doc_id,
                mark,
                _text_in(content, "text") or None,
                reader=_text_in(content, "reader"),
                found=_dict(content.get("found")),
                note=_text_in(content, "note"),
                reason=_text_in(content, "reason"),
                replaces=_texts_in(content, "replaces"),
                at=at,
            )
        case {"marks": {"positive": list(positives), "negative": list(negatives)} as marks}:
            unsure = marks.get("unsure", [])
            if isinstance(unsure, list) and _are_texts([*positives, *negatives, *unsure]):
                feedback = Feedback(tuple(positives), tuple(negatives), tuple(unsure))
                found = {doc_id: _dict(way) for doc_id, way in _dict(content.get("found")).items()}
                return MarksAdded(
                    feedback,
                    _text_map(content.get("texts", {})),
                    at=at,
                    made=_text_map(content.get("made", {})),
                    corpus_ids=_text_map(content.get("corpus_ids", {})),
                    taken_back=_texts_in(content, "taken_back"),
                    found=found,
                    found_all=_dict(content.get("found_all")),
                    reader=_text_in(content, "reader"),
                    readers=_text_map(content.get("readers", {})),
                )
        case {"texts_known": dict(text_hashes)}:
            return TextsKnown(_text_map(text_hashes))
        case {"followed": dict(moves)}:
            return MarksFollowed(_text_map(moves))
        case {"clear_marks": True}:
            return MarksCleared()
        case {"noted": str(note), "doc_id": str(doc_id)}:
            reason = _text_in(content, "reason") if "reason" in content else None
            return Noted(doc_id, note, _text_in(content, "text") or None, reason)
        case {"notes": dict(notes)}:
            return NotesAdded(_text_map(notes), _text_map(content.get("reasons", {})))
        case {"joined": [str(first), str(second)]}:
            return Joined((first, second), _texts_in(content, "conflicts"))
        case {"undo": True}:
            return Undone()
        case {"redo": True}:
            return Redone()
        case {"drawn": list(doc_ids), "n_unread": int(n_unread)} if _are_texts(doc_ids) and n_unread is not True:
            texts = _text_map(content.get("texts", {}))
            return CheckDrawn(tuple(doc_ids), n_unread, texts, _text_in(content, "documents"))
        case {"filters": dict(filters)}:
            return FiltersSet(Filters.from_json(filters))
        case {"settings": dict(settings)}:
            return SettingsSet(Settings.from_json(settings))
        case {"name": str(name)}:
            return Named(name)
        case {"open": True}:
            return Opened()
    raise _unknown(content)


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _text_in(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


def _dict(content: Any) -> dict[str, Any]:
    return content if isinstance(content, dict) else {}


def _texts_in(content: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = content.get(name, [])
    if not isinstance(value, list) or not _are_texts(value):
        raise _unknown(content)
    return tuple(value)


def _text_map(content: Any) -> dict[str, str]:
    if not isinstance(content, dict) or not _are_texts(content.values()):
        raise _unknown(content)
    return content


def _unknown(content: Any) -> ExemplarError:
    return ExemplarError(f"unknown session event: {reprlib.repr(content)}")
