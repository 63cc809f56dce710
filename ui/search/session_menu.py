"""Draw the line of the corpus and the session."""

import streamlit as st

from exemplar.data.corpus.manifest import Manifest
from exemplar.retrieval.sessions.events import Named
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html, state
from exemplar.ui.search.beginning import last_sessions, show_session
from exemplar.ui.search.elsewhere.dialog import show_elsewhere, show_elsewhere_button

_LONGEST_LABEL = 32  # characters of a session's name on its button
_LONGEST_NAME = 200
_NAME, _MENU = "session_name_box", "session_menu"


def show_session_bar(session: Session, corpora: dict[str, Manifest]) -> None:
    """Draw the corpus, the session and New in one line, beside the navigation."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="session-bar"):
        _choose_corpus(session, corpora)
        _show_session(session)
        st.button(
            "New",
            key="new_session",
            icon=":material/add:",
            help="Begin a new session; this one stays on the page Sessions.",
            on_click=state.begin_new,
            args=(session.corpus, session.settings),
        )
    show_elsewhere(session, list(corpora))


def _choose_corpus(session: Session, corpora: dict[str, Manifest]) -> None:
    names = list(corpora)
    chosen = state.put("corpus", session.corpus if session.corpus in corpora else None)
    st.selectbox(
        "Corpus",
        names,
        None if chosen is None else names.index(chosen),
        key="corpus",
        placeholder="Choose a corpus",
        format_func=lambda name: f"{name} · {corpora[name].n_documents:,}" if name in corpora else name,
        label_visibility="collapsed",
        on_change=lambda: state.choose_corpus(st.session_state["corpus"]),
    )


def _show_session(session: Session) -> None:
    title = state.title_of(session.session_id)
    menu = st.popover(_label(title), key=_MENU, help="This session, and the last ones.", on_change="rerun")
    if not menu.open:
        return
    with menu:
        st.text_input(
            "Name of this session",
            state.put(_NAME, title),
            key=_NAME,
            max_chars=_LONGEST_NAME,
            help="Without a name of its own it has that of its first query.",
            on_change=_rename,
        )
        show_elsewhere_button(_MENU)
        if sessions := last_sessions(session):
            st.caption("Go on with")
            for each in sessions:
                show_session(each)


def _label(title: str) -> str:
    label = html.widget_label(title) or "New session"
    return label if len(label) <= _LONGEST_LABEL else f"{label[:_LONGEST_LABEL].rstrip()}…"


def _rename() -> None:
    state.change(Named(st.session_state[_NAME].strip()))
