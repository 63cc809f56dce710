"""Draw the box for a typed query, the question what becomes of the marks, and the document that is the query."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.ranking import DocumentQuery, Query
from exemplar.retrieval.sessions.identity import query_state
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html, state

_LONGEST = 100_000  # characters of a query; models read a few thousand, and millions in a box overload a browser
_WAITING = "query_that_waits_for_an_answer"
_LONGEST_NAME = 80  # characters of a query in a sentence


def show_query_box() -> None:
    """Draw the box."""
    with st.form("ask", border=False), st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Search",
            key=state.QUERY_TEXT,
            placeholder="What are you looking for?",
            persist_state="session",
            label_visibility="collapsed",
        )
        st.form_submit_button("Search", type="primary", on_click=_query_typed_text)


def ask_about_marks(session: Session) -> None:
    """Ask what becomes of the marks of the query before, if a new query waits for that."""
    text = waiting_query(session)
    if text is None:
        return
    n, old = len(session.feedback), _named(session.query)
    marks = "1 mark was" if n == 1 else f"{n:,} marks were"
    with st.container(key="which-marks", horizontal=True, vertical_alignment="center", gap="small"):
        question = f"{marks} made for {old}. What is “{html.shortened(text, _LONGEST_NAME)}”?"
        st.html(f'<div role="alert">{html.text(html.shortened(question))}</div>', width="content")
        st.button(
            "A new search",
            key="new_search",
            type="primary",
            help="Begin a new session; the marks stay in the old one, on the page Sessions.",
            on_click=_begin,
            args=(session, text),
        )
        st.button(
            "The same search",
            key="same_search",
            help="Use the marks for this query too.",
            on_click=state.query_text,
            args=(text,),
        )
        st.button(
            "Add to this search",
            key="add_to_search",
            help="Look for both: the left list takes the new query, the right one learns from all of them.",
            on_click=state.query_text,
            args=(text,),
            kwargs={"added": True},
        )


def waiting_query(session: Session) -> str | None:
    """Return the typed query that waits until the person has said what becomes of the marks."""
    waits: tuple[object, ...] | None = st.session_state.get(_WAITING)
    if waits is None:
        return None
    text, *about = waits
    if about != [session.session_id, session.corpus, session.query] or not session.feedback:
        del st.session_state[_WAITING]  # the person has gone on
        return None
    return str(text)


def show_query_document(query: Query | None, corpus: DocumentStore) -> None:
    """Draw the document that is the query, and what became of it."""
    if not isinstance(query, DocumentQuery):
        return
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
    with st.container(key="query-document"):
        name = html.name_element("id", doc_id)
        title = html.element("b", "title", html.text(html.shortened(document.title, 200))) if document.title else ""
        st.html(
            html.element("div", "line", "More like ", title or name, " ", html.text(html.excerpt(document.text, 300)))
        )


def _query_typed_text() -> None:
    typed = st.session_state[state.QUERY_TEXT]
    if len(typed) > _LONGEST:
        typed = typed[:_LONGEST]
        state.notify(f"The first {_LONGEST:,} characters are the query; what comes behind them was left out.")
    text, session = typed.strip(), state.current()
    if not text:
        state.notify("Type what you are looking for, then press Enter.")
    elif session is not None and session.feedback and session.query not in (None, text):
        st.session_state[_WAITING] = (text, session.session_id, session.corpus, session.query)
    else:
        st.session_state.pop(_WAITING, None)
        state.query_text(text)


def _begin(session: Session, text: str) -> None:
    state.begin_new(session.corpus, session.settings)
    state.query_text(text)


def _named(query: Query | None) -> str:
    if isinstance(query, DocumentQuery):
        return f"more like {html.shortened(query.doc_id, _LONGEST_NAME)}"
    return f"“{html.shortened(query or '', _LONGEST_NAME)}”"
