"""Keep the session of this browser tab: the address names it, events change it, and the log saves every event."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

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
    MarksFollowed,
    Named,
    Opened,
    Queried,
    Redone,
    SettingsSet,
    TextsKnown,
    Undone,
    texts_in,
)
from exemplar.retrieval.sessions.identity import PresentMarks, present_marks
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.session import Session, new_id
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import FAILURES, SessionStore, home_store

QUERY_TEXT = "query_text"
PAGE = "page"
N_TURNS = "page_turns"  # by the program; each makes a new widget, which begins at the page
JUMP = "jump_to"
VIEW, RESULTS = "view", "Results"
ROWS_OPENED = "rows_opened"
PICKED = "picked_point"

_SESSION = "session"
_N_EVENTS = "events_of_the_session"  # in the log, as this tab last read it
_UNSAVED = "events_that_could_not_be_saved"  # by corpus, in order; each with its key and the corpus's identity
_CHANGED = "changed_by_a_callback"
_TEXTS = "marked_texts"  # by hash; the log loses them when another tab deletes the session
_PRESENT = "marks_on_the_corpus"
_CORPUS_ID = "identity_of_the_corpus"  # that the page shows, after its name
_VECTORS = "vectors_of_rankings"  # by session and corpus: what was ranked when they were taken, and their kind
_ADDRESS = "address_as_written"
_NOTICE = "notice"

_IN_ADDRESS = ("session", "corpus", "q", "like")
# After these events the results stay on their page.
_KEEPING_THE_PAGE = (Marked, MarksAdded, TextsKnown, MarksFollowed, MarksCleared, Undone, Redone, Named)
_LONGEST = 300  # characters of a query or an id in the address; the session keeps longer ones too


def store() -> SessionStore:
    """Return the store of saved sessions."""
    return home_store(notify)


def follow_address(corpora: Sequence[str]) -> Session:
    """Return this tab's session: the one in the address, else the current one, else a new one.

    The session includes the changes that other tabs have made to it.
    """
    address = {key: st.query_params[key] for key in _IN_ADDRESS if key in st.query_params}
    # A click may arrive with the address of the page on which it was made; it must not lead back there.
    clicked = st.session_state.pop(_CHANGED, False)
    if current() is None or (address != st.session_state.get(_ADDRESS) and not clicked):
        _follow(address, corpora)
    else:
        _catch_up()
    st.session_state.pop(_CHANGED, None)
    session: Session = st.session_state[_SESSION]
    _write_address(session)
    return session


def current() -> Session | None:
    """Return this tab's session; None before the first one."""
    session: Session | None = st.session_state.get(_SESSION)
    return session


def change(event: Event) -> None:
    """Apply an event to the session and save it; if it can't be saved, it still applies, and the page warns."""
    _catch_up()
    session: Session = st.session_state[_SESSION]
    if isinstance(event, Marked):
        event = session.on_text(event)
    if isinstance(event, Marked | MarksAdded):
        event = replace(event, at=datetime.now(UTC).isoformat())
    corpus, corpus_id = st.session_state.get(_CORPUS_ID, ("", ""))
    _apply(event, corpus_id if corpus == session.corpus else "")


def _apply(event: Event, corpus_id: str) -> None:
    """Apply an event on the corpus of an identity to the session and save it, after those that could not be saved."""
    session: Session = st.session_state[_SESSION]
    st.session_state[_SESSION] = session.after(event, corpus_id=corpus_id)
    st.session_state[_TEXTS].update((text.text_hash, text) for text in texts_in(event))
    st.session_state[_CHANGED] = True
    if not isinstance(event, _KEEPING_THE_PAGE):  # the results change
        turn_to(1)
    unsaved: list[tuple[Event, str, str]] = st.session_state[_UNSAVED].setdefault(session.corpus, [])
    unsaved.append((event, new_id(), corpus_id))
    try:
        while unsaved:  # events that failed before come first
            first, key, its_corpus_id = unsaved[0]
            store().record(session, first, key=key, corpus_id=its_corpus_id)
            st.session_state[_N_EVENTS] += 1
            unsaved.pop(0)
    except FAILURES as error:
        notify(f"This change is on the page but could not be saved: {error}. It lasts as long as this page.")


