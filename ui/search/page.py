"""Draw the page Search: a query, two lists side by side, and marks."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from exemplar.data.corpus.manifest import Manifest
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks, notice_of
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html, navigation, resources, state
from exemplar.ui.search import results, stage
from exemplar.ui.search.beginning import show_beginning
from exemplar.ui.search.lists import component
from exemplar.ui.search.query_box import ask_about_marks, show_query_box, show_query_document
from exemplar.ui.search.rankings import engine_of, usable
from exemplar.ui.search.screening.tools import show_screening_tools
from exemplar.ui.search.session_menu import show_session_bar
from exemplar.ui.search.toolbar import show_tools

_STYLE = Path(__file__).with_name("page.css")


def search_page(welcome: Callable[[], None]) -> None:
    """Draw the page.

    Parameters
    ----------
    welcome
        Draws the page while no corpus exists.
    """
    try:
        _draw(welcome)
    except ExemplarError as error:
        html.show_message("error", str(error))


def _draw(welcome: Callable[[], None]) -> None:
    st.html(html.STYLE)
    corpora = resources.searchable()
    if not corpora:
        _show_empty(welcome)
        return
    st.html(_STYLE)
    session = navigation.follow_address(list(corpora))
    show_session_bar(session, corpora)
    with resources.page():
        engine = engine_of(session)
        session, marks = state.marks_on(engine.corpus)
    view = _show_line(session, marks, engine)
    _show_notices(session, corpora, engine)
    session = usable(session, engine)
    with st.container(key="why-area" if view == "Why" else "lists-area", gap=None):
        component.show_frame(empty=session.query is None)
        with st.container(horizontal=True, gap="small", key="screening-tools"):
            if view == "Screen" and session.query is not None:
                show_screening_tools(session, engine.corpus)
        if session.query is not None:
            results.show_lists(navigation.VIEWS[view])
    if session.query is None:
        show_beginning(session, engine.corpus)


def _show_line(session: Session, marks: PresentMarks, engine: SearchEngine) -> str:
    """Draw the line of the query and its tools; return the chosen view."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="search-line"):
        show_query_box()
        return show_tools(session, marks, engine)


def _show_notices(session: Session, corpora: dict[str, Manifest], engine: SearchEngine) -> None:
    """Draw what a person has to know or to answer; mostly nothing."""
    # The empty containers are drawn too: what follows then keeps its position and does not flicker.
    with st.container(gap=None, key="notices"):
        if session.corpus in corpora and not resources.index():
            best = corpora[session.corpus]
            stage.show_stage(best, state.vectors_for(session, best))
        ask_about_marks(session)
        if notice := notice_of(session.corpus_id, engine.corpus.manifest):
            html.show_message("warning", notice)
        if notice := state.take_notice():
            html.show_message("warning", notice)
        show_query_document(session.query, engine.corpus)


def _show_empty(welcome: Callable[[], None]) -> None:
    st.title("Exemplar", anchor=False)
    if uri := resources.index():
        html.show_message(
            "warning", f"Milvus at {uri} holds no corpus yet. Put one there: exemplar push NAME --to {uri}"
        )
    else:
        welcome()
