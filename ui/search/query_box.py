"""Draw the box for a typed query, and the document that is the query."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.sessions.identity import query_state
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
            _show_query_document(query, corpus)


def _query_typed_text() -> None:
    typed = st.session_state[state.QUERY_TEXT]
    if len(typed) > _LONGEST:
        st.session_state[state.QUERY_TEXT] = typed[:_LONGEST]
        state.notify(f"The first {_LONGEST:,} characters are the query; what comes behind them was left out.")
    state.query_typed_text()


def _show_query_document(query: DocumentQuery, corpus: DocumentStore) -> None:
    doc_id, lost = query.doc_id, query_state(query, corpus)
    if lost == "gone":
        gone = f"There is no document '{doc_id}' in the corpus '{corpus.manifest.name}', and it is the query"
        html.show_message("warning", f"{gone}: type another one, or paste a text.")
        return
    row = corpus.row(doc_id)
    if lost == "changed":
        changed = f"The text of the document '{doc_id}' has changed since it became the query"
        html.show_message("warning", f"{changed}: search by what it is now, or type another query.")
        st.button(
            "Search by what it is now",
            key="renew query",
            icon=":material/sync:",
            on_click=state.query_document,
            args=(doc_id, *corpus.text_hashes([row])),
        )
    document = corpus.document(row)
    with st.container(border=True, key="query-document"):
        head = html.element("div", "head", "More like ", html.name_element("id", doc_id))
        text = html.element("div", "text", html.text(html.excerpt(document.text, 300)))
        st.html(head + html.title_element(document.title, doc_id) + text)
