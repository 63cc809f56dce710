"""Run the pages that app.py creates, lead from one page to another, and follow the address.

It names session, corpus, query and view, and a reload or a link opens them.
"""

import contextlib
from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from exemplar.data.error_log import describe_fault
from exemplar.data.errors import IndexUnreachable
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import DocumentQueried, Queried
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html, resources, state

SEARCH = "search_page_of_the_app"
VIEW = "view"
VIEWS = {"Lists": "lists", "Screen": "screen", "Mark next": "next", "Why": "why"}  # as the address has them

_NAMED = ("session", "corpus", "q", "like")
_LONGEST = 300  # characters of a query or an id; the session keeps longer ones too

_WRITTEN = "address_as_written"
_FIRST_VIEW = "view_at_first"


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
            follow_address(list(corpora))


def search_corpus(name: str) -> None:
    """Open the search page with a corpus."""
    keep_session()
    if state.current() is not None:
        state.choose_corpus(name)
    st.switch_page(st.session_state[SEARCH])


def open_session(session_id: str) -> None:
    """Open the search page with a session."""
    st.switch_page(st.session_state[SEARCH], query_params={"session": session_id})


def follow_address(corpora: Sequence[str]) -> Session:
    """Return this tab's session: the one in the address, else the current one, else a new one.

    The session includes the changes that other tabs have made to it.
    """
    address = {key: st.query_params[key] for key in _NAMED if key in st.query_params}
    # A click may arrive with the address of the page on which it was made; it must not lead back there.
    clicked = state.take_change()
    if state.current() is None or (address != st.session_state.get(_WRITTEN) and not clicked):
        _follow(address, corpora)
    else:
        state.catch_up()
    state.take_change()
    session = state.opened()
    _write(session)
    return session


def first_view() -> str:
    """Return the view with which this tab began: that of its address, which the lists write and a reload keeps."""
    in_address = st.query_params.get(VIEW)
    named = next((name for name, view in VIEWS.items() if view == in_address), next(iter(VIEWS)))
    return str(st.session_state.setdefault(_FIRST_VIEW, named))


def _follow(address: dict[str, str], corpora: Sequence[str]) -> None:
    """Take the session, the corpus and the query from an address; keep those that it does not name."""
    state.follow_session(address.get("session", ""), corpora[0])
    _follow_corpus(address.get("corpus", ""), corpora)
    session = state.opened()
    if (text := address.get("q", "").strip()) and text != session.query:
        state.change(Queried(text))
    elif (doc_id := address.get("like")) and DocumentQuery(doc_id) != session.query:
        state.change(DocumentQueried(doc_id))
    state.show_query()


def _follow_corpus(corpus: str, corpora: Sequence[str]) -> None:
    session = state.opened()
    if corpus and corpus not in corpora and corpus != session.corpus:
        state.notify(f"There is no corpus '{corpus}' here.")
    elif corpus and corpus != session.corpus:
        state.choose_corpus(corpus)


def _write(session: Session) -> None:
    """Write session, corpus and query into the address, if they have changed; with them the view, as the lists do.

    What Streamlit knows of the address may be older than the view in it.
    """
    address = {"session": session.session_id, "corpus": session.corpus}
    query = session.query
    key, text = ("like", query.doc_id) if isinstance(query, DocumentQuery) else ("q", query)
    if text and len(text) <= _LONGEST:
        address[key] = text
    st.session_state[_WRITTEN] = address
    others = {key: st.query_params[key] for key in st.query_params if key not in _NAMED}
    if address | others == st.query_params.to_dict():
        return
    if view := VIEWS.get(st.session_state.get(VIEW, "")):
        others.pop(VIEW, None)
        others |= {VIEW: view} if view != next(iter(VIEWS.values())) else {}
    st.query_params.from_dict(address | others)
