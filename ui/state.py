"""Keep the session of this browser tab: events change it, and the log saves every event."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import streamlit as st

from exemplar.data.corpus.manifest import Manifest
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.encoders.base import VECTOR_KINDS, VectorKind
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Marked,
    MarksAdded,
    MarksCleared,
    Named,
    NotesAdded,
    Opened,
    Queried,
    SettingsSet,
    texts_in,
)
from exemplar.retrieval.sessions.identity import PresentMarks, present_marks
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.session import Session, new_id
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import FAILURES, SessionStore, home_store

T = TypeVar("T")

QUERY_TEXT = "query_text"
PICKED = "picked_point"

_SESSION = "session"
_N_EVENTS = "events_of_the_session"  # its id, and their number in the log as this tab last read it
_UNSAVED = "events_that_could_not_be_saved"  # by corpus, in order; each with its key and the corpus's identity
_CHANGED = "changed_by_a_callback"
_TEXTS = "marked_texts"  # by hash; the log loses them when another tab deletes the session
_PRESENT = "marks_on_the_corpus"
_CORPUS_ID = "identity_of_the_corpus"  # that the page shows, after its name
_VECTORS = "vectors_of_rankings"  # by session and corpus: what was ranked when they were taken, and their kind
_SUCCESSORS = "sessions_that_go_on_for_deleted_ones"  # by the id of the deleted one
_NOTICE = "notice"


def store() -> SessionStore:
    """Return the store of saved sessions."""
    return home_store(notify)


def goes_on_as(session_id: str) -> str:
    """Return the id under which this tab goes on with a session: another one if it was deleted elsewhere."""
    successors: dict[str, str] = st.session_state.get(_SUCCESSORS, {})
    while session_id in successors:
        session_id = successors[session_id]
    return session_id


def current() -> Session | None:
    """Return this tab's session; None before the first one."""
    session: Session | None = st.session_state.get(_SESSION)
    return session


def opened() -> Session:
    """Return the session that this tab has opened."""
    session: Session = st.session_state[_SESSION]
    return session


def take_change() -> bool:
    """Return whether an event was applied since this was last asked."""
    return bool(st.session_state.pop(_CHANGED, False))


def change(event: Event) -> None:
    """Apply an event to the session and save it; if it can't be saved, it still applies, and the page warns."""
    catch_up()
    session = opened()
    event = _dated(event, session)
    corpus, corpus_id = st.session_state.get(_CORPUS_ID, ("", ""))
    _apply(event, corpus_id if corpus == session.corpus else "")


def save(event: Event, key: str) -> None:
    """Save an event and apply it to the session; one whose key the log has already is applied already.

    Raises
    ------
    FAILURES
        It can't be saved, and it is not applied.
    """
    catch_up()
    session = opened()
    corpus, corpus_id = st.session_state.get(_CORPUS_ID, ("", ""))
    corpus_id = corpus_id if corpus == session.corpus else ""
    event = _dated(session.on_texts(event) if isinstance(event, MarksAdded) else event, session)
    _save_unsaved(session)
    if store().record(session, event, key=key, corpus_id=corpus_id):
        _put_after(event, corpus_id)
        _know_one_more(session)  # last: if this run is stopped halfway, the next one reads the log


def save_elsewhere(session: Session, event: Event, key: str, corpus_id: str) -> None:
    """Save an event of another session, or of this one on another corpus; raises one of FAILURES if it can't be."""
    event = session.on_texts(event) if isinstance(event, MarksAdded) else event
    store().record(session, _dated(event, session), key=key, corpus_id=corpus_id)


def _dated(event: Event, session: Session) -> Event:
    """Return the event of marks with its time and reader; a mark on a document as one on its text."""
    if isinstance(event, Marked):
        event = session.on_text(event)
    if not isinstance(event, Marked | MarksAdded):
        return event
    return replace(event, at=datetime.now(UTC).isoformat(), reader=event.reader or session.settings.reader)


def _apply(event: Event, corpus_id: str) -> None:
    """Apply an event on the corpus of an identity to the session and save it, after those that could not be saved."""
    session = opened()
    _put_after(event, corpus_id)
    st.session_state[_UNSAVED].setdefault(session.corpus, []).append((event, new_id(), corpus_id))
    try:
        _save_unsaved(session)
    except FAILURES as error:
        notify(f"This change is on the page but could not be saved: {error}. It lasts as long as this page.")


def _put_after(event: Event, corpus_id: str) -> None:
    session = opened()
    st.session_state[_SESSION] = session.after(event, corpus_id=corpus_id)
    st.session_state[_TEXTS].update((text.text_hash, text) for text in texts_in(event))
    st.session_state[_CHANGED] = True


def _save_unsaved(session: Session) -> None:
    """Save the events of a session that could not be saved before, in order."""
    unsaved: list[tuple[Event, str, str]] = st.session_state[_UNSAVED].get(session.corpus, [])
    while unsaved:
        event, key, corpus_id = unsaved[0]
        if store().record(session, event, key=key, corpus_id=corpus_id):
            _know_one_more(session)
        unsaved.pop(0)


