"""The session of this browser tab: named by the address, changed by events, logged as it changes."""

import sqlite3
from collections.abc import Sequence
from functools import reduce

import streamlit as st

from exemplar.data.errors import ExemplarError
from exemplar.data.home import home_folder
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Marked,
    MarksAdded,
    MarksCleared,
    Named,
    Opened,
    Queried,
    Redone,
    SettingsSet,
    Undone,
)
from exemplar.retrieval.sessions.session import Session, new_id
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore

FAILURES = (sqlite3.Error, OSError, ExemplarError)  # of the file of sessions

QUERY_TEXT = "query_text"
PAGE = "page"
N_TURNS = "page_turns"  # made by the program: a new widget then, which begins at the page
JUMP = "jump_to"
VIEW, RESULTS = "view", "Results"
ROWS_OPENED = "rows_opened"
PICKED = "picked_point"

_SESSION = "session"
_N_EVENTS = "events_of_the_session"  # in the log, as far as this tab knows
_UNSAVED = "events_that_could_not_be_saved"  # by corpus, in order
_CHANGED = "changed_by_a_callback"
_ADDRESS = "address_as_written"
_NOTICE = "notice"

_IN_ADDRESS = ("session", "corpus", "q", "like")
_OF_MARKS_OR_NAME = (Marked, MarksAdded, MarksCleared, Undone, Redone, Named)
_LONGEST = 300  # characters of a query, or of a document's id, that the address carries; the session has all of it


def store() -> SessionStore:
    """Return the log in which sessions are kept."""
    return SessionStore(home_folder() / "sessions.sqlite", on_damage=notify)


def open_session(corpora: Sequence[str]) -> Session:
    """Return this tab's session as it stands: what the address names, else the one there was, else a new one.

    What another tab has done to the session since is there too.
    """
    asked = {key: st.query_params[key] for key in _IN_ADDRESS if key in st.query_params}
    # A click may carry the address of the page on which it was made; it does not lead there.
    clicked = st.session_state.pop(_CHANGED, False)
    if current() is None or (asked != st.session_state.get(_ADDRESS) and not clicked):
        _follow(asked, corpora)
    else:
        _catch_up()
    st.session_state.pop(_CHANGED, None)
    session: Session = st.session_state[_SESSION]
    _write_address(session)
    return session


def current() -> Session | None:
    """Return this tab's session; None before it has one."""
    session: Session | None = st.session_state.get(_SESSION)
    return session


def change(event: Event) -> None:
    """Change the session and log the change; a change that can't be saved is made too, and the page says so."""
    _catch_up()
    session: Session = st.session_state[_SESSION]
    st.session_state[_SESSION] = session.after(event)
    st.session_state[_CHANGED] = True
    if not isinstance(event, _OF_MARKS_OR_NAME):  # the results are others
        turn_to(1)
    unsaved: list[Event] = st.session_state[_UNSAVED].setdefault(session.corpus, [])
    unsaved.append(event)
    try:
        while unsaved:  # what could not be saved before goes first
            store().record(session, unsaved[0])
            st.session_state[_N_EVENTS] += 1
            unsaved.pop(0)
    except FAILURES as error:
        notify(f"This change is on the page but could not be saved: {error}. It lasts as long as this page.")


def ask() -> None:
    """Take the typed text as the query."""
    text = st.session_state[QUERY_TEXT].strip()
    if text:
        change(Queried(text))
    else:
        notify("Type what you are looking for, then press Enter.")


def ask_document(doc_id: str) -> None:
    """Take a document as the query: more like this."""
    change(DocumentQueried(doc_id))
    _show_query()


def choose_corpus(name: str) -> None:
    """Go to another corpus; query and marks on the one left behind are there again on the way back."""
    _catch_up()
    session: Session = st.session_state[_SESSION]
    there = _load(session.session_id, name, name)
    _put(there or Session(session.session_id, name))
    change(Opened())
    if there is None and session.settings != Settings():
        change(SettingsSet(session.settings))


def go_to(session: Session) -> None:
    """Make a session this tab's."""
    st.session_state.setdefault(_UNSAVED, {})
    if (last := current()) is None or last.session_id != session.session_id:
        st.session_state[_UNSAVED] = {}
    _put(session)
    st.session_state[_N_EVENTS] = _count(session.session_id)


def begin_new(corpus: str) -> None:
    """Begin a new session; a phone, which has no room for two columns, begins with one."""
    go_to(Session(new_id(), corpus))
    if "Mobi" in st.context.headers.get("User-Agent", ""):
        change(SettingsSet(Settings(rankers=Settings().rankers[-1:])))


def name_session(session_id: str, name: str) -> None:
    """Give a session a name; raises one of FAILURES if it can't be saved."""
    if session := store().load(session_id):
        store().record(session, Named(name))


def jump_to(doc_id: str) -> None:
    """Have the page show a document's row next."""
    st.session_state[JUMP] = doc_id
    st.session_state[VIEW] = RESULTS


