"""Sessions: the same events as on the page, in the same log, so that both can go on with one session."""

import threading
from collections.abc import Mapping
from typing import Any

from exemplar.api.answers import SessionNotFound
from exemplar.api.engines import Engines
from exemplar.api.schemas import MARK_KEYS
from exemplar.api.searching import K, query_in, query_json, ranking_answer, whole
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import CorpusNotFound, ExemplarError
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.saved_search.making import learned_ranker
from exemplar.retrieval.sessions.events import DocumentQueried, Event, Opened, Queried, Redone, SettingsSet, Undone
from exemplar.retrieval.sessions.identity import PresentMarks, present_marks, query_state
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import home_store

writing = threading.Lock()  # what an event says may depend on the events before it


def sessions(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """List the saved sessions, the last changed first."""
    return {
        "sessions": [
            {
                "session_id": saved.session_id,
                "title": saved.title,
                "name": saved.name,
                "corpus": saved.corpus,
                "began": saved.began,
                "changed": saved.changed,
                "n_events": saved.n_events,
            }
            for saved in home_store().saved()
        ]
    }


def begin(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Begin a session."""
    corpus = engines.engine(given["corpus"]).corpus
    events: list[Event] = [Opened()]
    if reader := given.get("reader"):
        events.append(SettingsSet(Settings(reader=reader)))
    if "query" in given or "document" in given:
        events.append(_queried(query_in(given), corpus))
    session_id = home_store().begin(given["corpus"], events, corpus.manifest.corpus_id)
    return show(engines, {"session_id": session_id})


def show(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a session: its query, marks, notes and settings."""
    session = loaded(given["session_id"])
    try:
        present = _present(session, engines.engine(session.corpus).corpus)
    except CorpusNotFound:
        return _session_json(session, dict.fromkeys(session.marks.marked, "gone"))
    return _session_json(session.after(*present.events), present.states)


def query(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give a session another query."""
    with writing:
        session, corpus = opened(engines, given["session_id"])
        record(session, _queried(query_in(given), corpus, added=given.get("added", False)), corpus)
    return show(engines, given)


def undo(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the last change of marks back."""
    return _step(engines, given, Undone())


def redo(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make the change of marks again that was taken back last."""
    return _step(engines, given, Redone())


def ranking(engines: Engines, given: Mapping[str, Any]) -> dict[str, Any]:
    """Rank by the query, marks, filters and settings of a session."""
    session = loaded(given["session_id"])
    engine = engines.engine(session.corpus)
    present = _present(session, engine.corpus)
    if session.query is None:
        raise ExemplarError("the session has no query; give it one, then rank")
    if state := query_state(session.query, engine.corpus):
        raise ExemplarError(f"the document that is the session's query is {_LOST[state]}; give it another query")
    settings = session.settings
    found = engine.search(
        session.query,
        present.feedback,
        ranker=given.get("ranker") or learned_ranker(session, engine),
        k=whole(given, "k", K),
        skip=whole(given, "skip", 0),
        C=settings.C,
        filters=session.filters,
        without=present.feedback.marked if settings.hide_marked else (),
        earlier=[each for each in session.earlier if query_state(each, engine.corpus) is None],
    )
    return ranking_answer(found, engine)


_LOST = {"gone": "no longer in the corpus", "changed": "another text now"}


def opened(engines: Engines, session_id: str) -> tuple[Session, DocumentStore]:
    """Return a session whose marks have followed their texts, and its corpus."""
    session = loaded(session_id)
    corpus = engines.engine(session.corpus).corpus
    for event in _present(session, corpus).events:
        record(session, event, corpus)
        session = session.after(event, corpus_id=corpus.manifest.corpus_id)
    return session, corpus


def record(session: Session, event: Event, corpus: DocumentStore) -> None:
    """Write an event of a session to the log."""
    home_store().record(session, event, corpus_id=corpus.manifest.corpus_id)


def _step(engines: Engines, given: Mapping[str, Any], event: Undone | Redone) -> dict[str, Any]:
    with writing:
        session, corpus = opened(engines, given["session_id"])
        if not (session.marks.past if isinstance(event, Undone) else session.marks.future):
            raise ExemplarError("there is no change of marks to " + ("undo" if isinstance(event, Undone) else "redo"))
        record(session, event, corpus)
    return show(engines, given)


def loaded(session_id: str) -> Session:
    """Return a session; raises SessionNotFound if the log does not have it."""
    session = home_store().load(session_id)
    if session is None:
        raise SessionNotFound(f"there is no session '{session_id[:80]}'; it may have been deleted")
    return session


def _present(session: Session, corpus: DocumentStore) -> PresentMarks:
    return present_marks(session.marks, corpus, lambda: home_store().texts(session.session_id))


def _queried(query: Query, corpus: DocumentStore, *, added: bool = False) -> Event:
    """Return the event of a query; raises ExemplarError if the corpus does not have its document."""
    if isinstance(query, DocumentQuery):
        [text_hash] = corpus.text_hashes([corpus.row(query.doc_id)])
        return DocumentQueried(query.doc_id, text_hash, added)
    return Queried(query, added)


def _session_json(session: Session, states: Mapping[str, str]) -> dict[str, Any]:
    marks, mark_of = session.marks, {doc_id: mark for mark, ids in session.feedback.by_mark() for doc_id in ids}
    made, readers = marks.made, marks.readers
    return {
        "session_id": session.session_id,
        "corpus": session.corpus,
        "title": home_store().title(session.session_id),
        "query": session.query and query_json(session.query),
        "earlier": [query_json(each) for each in session.earlier],
        "marks": [
            {
                "doc_id": doc_id,
                "mark": MARK_KEYS[mark_of[doc_id]],
                "made": made.get(doc_id, ""),
                "reader": readers.get(doc_id, ""),
                "state": states.get(doc_id, "present"),
            }
            for doc_id in marks.order
        ],
        "notes": dict(session.notes),
        "reasons": dict(session.reasons),
        "filters": session.filters.to_json(),
        "settings": session.settings.to_json(),
    }
