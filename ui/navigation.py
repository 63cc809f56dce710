"""Run the pages that app.py creates, and lead from one page to another."""

import contextlib
from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from exemplar.data.error_log import describe_fault
from exemplar.data.errors import IndexUnreachable
from exemplar.ui import address, html, resources, state

SEARCH = "search_page_of_the_app"


def run(search: StreamlitPage, others: Sequence[StreamlitPage]) -> None:
    """Draw the navigation and the page that the address names.

    A fault of the program is written to the log, and the page shows the log's path.
    """
    st.session_state[SEARCH] = search
    page = st.navigation([search, *others], position="top")
    try:
        page.run()
    except Exception as error:
        html.show_message("error", describe_fault(error))
        raise


def keep_session() -> None:
    """Write the session into the address of every page, so that a reload keeps it."""
    with contextlib.suppress(IndexUnreachable):
        if corpora := resources.searchable():
            address.follow_address(list(corpora))


def search_corpus(name: str) -> None:
    """Open the search page with a corpus."""
    keep_session()
    if state.current() is not None:
        state.choose_corpus(name)
    st.switch_page(st.session_state[SEARCH])


def open_session(session_id: str) -> None:
    """Open the search page with a session."""
    st.switch_page(st.session_state[SEARCH], query_params={"session": session_id})