def turn_to(page: int) -> None:
    """Show a page of the results next."""
    st.session_state[PAGE] = page
    st.session_state[N_TURNS] = st.session_state.get(N_TURNS, 0) + 1


def put(key: str, value: object) -> None:
    """Have a widget show what the session says; one that does is left alone, as a hand may be moving it."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def take_notice() -> str | None:
    """Return what the last callback had to say, once."""
    notice: str | None = st.session_state.pop(_NOTICE, None)
    return notice


def notify(message: str) -> None:
    """Say a sentence on the page when it is drawn next, behind those that wait to be said."""
    waiting = st.session_state.get(_NOTICE, "")
    if message not in waiting:
        st.session_state[_NOTICE] = f"{waiting} {message}".strip()


def _follow(asked: dict[str, str], corpora: Sequence[str]) -> None:
    """Go where an address leads: to a session, a corpus and a query. What it doesn't name stays as it is."""
    session_id, corpus = asked.get("session", ""), asked.get("corpus", "")
    session = current()
    if session is None or session_id not in ("", session.session_id):
        there = _load(session_id, None, corpora[0])
        if there is None:
            begin_new(corpora[0])
        else:
            go_to(there)
    session = st.session_state[_SESSION]
    if corpus and corpus not in corpora and corpus != session.corpus:
        notify(f"There is no corpus '{corpus}' here.")
    elif corpus and corpus != session.corpus:
        choose_corpus(corpus)
    session = st.session_state[_SESSION]
    if (text := asked.get("q", "").strip()) and text != session.query:
        change(Queried(text))
    elif (doc_id := asked.get("like")) and DocumentQuery(doc_id) != session.query:
        change(DocumentQueried(doc_id))
    _show_query()


def _catch_up() -> None:
    """Read the session anew if another tab has changed it; what the log has lost since, it gets from here.

    A session that was deleted there goes on here as a new one.
    """
    session: Session = st.session_state[_SESSION]
    n_events, n_known = _count(session.session_id), st.session_state[_N_EVENTS]
    if n_events == n_known:
        return
    if 0 < n_events < n_known:  # its file was damaged, or an older one was put back
        st.session_state[_N_EVENTS] = n_events
        for event in [MarksCleared(), *_events_of(session)]:
            change(event)
    elif n_events:
        now = _load(session.session_id, session.corpus, session.corpus) or session
        st.session_state[_N_EVENTS], st.session_state[_SESSION] = n_events, now
        if now.query != session.query:
            _show_query()
        if (now.query, now.filters, now.settings) != (session.query, session.filters, session.settings):
            turn_to(1)
    elif n_known:
        notify("This session was deleted elsewhere. What is on this page goes on as a new one.")
        go_to(Session(new_id(), session.corpus))
        for event in _events_of(session):
            change(event)
        _show_query()


def _events_of(session: Session) -> list[Event]:
    """Return events that make a new session what this one is."""
    query = session.query
    events: list[Event] = []
    if query is not None:
        events.append(DocumentQueried(query.doc_id) if isinstance(query, DocumentQuery) else Queried(query))
    return [*events, MarksAdded(session.feedback), FiltersSet(session.filters), SettingsSet(session.settings)]


def _write_address(session: Session) -> None:
    """Have the address lead to what is on the page."""
    wanted = {"session": session.session_id, "corpus": session.corpus}
    query = session.query
    key, text = ("like", query.doc_id) if isinstance(query, DocumentQuery) else ("q", query)
    if text and len(text) <= _LONGEST:
        wanted[key] = text
    st.session_state[_ADDRESS] = wanted
    others = {key: st.query_params[key] for key in st.query_params if key not in _IN_ADDRESS}
    if wanted | others != st.query_params.to_dict():
        st.query_params.from_dict(wanted | others)


def _put(session: Session) -> None:
    st.session_state[_SESSION] = session
    for key in (ROWS_OPENED, PICKED):  # documents of another corpus may have the same ids
        st.session_state.pop(key, None)
    _show_query()


def _show_query() -> None:
    query = st.session_state[_SESSION].query
    st.session_state[QUERY_TEXT] = "" if query is None or isinstance(query, DocumentQuery) else query


def _count(session_id: str) -> int:
    """Return how many events the log has; where it can't be read, as many as before."""
    try:
        return store().count(session_id)
    except FAILURES:
        return int(st.session_state.get(_N_EVENTS, 0))


def _load(session_id: str, corpus: str | None, if_unreadable: str) -> Session | None:
    """Return what the log holds, and of this tab's session what it could not save.

    Where the log can't be read, an empty state comes back under the same id, so that a reload may read it.
    """
    try:
        found = store().load(session_id, corpus) if session_id else None
    except FAILURES as error:
        notify(f"The marks of this session could not be read: {error}. The file is untouched; a reload tries again.")
        found = Session(session_id, if_unreadable)
    session = current()
    unsaved = st.session_state.get(_UNSAVED, {}).get(found.corpus if found else corpus, [])
    if not unsaved or session is None or session.session_id != session_id:
        return found
    return reduce(Session.after, unsaved, found or Session(session_id, str(corpus)))
