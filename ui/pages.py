"""Ways from one page to another."""

import streamlit as st

from data.catalog import searchable_corpora
from ui import state


def keep_session() -> None:
    """Have the address name the session on any page, so that a reload does not lose it."""
    if corpora := searchable_corpora():
        state.open_session(list(corpora))


def search_it(name: str) -> None:
    """Go to the search page with a corpus."""
    from ui.search_page import search_page  # which draws what leads to it

    keep_session()
    if state.current() is not None:
        state.choose_corpus(name)
    st.switch_page(st.Page(search_page, default=True))
