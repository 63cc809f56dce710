"""Marks, notes and reasons that a request sets, in one step."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from exemplar.api.engines import Engines
from exemplar.api.schemas import MARKS
from exemplar.api.sessions import opened, record, show, writing
from exemplar.data.corpus.store import DocumentStore, row_in
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.copies.exact import checked_marks
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Event, Marked, MarksAdded, Noted, NotesAdded
from exemplar.retrieval.sessions.marks import marked_texts
from exemplar.retrieval.sessions.session import Session

Item = Mapping[str, Any]


def mark(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Mark documents, take marks back, and note on them; marks on copies of a text are one mark."""
    items = given["marks"]
    twice = [doc_id for doc_id, n in Counter(item["doc_id"] for item in items).items() if n > 1]
    if twice:
        raise ExemplarError(f"the document '{twice[0]}' stands more than once in 'marks'; name it once")
    with writing:
        session, corpus = opened(engines, given["session_id"])
        _check_known(items, session, corpus)
        reader = given.get("reader") or session.settings.reader
        for event in (*_marked(items, session, corpus, reader), *_noted(items, corpus)):
            record(session, event, corpus)
    return show(engines, given)


def _check_known(items: Sequence[Item], session: Session, corpus: DocumentStore) -> None:
    """Raise ExemplarError unless each document is in the corpus; a mark on one that is gone can be taken back."""
    rows = corpus.rows_of(item["doc_id"] for item in items)
    for item in items:
        if item.get("mark") or item["doc_id"] not in session.marks.marked:
            row_in(rows, item["doc_id"], corpus.manifest.name)


def _marked(items: Sequence[Item], session: Session, corpus: DocumentStore, reader: str) -> list[Event]:
    """Return the event of the marks that are set or taken back, if any are."""
    groups = (tuple(item["doc_id"] for item in items if item.get("mark") == name) for name in MARKS)
    marks = checked_marks(Feedback(*groups), corpus)
    taken_back = _taken_back(items, session, corpus)
    if not (marks.marked or taken_back):
        return []
    rows = corpus.rows_of(marks.marked)
    texts = dict(zip(rows, marked_texts(corpus, list(rows.values())), strict=True))
    found = {item["doc_id"]: way for item in items if item["doc_id"] in rows and (way := _way(item))}
    concerned = marks.marked + taken_back
    if len(concerned) > 1:
        hashes = {doc_id: text.text_hash for doc_id, text in texts.items()}
        added = MarksAdded(marks, hashes, tuple(texts.values()), taken_back=taken_back, found=found, reader=reader)
        return [session.on_texts(added)]
    [doc_id] = concerned
    text = texts.get(doc_id)
    text_hash = None if text is None else text.text_hash
    way = found.get(doc_id, {})
    return [session.on_text(Marked(doc_id, marks.mark_of(doc_id), text_hash, text, reader, way))]


def _taken_back(items: Sequence[Item], session: Session, corpus: DocumentStore) -> tuple[str, ...]:
    """Return the marked documents whose marks are taken back: copies share a mark, whichever is named."""
    doc_ids = [item["doc_id"] for item in items if "mark" in item and item["mark"] is None]
    hashes = set(corpus.text_hashes(list(corpus.rows_of(doc_ids).values())))
    marked = [doc_id for doc_id in doc_ids if doc_id in session.marks.marked]
    return tuple(dict.fromkeys([*marked, *session.marks.on_texts(hashes)]))


def _way(item: Item) -> dict[str, Any]:
    """Return how a row was found, as far as the request says it."""
    rank = {"rank": int(item["rank"])} if "rank" in item and "list" in item else {}
    return {"list": item["list"]} | rank if "list" in item else {}


def _noted(items: Sequence[Item], corpus: DocumentStore) -> list[Event]:
    """Return the event of the notes and reasons that are set or removed, if any are."""
    notes = {item["doc_id"]: item["note"] for item in items if "note" in item}
    reasons = {item["doc_id"]: item["reason"] for item in items if "reason" in item}
    if len(notes) == 1 and reasons.keys() <= notes.keys():
        [(doc_id, note)] = notes.items()
        hashes = corpus.text_hashes(list(corpus.rows_of([doc_id]).values()))
        return [Noted(doc_id, note, hashes[0] if hashes else None, reasons.get(doc_id))]
    return [NotesAdded(notes, reasons)] if notes or reasons else []
