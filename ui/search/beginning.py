"""Draw the page before the first query: what it does, what one could ask, and sessions to go on with."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.sample_queries import sample_queries
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import FAILURES, SavedSession
from exemplar.ui import html, navigation, state

_MOST_SESSIONS = 5
_LINES = (
    "Say what you look for in a few words, a sentence, or a whole text: the nearest rows come first.",
    "Mark a row as relevant (+) or not (-), and the right list is ranked anew from your marks, each time.",
    "All marks are kept on this machine: undo them, export them, and go on another day.",
)


def show_beginning(session: Session, corpus: DocumentStore) -> None:
    """Draw three lines of help, sample queries of the corpus, and the last sessions."""
    with st.container(key="beginning"):
        st.html("".join(html.element("p", "help", html.text(line)) for line in _LINES))
        if samples := sample_queries(corpus):
            st.caption("Try one of these")
            with st.container(horizontal=True, gap="small", key="samples"):
                for number, text in enumerate(samples):
                    st.button(html.widget_label(text), key=f"sample {number}", on_click=state.query_text, args=(text,))
        _show_sessions(session)


def last_sessions(session: Session) -> list[SavedSession]:
    """Return the sessions that were changed last, without this one; none if the log can't be read."""
    try:
        saved = state.store().saved()
    except FAILURES:
        return []
    return [each for each in saved if each.session_id != session.session_id][:_MOST_SESSIONS]


def _show_sessions(session: Session) -> None:
    if not (sessions := last_sessions(session)):
        return
    st.caption("Or go on with")
    with st.container(gap="xsmall", key="last-sessions"):
        for each in sessions:
            show_session(each)


def show_session(each: SavedSession) -> None:
    """Draw a button that opens a session."""
    name = html.widget_label(each.title or "without a query")
    label = f"{name} · {html.widget_label(each.corpus)}"
    st.button(
        label,
        key=f"go on {each.session_id}",
        type="tertiary",
        icon=":material/history:",
        on_click=navigation.open_session,
        args=(each.session_id,),
    )
