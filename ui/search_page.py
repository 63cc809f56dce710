"""The search page: a query, two rankings side by side, and marks."""

import streamlit as st

from data.catalog import CorpusStatus, list_corpora
from data.corpus import Corpus
from retrieval.search import DocumentQuery, Query, SearchEngine
from retrieval.sessions import Session
from ui import plain, resources, state
from ui.build_form import build_form
from ui.marks import show_marks
from ui.results import show_ranking
from ui.settings import Settings, choose_settings


def search_page() -> None:
    """Draw the page."""
    st.html(plain.STYLE)
    corpora = {status.name: status for status in list_corpora() if status.manifest}
    if not corpora:
        _welcome()
        return
    session = state.open_session(list(corpora))
    with st.sidebar:
        _choose_corpus(session, corpora)
        settings = choose_settings()
    try:
        engine = resources.engine(session.corpus)
    except ValueError as error:
        plain.show_message("error", str(error))
        return
    with st.sidebar:
        show_marks(session.feedback, engine.corpus)
    _ask(session.query, engine.corpus)
    if session.query is None:
        st.caption("Type a query above, or paste a text to find more like it.")
        return
    _show_rankings(session, engine, settings)


def _show_rankings(session: Session, engine: SearchEngine, settings: Settings) -> None:
    feedback = session.feedback.within(engine.corpus.rows)
    try:
        rankings = [
            engine.search(session.query, feedback, ranker=ranker, k=settings.k, C=settings.C)
            for ranker in settings.rankers
        ]
    except ValueError as error:
        plain.show_message("error", str(error))
        return
    if not rankings[0].results:
        st.caption("There is no other document in this corpus.")
        return
    for column, ranking in zip(st.columns(len(rankings), gap="medium"), rankings, strict=True):
        with column:
            show_ranking(ranking, session.feedback)


def _choose_corpus(session: Session, corpora: dict[str, CorpusStatus]) -> None:
    st.session_state["corpus"] = session.corpus if session.corpus in corpora else None
    st.selectbox(
        "Corpus",
        list(corpora),
        key="corpus",
        format_func=lambda name: f"{name} ({corpora[name].documents} documents)",
        placeholder="Choose a corpus",
        help="The collection to search. Build another on the page Corpora.",
        on_change=lambda: state.choose_corpus(st.session_state["corpus"]),
    )


def _ask(query: Query | None, corpus: Corpus) -> None:
    with st.form("ask", border=False):
        box, button = st.columns([6, 1], vertical_alignment="bottom")
        box.text_input(
            "Search",
            key=state.QUERY_TEXT,
            placeholder="What are you looking for?",
            persist_state="session",
            help="A few words, a sentence, or a whole text. Enter searches.",
        )
        button.form_submit_button("Search", type="primary", width="stretch", on_click=state.ask)
    # These places are there when they are empty too: what stands below keeps its place, and does not flicker.
    with st.container(gap=None):
        if notice := state.take_notice():
            plain.show_message("warning", notice)
    with st.container(gap=None):
        if isinstance(query, DocumentQuery):
            _show_query_document(query.doc_id, corpus)


def _show_query_document(doc_id: str, corpus: Corpus) -> None:
    row = corpus.rows.get(doc_id)
    if row is None:
        return
    document = corpus.document(row)
    with st.container(border=True, key="query-document"):
        title = plain.element("div", "head", "More like ", plain.element("span", "id", plain.text(doc_id)))
        st.html(title + plain.element("div", "text", plain.text(plain.excerpt(document.text, 300))))


def _welcome() -> None:
    st.title("Exemplar", anchor=False)
    st.write(
        "Semantic search that learns from the rows you click. There is no corpus to search yet: build one. "
        "`docs` is the documentation of pandas, NumPy and scikit-learn as they are installed here."
    )
    if corpus := build_form(example="docs"):
        state.open_session([corpus.manifest.name])
        state.choose_corpus(corpus.manifest.name)
        st.rerun()
