"""The session of this browser tab: opened from the address, changed by events, logged as it changes."""

import secrets
import sqlite3
from typing import Any

import streamlit as st

from retrieval.search import DocumentQuery
from retrieval.sessions import Event, Session
from ui.resources import session_store

_SESSION = "session"
_NOTICE = "notice"
_OTHERS = "sessions_of_other_corpora"
QUERY_TEXT = "query_text"


def open_session(corpora: list[str]) -> Session:
    """Return this tab's session; the first time, the one that the address names, or a new one."""
    if _SESSION not in st.session_state:
        session_id = st.query_params.get("session", "")
        st.session_state[_SESSION] = _load(session_id) or _new_session(corpora[0])
        _show_query()
    session: Session = st.session_state[_SESSION]
    if st.query_params.get("session") != session.session_id:
        st.query_params["session"] = session.session_id
    return session


def change(event: Event) -> None:
    """Change the session and log the change; a change that can't be saved is made all the same, and told."""
    session: Session = st.session_state[_SESSION]
    st.session_state[_SESSION] = session.after(event)
    try:
        session_store().record(session, event)
    except (sqlite3.Error, OSError) as error:
        _notify(f"This change is on the page but could not be saved: {error}. Free some space, then mark again.")


def ask() -> None:
    """Take the typed text as the query."""
    text = st.session_state[QUERY_TEXT].strip()
    if text:
        change({"query": text})
    else:
        _notify("Type what you are looking for, then press Enter.")


def ask_document(doc_id: str) -> None:
    """Take a document as the query: more like this."""
    change({"query_document": doc_id})
    _show_query()


def choose_corpus(name: str) -> None:
    """Go to another corpus; the session left behind is there again on the way back."""
    session = st.session_state.get(_SESSION) or _new_session(name)
    others: dict[str, Session] = st.session_state.setdefault(_OTHERS, {})
    others[session.corpus] = session
    st.session_state[_SESSION] = others.get(name) or _new_session(name)
    _show_query()


def take_notice() -> str | None:
    """Return what the last callback had to say, once."""
    notice: Any = st.session_state.pop(_NOTICE, None)
    return notice


def _notify(message: str) -> None:
    st.session_state[_NOTICE] = message


def _load(session_id: str) -> Session | None:
    try:
        return session_store().load(session_id) if session_id else None
    except (sqlite3.Error, OSError, ValueError) as error:
        _notify(f"The session of this address could not be read: {error}. This is a new one; the file is untouched.")
        return None


def _new_session(corpus: str) -> Session:
    return Session(secrets.token_urlsafe(9), corpus)


def _show_query() -> None:
    query = st.session_state[_SESSION].query
    st.session_state[QUERY_TEXT] = "" if query is None or isinstance(query, DocumentQuery) else query