def marks_on(corpus: DocumentStore) -> tuple[Session, PresentMarks]:
    """Return the session and what its marks mean for its corpus as it is now, after what follows from that is saved."""
    session = opened()
    manifest = corpus.manifest
    st.session_state[_CORPUS_ID] = session.corpus, manifest.corpus_id
    now = (manifest.build, manifest.created, manifest.corpus_id, corpus.n_documents)
    marks, at, present = st.session_state.get(_PRESENT, (None, None, None))
    if marks is not session.marks or at != now:
        texts = _marked_texts(session)
        present = present_marks(session.marks, corpus, lambda: texts)
        for event in present.events:
            change(event)
        take_change()  # nobody has clicked
        session = opened()
        st.session_state[_PRESENT] = session.marks, now, present
    return session, present


def vectors_for(session: Session, best: Manifest) -> VectorKind:
    """Return the kind of vectors for a session's ranking: the best that there was when its query was made.

    Parameters
    ----------
    best
        The manifest of the session's corpus with the best vectors that it has now.
    """
    taken = st.session_state.setdefault(_VECTORS, {})
    shown = (session.query, best.corpus_id, best.documents_sha256, best.encoder.model)
    ranked, vectors = taken.get((session.session_id, session.corpus), (None, best.vectors))
    if ranked != shown or VECTOR_KINDS.index(vectors) > VECTOR_KINDS.index(best.vectors):
        vectors = best.vectors
    taken[session.session_id, session.corpus] = shown, vectors
    chosen: VectorKind = vectors
    return chosen


def take_best_vectors() -> None:
    """Rank by the best vectors from the next drawing of the shown session on."""
    session = opened()
    st.session_state.get(_VECTORS, {}).pop((session.session_id, session.corpus), None)


def title_of(session_id: str) -> str:
    """Return the name of a session, else its first query; empty if it has none, or the log can't be read."""
    try:
        return store().title(session_id)
    except FAILURES:
        return ""


def texts_of(session_id: str) -> dict[str, MarkedText]:
    """Return the texts that the log keeps for a session; none if it can't be read."""
    try:
        return store().texts(session_id)
    except FAILURES:
        return {}


def query_text(text: str, *, added: bool = False) -> None:
    """Make a text the query; ``added`` keeps the one before as an earlier query of the same search."""
    take_best_vectors()
    change(Queried(text, added))
    show_query()


def query_document(doc_id: str, text_hash: str) -> None:
    """Make a document the query, with its text of a hash."""
    take_best_vectors()
    change(DocumentQueried(doc_id, text_hash))
    show_query()


def choose_corpus(name: str) -> None:
    """Change to another corpus; each corpus of the session keeps its own query and marks."""
    catch_up()
    session = opened()
    saved = _load(session.session_id, name, name)
    _put(saved or Session(session.session_id, name))
    change(Opened())
    if saved is None and session.settings != Settings():
        change(SettingsSet(session.settings))


def go_to(session: Session) -> None:
    """Make a session the session of this tab."""
    st.session_state.setdefault(_UNSAVED, {})
    if (last := current()) is None or last.session_id != session.session_id:
        st.session_state[_UNSAVED], st.session_state[_TEXTS] = {}, {}
    _put(session)
    _know(session, _count(session))


def follow_session(session_id: str, default_corpus: str) -> None:
    """Make a saved session that of this tab, or a new one if none has the id; an empty id keeps the present one."""
    session = current()
    if session is not None and session_id in ("", session.session_id):
        return
    saved = _load(session_id, None, default_corpus)
    if saved is None:
        begin_new(default_corpus, Settings(reader=_last_reader()))
    else:
        go_to(saved)


def _last_reader() -> str:
    """Return the name that the last reader on this machine gave; empty if nobody gave one, or it was cleared."""
    try:
        return store().last_reader()
    except FAILURES:
        return ""


def begin_new(corpus: str, settings: Settings | None = None) -> None:
    """Begin a new session on a corpus."""
    go_to(Session(new_id(), corpus))
    if settings is not None and settings != Settings():
        change(SettingsSet(settings))


def name_session(session_id: str, name: str) -> None:
    """Give a session a name; raises one of FAILURES if it can't be saved."""
    if session := store().load(session_id):
        store().record(session, Named(name))