def marks_on(corpus: DocumentStore) -> tuple[Session, PresentMarks]:
    """Return the session and what its marks mean for its corpus as it is now, after what follows from that is saved."""
    session: Session = st.session_state[_SESSION]
    manifest = corpus.manifest
    st.session_state[_CORPUS_ID] = session.corpus, manifest.corpus_id
    now = (manifest.build, manifest.created, manifest.corpus_id, corpus.n_documents)
    marks, at, present = st.session_state.get(_PRESENT, (None, None, None))
    if marks is not session.marks or at != now:
        texts = _marked_texts(session)
        present = present_marks(session.marks, corpus, lambda: texts)
        for event in present.events:
            change(event)
        st.session_state.pop(_CHANGED, None)  # nobody has clicked
        session = st.session_state[_SESSION]
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
    session: Session = st.session_state[_SESSION]
    st.session_state.get(_VECTORS, {}).pop((session.session_id, session.corpus), None)


def texts_of(session_id: str) -> dict[str, MarkedText]:
    """Return the texts that the log keeps for a session; none if it can't be read."""
    try:
        return store().texts(session_id)
    except FAILURES:
        return {}


def query_typed_text() -> None:
    """Make the typed text the query."""
    text = st.session_state[QUERY_TEXT].strip()
    if text:
        take_best_vectors()
        change(Queried(text))
    else:
        notify("Type what you are looking for, then press Enter.")


def query_document(doc_id: str, text_hash: str) -> None:
    """Make a document the query, with its text of a hash."""
    take_best_vectors()
    change(DocumentQueried(doc_id, text_hash))
    _show_query()


def choose_corpus(name: str) -> None:
    """Change to another corpus; each corpus of the session keeps its own query and marks."""
    _catch_up()
    session: Session = st.session_state[_SESSION]
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
    st.session_state[_N_EVENTS] = _count(session.session_id)


def begin_new(corpus: str) -> None:
    """Begin a new session; on a phone it has one column, since two do not fit."""
    go_to(Session(new_id(), corpus))
    if "Mobi" in st.context.headers.get("User-Agent", ""):
        change(SettingsSet(Settings(rankers=Settings().rankers[-1:])))


def name_session(session_id: str, name: str) -> None:
    """Give a session a name; raises one of FAILURES if it can't be saved."""
    if session := store().load(session_id):
        store().record(session, Named(name))


def jump_to(doc_id: str) -> None:
    """Show the row of a document at the next drawing."""
    st.session_state[JUMP] = doc_id
    st.session_state[VIEW] = RESULTS


def turn_to(page: int) -> None:
    """Show a page of the results at the next drawing."""
    st.session_state[PAGE] = page
    st.session_state[N_TURNS] = st.session_state.get(N_TURNS, 0) + 1


