"""Draw the view Mark next: the documents whose marks would teach the ranker most."""

import streamlit as st

from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.rankers import TITLES
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.suggest import Suggestion, suggest_marks
from exemplar.ui.search.results import Unexplained, bar_share, show_explained
from exemplar.ui.search.row import Note, Row

_TITLES = {
    "disagreement": ("The rankings disagree most", "One ranks it high, the other low: a mark says which is right."),
    "margin": ("The SVM is least sure", "These lie at its border between relevant and the rest, where the score is 0."),
}


def show_mark_next(
    marks: PresentMarks, first: Ranking, second: Ranking, engine: SearchEngine, highlighter: SentenceHighlighter
) -> Unexplained:
    """Draw the suggestions in two columns; return the rows whose best sentences are not yet known."""
    unexplained: Unexplained = []
    suggestions = suggest_marks(first, second, {*marks.by_document(), *marks.opposed_documents()})
    for column, (why, (title, meaning)) in zip(st.columns(2, gap="medium"), _TITLES.items(), strict=True):
        with column, st.container(key=f"next-{why}"):
            st.subheader(title, anchor=False)
            st.caption(meaning)
            column_suggestions = [suggestion for suggestion in suggestions if suggestion.why == why]
            if not column_suggestions:
                st.caption("Nothing here.")
            for suggestion in column_suggestions:
                result, note = engine.result(second.scorer, suggestion.doc_id), _note(suggestion, first, second)
                words = engine.carrying_words(second.scorer, result)
                [text_hash] = engine.corpus.text_hashes([engine.corpus.row(result.doc_id)])
                row = Row("next", result, text_hash, None, bar_share(result.score, second), note=note, words=words)
                unexplained += show_explained(row, second, highlighter)
    return unexplained


def _note(suggestion: Suggestion, first: Ranking, second: Ranking) -> Note:
    ranks = [
        f"beyond {len(ranking.doc_ids):,}" if rank is None else f"{rank:,}"
        for ranking, rank in zip((first, second), suggestion.ranks, strict=True)
    ]
    text = f"{TITLES[first.ranker]} {ranks[0]}, {TITLES[second.ranker]} {ranks[1]}"
    return Note(text, "ranks", "Its rank in each of the two rankings")
