"""Draw the columns of results: a ranking in each, and the picker of its ranker."""

from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from exemplar.data.encoders.base import Span
from exemplar.data.error_log import log_traceback
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.near_copies import near_copies_together
from exemplar.retrieval.rankers import TITLES, Ranker
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import resources, state
from exemplar.ui.search.row import Note, Row, row_html, show_row
from exemplar.ui.search.settings import choose_ranker
from exemplar.ui.state import put

DEPTH = 100  # ranks of the other column that a note can name
_POLL_EVERY = 0.05  # seconds

_DESCRIPTIONS = {
    "knn": "nearest to the query; marks leave it as it is",
    "words": "by the query's words, rare ones first; marks leave it as it is",
    "hybrid": "nearest to the query, and by its words; marks leave it as it is",
    "svm": "query and marks against the whole rest",
    "anchored-vectors": "query and marks against the rest, by meaning alone",
    "anchored": "query and marks against the rest, by meaning and words",
}
_NO_WORD = "No document here has a word of the query."
_TOOK_HELP = (
    "Milliseconds to rank; how often the corpus was read in training; how many rows carry weight; and why training "
    "stopped: settled, when another step left the first results as they were, or exact, at the optimum."
)
_RANKER_HELP = (
    "What ranks this column. kNN and BM25 take the query alone: its meaning, its words, or both. The anchored SVM "
    "learns from the marks, by meaning and words, stays close to what you are looking for, and measured best; the "
    "exemplar SVM is the notebook's."
)

# The element that shows a row's text, the row, and the function that finds the best sentences of its passage.
Unexplained = list[tuple[DeltaGenerator, Row, Callable[[], list[Span]]]]


def show_rankings(
    session: Session,
    marks: PresentMarks,
    rankings: Sequence[Ranking],
    engine: SearchEngine,
    highlighter: SentenceHighlighter,
) -> Unexplained:
    """Draw the rankings side by side; return the rows whose best sentences are not yet known."""
    unexplained: Unexplained = []
    for place, column in enumerate(st.columns(len(rankings), gap="medium")):
        other = rankings[1 - place] if len(rankings) > 1 else None
        with column, st.container(key=f"column-{rankings[place].ranker}"):
            _show_head(session, place, rankings[place], engine.rankers)
            unexplained += _show_rows(marks, rankings[place], other, engine, highlighter)
    return unexplained


def show_explained(row: Row, ranking: Ranking, highlighter: SentenceHighlighter) -> Unexplained:
    """Draw a row with its best sentences marked; return the row if they are not yet known."""
    find = partial(_best_sentences, row.result.passage, ranking, highlighter)
    if highlighter.has_encoded(row.result.passage):
        show_row(replace(row, spans=find()))
        return []
    return [(show_row(row), row, find)]


def explain(unexplained: Unexplained) -> None:
    """Find and mark the best sentences, row by row, while no other page is ranked or drawn."""
    for place, row, find in unexplained:
        spans = resources.run_when_idle(find)
        try:
            while not wait([spans], timeout=_POLL_EVERY).done:
                state.current()  # an access to st.session_state lets Streamlit end a run that is out of date
            found = spans.result()
        except ExemplarError as error:  # the model's, such as too little memory; the ranking is as good without
            log_traceback(error)
            return
        finally:
            spans.cancel()
        place.html(row_html(replace(row, spans=found)))


def bar_share(score: float, ranking: Ranking) -> float:
    """Return the filled share of a score's bar: of a cosine from 0 to 1, of a margin from -1 to 1, else to the best."""
    share = score if ranking.scorer.svm is None else (score + 1) / 2
    if ranking.ranker in ("words", "hybrid"):
        best = max(ranking.scores, default=0.0)
        share = score / best if best > 0 else 0.0
    return min(1.0, max(0.0, share))


def _show_head(session: Session, place: int, ranking: Ranking, rankers: Sequence[Ranker]) -> None:
    key = f"ranker-{place}"
    put(key, ranking.ranker)
    st.selectbox(
        ("Ranker of the left column", "Ranker of the right column")[place]
        if len(session.settings.rankers) > 1
        else "Ranker",
        rankers,
        key=key,
        format_func=lambda ranker: TITLES[ranker],
        label_visibility="collapsed",
        filter_mode=None,
        on_change=lambda: choose_ranker(session.settings, place, st.session_state[key]),
    )
    took_help = _TOOK_HELP if ranking.scorer.svm else ""
    st.caption(f"{_DESCRIPTIONS[ranking.ranker]}  \n{ranking.cost_in_words}", help=f"{_RANKER_HELP} {took_help}")


def _show_rows(
    marks: PresentMarks,
    ranking: Ranking,
    other: Ranking | None,
    engine: SearchEngine,
    highlighter: SentenceHighlighter,
) -> Unexplained:
    ranks = {} if other is None else {text: rank for rank, text in enumerate(other.texts, start=1)}
    rows = engine.corpus.rows_of(result.doc_id for result in ranking.results)
    hashes = dict(zip(rows, engine.corpus.text_hashes(list(rows.values())), strict=True))
    marked, opposed = marks.by_document(), marks.opposed_documents()
    unexplained: Unexplained = []
    if not ranking.results and ranking.scorer.above is not None:
        st.caption("No other document here has a word of the query." if ranking.texts else _NO_WORD)
    for result, original in near_copies_together(ranking.results):
        there = ranks.get(ranking.texts[result.rank - 1])
        row = Row(
            ranking.ranker,
            result,
            hashes[result.doc_id],
            marked.get(result.doc_id),
            bar_share(result.score, ranking),
            note=None if other is None else _note(result.rank, there, TITLES[other.ranker], len(ranks)),
            opposed=result.doc_id in opposed,
            near=original is not None,
            words=engine.carrying_words(ranking.scorer, result),
        )
        unexplained += show_explained(row, ranking, highlighter)
    return unexplained


def _note(rank: int, other_rank: int | None, other: str, depth: int) -> Note:
    """Return a note on the rank of a document in the other column."""
    if other_rank is None:
        return Note("only here", "only", f"{other} does not have it among its first {depth}")
    if other_rank == rank:
        return Note("=", "same", f"{other} has it at the same rank")
    up = other_rank > rank
    return Note(
        f"{'▲' if up else '▼'}{abs(other_rank - rank)}", "up" if up else "down", f"{other} has it at rank {other_rank}"
    )


def _best_sentences(passage: str, ranking: Ranking, highlighter: SentenceHighlighter) -> list[Span]:
    if not ranking.scorer.w.any():  # by words alone, no sentence is nearer than another
        return []
    highlighter.encode([passage])
    return highlighter.best_sentences(passage, ranking.scorer.w)