def put(key: str, value: T) -> T:
    """Set the value of a widget, and return it.

    An equal value is not set again, since a person may be moving the widget. The widget has to
    begin with it as well: what is clicked in a browser that is just drawing a widget comes with the widget's first
    value, and one that is not this would be taken for a choice.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return value


def take_notice() -> str | None:
    """Return the notice of the last callback, and remove it."""
    notice: str | None = st.session_state.pop(_NOTICE, None)
    return notice


def has_notice() -> bool:
    """Return whether a notice waits for the next drawing of the page."""
    return _NOTICE in st.session_state


def notify(message: str) -> None:
    """Show a sentence at the next drawing, after the sentences that already wait."""
    waiting = st.session_state.get(_NOTICE, "")
    if message not in waiting:
        st.session_state[_NOTICE] = f"{waiting} {message}".strip()


def catch_up() -> None:
    """Read the session again if another tab has changed it; write it again if the log has lost events.

    A session that another tab has deleted continues here as a new one.
    """
    session = opened()
    n_events, n_known = _count(session), _n_known(session)
    if n_events == n_known:
        return
    if n_known is None and not n_events:
        _know(session, 0)
    elif n_known is not None and 0 < n_events < n_known:  # the file was damaged, or replaced by an older one
        _know(session, n_events)
        for event in [MarksCleared(), *_events_of(session)]:
            change(event)
    elif n_events:
        _read_again(session, n_events)
    elif n_known:
        notify("This session was deleted elsewhere. What is on this page goes on as a new one.")
        events = _events_of(session)
        successor = Session(new_id(), session.corpus)
        st.session_state.setdefault(_SUCCESSORS, {})[session.session_id] = successor.session_id
        go_to(successor)
        _apply(Opened(), session.corpus_id)
        for event in events:
            change(event)
        show_query()


def _read_again(session: Session, n_events: int) -> None:
    saved = _load(session.session_id, session.corpus, session.corpus) or session
    if saved.query != session.query:
        _write_query(saved)
    st.session_state[_SESSION] = saved
    _know(session, n_events)  # last, as in save


def _marked_texts(session: Session) -> dict[str, MarkedText]:
    """Return the texts that this tab knows of the session's marks by hash, after reading those that it lacks."""
    texts: dict[str, MarkedText] = st.session_state[_TEXTS]
    if not texts.keys() >= set(session.marks.texts.values()):
        texts.update(texts_of(session.session_id))
    return texts


def _events_of(session: Session) -> list[Event]:
    """Return events that give a new session the query, marks, filters and settings of this one."""
    queries = [] if session.query is None else [*session.earlier, session.query]
    events: list[Event] = [
        DocumentQueried(query.doc_id, query.text_hash, added=True)
        if isinstance(query, DocumentQuery)
        else Queried(query, added=True)
        for query in queries
    ]
    marks, texts = session.marks, _marked_texts(session)
    hashes = marks.texts
    known = tuple(texts[text_hash] for text_hash in dict.fromkeys(hashes.values()) if text_hash in texts)
    added = MarksAdded(
        session.feedback,
        hashes,
        known,
        made=marks.made,
        corpus_ids=marks.corpus_ids,
        found=marks.found,
        readers=dict.fromkeys(session.feedback.marked, "") | marks.readers,
    )
    notes: list[Event] = [NotesAdded(session.notes, session.reasons)] if session.notes or session.reasons else []
    joined: list[Event] = [session.joined] if session.joined else []
    drawn = [check.drawn for check in session.draws]
    filters, settings = FiltersSet(session.filters), SettingsSet(session.settings)
    return [*events, added, *notes, *joined, filters, *drawn, settings]


def _put(session: Session) -> None:
    st.session_state.pop(PICKED, None)  # a document of another corpus may have the same id
    _write_query(session)
    st.session_state[_SESSION] = session


def show_query() -> None:
    """Put the query into its box at the next drawing."""
    _write_query(opened())


def _write_query(session: Session) -> None:
    query = session.query
    st.session_state[QUERY_TEXT] = "" if query is None or isinstance(query, DocumentQuery) else query


def _count(session: Session) -> int:
    """Return the number of events in the log; if it can't be read, the last known number."""
    try:
        return store().count(session.session_id)
    except FAILURES:
        return _n_known(session) or 0


def _n_known(session: Session) -> int | None:
    """Return how many events of the log this tab has read; None if a run was stopped before it could say so.

    Streamlit stops a run for the next one wherever it reads or writes its state.
    """
    session_id, n_events = st.session_state.get(_N_EVENTS, ("", 0))
    return n_events if session_id == session.session_id else None


def _know(session: Session, n_events: int) -> None:
    st.session_state[_N_EVENTS] = session.session_id, n_events


def _know_one_more(session: Session) -> None:
    _know(session, (_n_known(session) or 0) + 1)


def _load(session_id: str, corpus: str | None, if_unreadable: str) -> Session | None:
    """Return the session from the log, with this tab's unsaved events applied; None if it has no events.

    If the log can't be read, an empty session with the same id comes back, so that a reload can read it.
    """
    try:
        saved = store().load(session_id, corpus) if session_id else None
    except FAILURES as error:
        notify(f"The marks of this session could not be read: {error}. The file is untouched; a reload tries again.")
        saved = Session(session_id, if_unreadable)
    session = current()
    unsaved = st.session_state.get(_UNSAVED, {}).get(saved.corpus if saved else corpus, [])
    if not unsaved or session is None or session.session_id != session_id:
        return saved
    saved = saved or Session(session_id, str(corpus))
    for event, _, corpus_id in unsaved:
        saved = saved.after(event, corpus_id=corpus_id)
    return saved
