"""Draw the box for a typed query, and the document that is the query."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.ui import html, state

_LONGEST = 100_000  # characters of a query; models read a few thousand, and millions in a box overload a browser


def show_query_box(query: Query | None, corpus: DocumentStore) -> None:
    """Draw the box, the notice of the last step, and the document if one is the query."""
    with st.form("ask", border=False):
        box, button = st.columns([6, 1], vertical_alignment="bottom")
        box.text_input(
            "Search",
            key=state.QUERY_TEXT,
            placeholder="What are you looking for?",
            persist_state="session",
            help="A few words, a sentence, or a whole text. Enter searches.",
        )
        button.form_submit_button("Search", type="primary", width="stretch", on_click=_query_typed_text)
    # The empty containers are drawn too: what follows then keeps its position and does not flicker.
    with st.container(gap=None):
        if notice := state.take_notice():
            html.show_message("warning", notice)
    with st.container(gap=None):
        if isinstance(query, DocumentQuery):
            _show_query_document(query.doc_id, corpus)


def _query_typed_text() -> None:
    typed = st.session_state[state.QUERY_TEXT]
    if len(typed) > _LONGEST:
        st.session_state[state.QUERY_TEXT] = typed[:_LONGEST]
        state.notify(f"The first {_LONGEST:,} characters are the query; what comes behind them was left out.")
    state.query_typed_text()


def _show_query_document(doc_id: str, corpus: DocumentStore) -> None:
    row = corpus.rows_of([doc_id]).get(doc_id)
    if row is None:
        return
    document = corpus.document(row)
    with st.container(border=True, key="query-document"):
        head = html.element("div", "head", "More like ", html.name_element("id", doc_id))
        text = html.element("div", "text", html.text(html.excerpt(document.text, 300)))
        st.html(head + html.title_element(document.title, doc_id) + text)
