"""Draw the page Search: a query, rankings side by side, and marks."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from exemplar.data.corpus.manifest import Manifest
from exemplar.data.errors import CorpusNotFound, ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.rankers import DEFAULT_RANKER, TITLES, Ranker
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks, notice_of, query_state
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html, resources, state
from exemplar.ui.search import filter_form, keyboard, results, stage
from exemplar.ui.search.mark_next import show_mark_next
from exemplar.ui.search.marks_list import show_marks
from exemplar.ui.search.query_box import show_query_box
from exemplar.ui.search.rankings import rankings_of, usable_rankers
from exemplar.ui.search.settings import choose_settings
from exemplar.ui.search.toolbar import show_tools
from exemplar.ui.search.why import show_why

_FARTHEST = 1000  # the last rank on a page; filters and marks lead to lower ranks
_CANDIDATES = 200  # documents of a ranking from which Mark next and Why choose


def search_page(welcome: Callable[[], None]) -> None:
    """Draw the page, and then highlight the best sentences in its rows.

    Parameters
    ----------
    welcome
        Draws the page while no corpus exists.
    """
    try:
        with resources.page():
            unexplained = _draw(welcome)
        results.explain(unexplained)
    except ExemplarError as error:
        html.show_message("error", str(error))


def _draw(welcome: Callable[[], None]) -> results.Unexplained:
    st.html(html.STYLE)
    corpora = resources.searchable()
    if not corpora:
        _show_empty(welcome)
        return []
    session = state.follow_address(list(corpora))
    with st.sidebar:
        _choose_corpus(session, corpora)
        with st.expander("Settings", icon=":material/tune:", key="settings"):
            choose_settings(session.settings)
    engine = _engine(session)
    session, marks = state.marks_on(engine.corpus)
    settings = replace(session.settings, rankers=usable_rankers(session.settings.rankers, engine.rankers))
    session = replace(session, settings=settings)
    if notice := notice_of(session.corpus_id, engine.corpus.manifest):
        html.show_message("warning", notice)
    query = session.query
    if query_state(query, engine.corpus):  # it ranks nothing
        session = replace(session, query=None)
    with st.sidebar:
        show_marks(marks, session, engine.corpus)
    show_query_box(query, engine.corpus)
    view = show_tools(session, engine, marks)
    if session.query is None:
        st.caption("Type a query above, or paste a text to find more like it.")
        keyboard.listen()
        return []
    unexplained = _show_view(view, session, engine, marks)
    keyboard.listen()
    return unexplained


def _engine(session: Session) -> SearchEngine:
    """Return the engine with the vectors of the shown ranking; with the best if these are gone."""
    best = resources.manifest_of(session.corpus)
    vectors = state.vectors_for(session, best)
    try:
        return resources.engine(session.corpus, vectors)
    except CorpusNotFound:
        if vectors == best.vectors:
            raise
        state.take_best_vectors()
        return resources.engine(session.corpus, state.vectors_for(session, best))


def _show_view(view: str, session: Session, engine: SearchEngine, marks: PresentMarks) -> results.Unexplained:
    if view == "Results":
        return _show_results(session, engine, marks)
    feedback = marks.feedback
    plain: Ranker = "knn" if "knn" in engine.rankers else "words"
    other = next((ranker for ranker in reversed(session.settings.rankers) if ranker != plain), DEFAULT_RANKER)
    pair: tuple[Ranker, ...] = (plain, other)
    first, second = rankings_of(session, engine, feedback, pair, depth=_CANDIDATES)
    _show_line(session, engine, feedback, (first, second))
    if not first.results:
        _show_nothing(session)
    elif view == "Why":
        show_why(session, marks, first, second, engine)
    else:
        return show_mark_next(marks, first, second, engine, _highlighter(engine))
    return []


def _show_results(session: Session, engine: SearchEngine, marks: PresentMarks) -> results.Unexplained:
    feedback = marks.feedback
    if (doc_id := st.session_state.get(state.JUMP)) is not None:
        _turn_to(doc_id, session, engine, marks)
    k = session.settings.k
    page = st.session_state.setdefault(state.PAGE, 1)
    rankings = rankings_of(
        session, engine, feedback, session.settings.rankers, skip=(page - 1) * k, depth=results.DEPTH
    )
    n_texts = max(ranking.n_texts for ranking in rankings)  # a ranking by words ends where no document has one
    n_pages = max(1, -(-min(n_texts, _FARTHEST) // k))
    if page > n_pages:  # a filter, or hidden marked rows, have removed pages
        state.turn_to(n_pages)
        return _show_results(session, engine, marks)
    _show_line(session, engine, feedback, rankings)
    by_words = all(ranking.scorer.above is not None for ranking in rankings)
    if not any(ranking.results for ranking in rankings) and not (by_words and rankings[0].n_candidates):
        _show_nothing(session)
        return []
    unexplained = results.show_rankings(session, marks, rankings, engine, _highlighter(engine))
    if n_pages > 1:
        with st.container(horizontal_alignment="center", key="pages"):
            key = f"page {st.session_state.get(state.N_TURNS, 0)}"
            if n_texts > _FARTHEST:
                st.caption(f"Pages lead to the first {_FARTHEST:,} rows; filters and marks lead to the others.")
            st.pagination(n_pages, default=page, key=key, on_change=lambda: _turned(st.session_state[key]))
    return unexplained


def _highlighter(engine: SearchEngine) -> SentenceHighlighter:
    manifest = engine.corpus.manifest
    return resources.highlighter(manifest.name, manifest.vectors)


def _turned(page: int) -> None:
    st.session_state[state.PAGE] = page


def _turn_to(doc_id: str, session: Session, engine: SearchEngine, marks: PresentMarks) -> None:
    """Turn to the page on which the last column shows a document, or a copy of it."""
    [ranking] = rankings_of(session, engine, marks.feedback, session.settings.rankers[-1:], depth=_FARTHEST)
    copies = marks.copies.get(doc_id, (doc_id,))
    place = next((n for n, ranked in enumerate(ranking.doc_ids) if ranked in copies), None)
    if place is not None:
        st.session_state[state.JUMP] = ranking.doc_ids[place]
        state.turn_to(place // session.settings.k + 1)
    else:
        del st.session_state[state.JUMP]
        hidden = session.settings.hide_marked and marks.feedback.mark_of(doc_id)
        elsewhere = f"It is not among the first {_FARTHEST:,} here, or the filters leave it out."
        hidden_note = "Marked rows are hidden: show them under Settings."
        html.show_message("warning", hidden_note if hidden else elsewhere)


def _show_line(session: Session, engine: SearchEngine, feedback: Feedback, rankings: Sequence[Ranking]) -> None:
    """Draw a line with the overlap of the rankings, their times, and the numbers of documents and marks."""
    tops = [ranking.texts[:10] for ranking in rankings]
    overlap = [f"overlap@10: {len(set(tops[0]) & set(tops[1]))}"] if len(rankings) > 1 and tops[0] else []
    times = [f"{TITLES[ranking.ranker]} {ranking.time_in_words}" for ranking in rankings]
    n, n_all, n_marks = rankings[0].n_candidates, engine.corpus.n_documents, len(feedback)
    documents = f"{n_all:,} documents" if n == n_all else f"{n:,} of {n_all:,} documents"
    marks = "1 mark" if n_marks == 1 else f"{n_marks:,} marks"
    filters = [f"filters: {filter_form.summary(session.filters)}"] if session.filters else []
    by = {"none": ["words alone"], "quick": ["quick vectors"], "full": []}[rankings[0].vectors]
    line = " · ".join([*overlap, *times, *by, documents, marks, *filters])
    st.html(f'<div class="ex-quiet" role="status">{html.text(html.shortened(line))}</div>')


def _show_nothing(session: Session) -> None:
    if session.filters:
        st.caption("No document passes the filters.")
        st.button("Clear filters", icon=":material/filter_alt_off:", key="clear", on_click=filter_form.clear_filters)
    elif session.settings.hide_marked and session.feedback:
        st.caption("Every document is marked, and marked rows are hidden.")
    else:
        st.caption("There is no other document in this corpus.")


def _choose_corpus(session: Session, corpora: dict[str, Manifest]) -> None:
    state.put("corpus", session.corpus if session.corpus in corpora else None)
    st.selectbox(
        "Corpus",
        list(corpora),
        key="corpus",
        placeholder="Choose a corpus",
        help="The collection to search. Build another on the page Corpora.",
        on_change=lambda: state.choose_corpus(st.session_state["corpus"]),
    )
    if session.corpus in corpora:
        uri = resources.index()
        documents = f"{corpora[session.corpus].n_documents:,} documents"
        st.caption(documents + (f", served by Milvus at `{uri}`" if uri else ""))
        if not uri:
            best = corpora[session.corpus]
            stage.show_stage(best, state.vectors_for(session, best))


def _show_empty(welcome: Callable[[], None]) -> None:
    st.title("Exemplar", anchor=False)
    if uri := resources.index():
        html.show_message(
            "warning", f"Milvus at {uri} holds no corpus yet. Put one there: exemplar push NAME --to {uri}"
        )
    else:
        welcome()
