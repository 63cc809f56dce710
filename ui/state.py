"""The session of this browser tab: named by the address, changed by events, logged as it changes."""

import secrets
import sqlite3
from typing import Any

import streamlit as st

from retrieval.search import DocumentQuery
from retrieval.sessions import Event, Session
from ui.resources import session_store

_SESSION = "session"
_NOTICE = "notice"
_OTHERS = "states_on_other_corpora"
QUERY_TEXT = "query_text"


def open_session(corpora: list[str]) -> Session:
    """Return this tab's session: the one that the address names, else the one there was, else a new one."""
    session_id = st.query_params.get("session", "")
    session: Session | None = st.session_state.get(_SESSION)
    if session is None or session_id not in ("", session.session_id):
        session = _load(session_id, None, corpora[0]) or Session(secrets.token_urlsafe(9), corpora[0])
        st.session_state[_OTHERS] = {}
        _go_to(session)
    if session_id != session.session_id:
        st.query_params["session"] = session.session_id
    return session


def change(event: Event) -> None:
    """Change the session and log the change; a change that can't be saved is made all the same, and told."""
    session: Session = st.session_state[_SESSION]
    st.session_state[_SESSION] = session.after(event)
    try:
        session_store().record(session, event)
    except (sqlite3.Error, OSError) as error:
        _notify(f"This change is on the page but could not be saved: {error}. It lasts as long as this page.")


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
    """Go to another corpus; query and marks on the one left behind are there again on the way back."""
    session: Session = st.session_state[_SESSION]
    others: dict[str, Session] = st.session_state[_OTHERS]
    others[session.corpus] = session
    there = others.get(name) or _load(session.session_id, name, name) or Session(session.session_id, name)
    _go_to(there)
    change({"open": True})


def take_notice() -> str | None:
    """Return what the last callback had to say, once."""
    notice: Any = st.session_state.pop(_NOTICE, None)
    return notice


def _go_to(session: Session) -> None:
    st.session_state[_SESSION] = session
    _show_query()


def _show_query() -> None:
    query = st.session_state[_SESSION].query
    st.session_state[QUERY_TEXT] = "" if query is None or isinstance(query, DocumentQuery) else query


def _notify(message: str) -> None:
    st.session_state[_NOTICE] = message


def _load(session_id: str, corpus: str | None, if_unreadable: str) -> Session | None:
    """Return what the log holds; where it can't be read, an empty state under the same id, so that a reload may."""
    try:
        return session_store().load(session_id, corpus) if session_id else None
    except (sqlite3.Error, OSError, ValueError) as error:
        _notify(f"The marks of this session could not be read: {error}. The file is untouched; a reload tries again.")
        return Session(session_id, if_unreadable)