def put(key: str, value: object) -> None:
    """Set the value of a widget; an equal value is not set again, since a person may be moving the widget."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def take_notice() -> str | None:
    """Return the notice of the last callback, and remove it."""
    notice: str | None = st.session_state.pop(_NOTICE, None)
    return notice


def notify(message: str) -> None:
    """Show a sentence at the next drawing, after the sentences that already wait."""
    waiting = st.session_state.get(_NOTICE, "")
    if message not in waiting:
        st.session_state[_NOTICE] = f"{waiting} {message}".strip()


def _follow(address: dict[str, str], corpora: Sequence[str]) -> None:
    """Take the session, the corpus and the query from an address; keep those that it does not name."""
    _follow_session(address.get("session", ""), corpora[0])
    _follow_corpus(address.get("corpus", ""), corpora)
    session: Session = st.session_state[_SESSION]
    if (text := address.get("q", "").strip()) and text != session.query:
        change(Queried(text))
    elif (doc_id := address.get("like")) and DocumentQuery(doc_id) != session.query:
        change(DocumentQueried(doc_id))
    _show_query()


def _follow_session(session_id: str, default_corpus: str) -> None:
    session = current()
    if session is not None and session_id in ("", session.session_id):
        return
    saved = _load(session_id, None, default_corpus)
    if saved is None:
        begin_new(default_corpus)
    else:
        go_to(saved)


def _follow_corpus(corpus: str, corpora: Sequence[str]) -> None:
    session: Session = st.session_state[_SESSION]
    if corpus and corpus not in corpora and corpus != session.corpus:
        notify(f"There is no corpus '{corpus}' here.")
    elif corpus and corpus != session.corpus:
        choose_corpus(corpus)


def _catch_up() -> None:
    """Read the session again if another tab has changed it; write it again if the log has lost events.

    A session that another tab has deleted continues here as a new one.
    """
    session: Session = st.session_state[_SESSION]
    n_events, n_known = _count(session.session_id), st.session_state[_N_EVENTS]
    if n_events == n_known:
        return
    if 0 < n_events < n_known:  # the file was damaged, or replaced by an older one
        st.session_state[_N_EVENTS] = n_events
        for event in [MarksCleared(), *_events_of(session)]:
            change(event)
    elif n_events:
        _read_again(session, n_events)
    elif n_known:
        notify("This session was deleted elsewhere. What is on this page goes on as a new one.")
        events = _events_of(session)
        go_to(Session(new_id(), session.corpus))
        _apply(Opened(), session.corpus_id)
        for event in events:
            change(event)
        _show_query()


def _read_again(session: Session, n_events: int) -> None:
    saved = _load(session.session_id, session.corpus, session.corpus) or session
    st.session_state[_N_EVENTS], st.session_state[_SESSION] = n_events, saved
    if saved.query != session.query:
        _show_query()
    if (saved.query, saved.filters, saved.settings) != (session.query, session.filters, session.settings):
        turn_to(1)


def _marked_texts(session: Session) -> dict[str, MarkedText]:
    """Return the texts that this tab knows of the session's marks by hash, after reading those that it lacks."""
    texts: dict[str, MarkedText] = st.session_state[_TEXTS]
    if not texts.keys() >= set(session.marks.texts.values()):
        texts.update(texts_of(session.session_id))
    return texts


def _events_of(session: Session) -> list[Event]:
    """Return events that give a new session the query, marks, filters and settings of this one."""
    query = session.query
    events: list[Event] = []
    if isinstance(query, DocumentQuery):
        events.append(DocumentQueried(query.doc_id, query.text_hash))
    elif query is not None:
        events.append(Queried(query))
    marks, texts = session.marks, _marked_texts(session)
    hashes = marks.texts
    known = tuple(texts[text_hash] for text_hash in dict.fromkeys(hashes.values()) if text_hash in texts)
    added = MarksAdded(session.feedback, hashes, known, made=marks.made, corpus_ids=marks.corpus_ids)
    return [*events, added, FiltersSet(session.filters), SettingsSet(session.settings)]


def _write_address(session: Session) -> None:
    """Write session, corpus and query into the address."""
    address = {"session": session.session_id, "corpus": session.corpus}
    query = session.query
    key, text = ("like", query.doc_id) if isinstance(query, DocumentQuery) else ("q", query)
    if text and len(text) <= _LONGEST:
        address[key] = text
    st.session_state[_ADDRESS] = address
    others = {key: st.query_params[key] for key in st.query_params if key not in _IN_ADDRESS}
    if address | others != st.query_params.to_dict():
        st.query_params.from_dict(address | others)


def _put(session: Session) -> None:
    st.session_state[_SESSION] = session
    for key in (ROWS_OPENED, PICKED):  # documents of another corpus may have the same ids
        st.session_state.pop(key, None)
    _show_query()


def _show_query() -> None:
    query = st.session_state[_SESSION].query
    st.session_state[QUERY_TEXT] = "" if query is None or isinstance(query, DocumentQuery) else query


def _count(session_id: str) -> int:
    """Return the number of events in the log; if it can't be read, the last known number."""
    try:
        return store().count(session_id)
    except FAILURES:
        return int(st.session_state.get(_N_EVENTS, 0))


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
