"""Ways from one page to another."""

import contextlib

import streamlit as st

from exemplar.data.errors import IndexUnreachable
from exemplar.ui import resources, state


def keep_session() -> None:
    """Have the address name the session on any page, so that a reload does not lose it."""
    with contextlib.suppress(IndexUnreachable):
        if corpora := resources.searchable():
            state.open_session(list(corpora))


def search_it(name: str) -> None:
    """Go to the search page with a corpus."""
    from exemplar.ui.search.page import search_page  # which draws what leads to it

    keep_session()
    if state.current() is not None:
        state.choose_corpus(name)
    st.switch_page(st.Page(search_page, default=True))
