"""Begin a session on a corpus with a saved search: query, settings, and marks, which go by their texts."""

from collections.abc import Iterator, Mapping

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.saved_search.applying import query_on, rows_with
from exemplar.retrieval.saved_search.saved import SavedMark, SavedSearch
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    MarksAdded,
    Named,
    NotesAdded,
    Queried,
    SettingsSet,
)
from exemplar.retrieval.sessions.identity import id_aside
from exemplar.retrieval.sessions.settings import Settings


def events_on(saved: SavedSearch, corpus: DocumentStore) -> list[Event]:
    """Return the events of a new session on a corpus that goes on with a saved search.

    A mark is on the document that has its text. Where none has it, it keeps the text and trains by it, under an id that
    no document has. Filters stay behind: they name columns of the other corpus.
    """
    events: list[Event] = [Named(f"{saved.title} on {corpus.manifest.name}")] if saved.title else []
    events += [] if saved.settings == Settings() else [SettingsSet(saved.settings)]
    events += _queries(saved, corpus)
    marks = _by_id(saved, corpus)
    if marks:
        events.append(_marks_added(marks))
    notes = {doc_id: mark.note for doc_id, mark in marks.items() if mark.note}
    reasons = {doc_id: mark.reason for doc_id, mark in marks.items() if mark.reason}
    return [*events, NotesAdded(notes, reasons)] if notes or reasons else events


def _queries(saved: SavedSearch, corpus: DocumentStore) -> Iterator[Event]:
    for number, query in enumerate((*saved.earlier, saved.query)):
        here, added = query_on(query, corpus), number > 0
        if isinstance(here, DocumentQuery):
            yield DocumentQueried(here.doc_id, here.text_hash, added)
        else:
            yield Queried(here, added)


def _by_id(saved: SavedSearch, corpus: DocumentStore) -> dict[str, SavedMark]:
    """Return the marks of a saved search by the ids that they have on a corpus."""
    rows = rows_with(corpus, [mark.document for mark in saved.marks])
    here = {text_hash: corpus.doc_ids(of_text[:1])[0] for text_hash, of_text in rows.items()}
    taken = {*corpus.rows_of(mark.document.doc_id for mark in saved.marks), *here.values()}
    found: dict[str, SavedMark] = {}
    for mark in saved.marks:
        doc_id, text_hash = mark.document.doc_id, mark.document.text_hash
        found[here.get(text_hash) or (id_aside(doc_id, text_hash) if doc_id in taken else doc_id)] = mark
    return found


def _marks_added(marks: Mapping[str, SavedMark]) -> MarksAdded:
    by_mark: dict[Mark, list[str]] = {"positive": [], "negative": [], "unsure": []}
    for doc_id, mark in marks.items():
        by_mark[mark.mark].append(doc_id)
    return MarksAdded(
        Feedback(*map(tuple, by_mark.values())),
        {doc_id: mark.document.text_hash for doc_id, mark in marks.items()},
        tuple(mark.document.marked_text for mark in marks.values()),
        made={doc_id: mark.made for doc_id, mark in marks.items() if mark.made},
        readers={doc_id: mark.reader for doc_id, mark in marks.items() if mark.reader},
        found_all={"import": "a saved search"},
    )
