"""Mark these next: the documents from which a mark teaches most."""

import streamlit as st

from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.rankers import TITLES
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.suggest import Suggestion, suggest_marks
from exemplar.ui.search.results import Unexplained, bar_share, show_explained
from exemplar.ui.search.row import Note, Row

_TITLES = {
    "disagreement": ("The rankings disagree most", "One ranks it high, the other low: a mark says which is right."),
    "margin": ("The SVM is least sure", "These lie at its border between relevant and the rest, where the score is 0."),
}


def show_mark_next(
    session: Session, first: Ranking, second: Ranking, engine: SearchEngine, highlighter: SentenceHighlighter
) -> Unexplained:
    """Draw the suggestions in two columns; return the rows whose sentences are not yet known."""
    unexplained: Unexplained = []
    marked = {*session.feedback.positives, *session.feedback.negatives}
    suggestions = suggest_marks(first, second, marked)
    for column, (why, (title, meaning)) in zip(st.columns(2, gap="medium"), _TITLES.items(), strict=True):
        with column, st.container(key=f"next-{why}"):
            st.subheader(title, anchor=False)
            st.caption(meaning)
            of_it = [each for each in suggestions if each.why == why]
            if not of_it:
                st.caption("Nothing here.")
            for each in of_it:
                result = engine.result(second.scorer, each.doc_id)
                row = Row("next", result, None, bar_share(result.score, second), note=_note(each, first, second))
                unexplained += show_explained(row, second, highlighter)
    return unexplained


def _note(suggestion: Suggestion, first: Ranking, second: Ranking) -> Note:
    ranks = [
        f"beyond {len(ranking.doc_ids):,}" if rank is None else f"{rank:,}"
        for ranking, rank in zip((first, second), suggestion.ranks, strict=True)
    ]
    text = f"{TITLES[first.ranker]} {ranks[0]}, {TITLES[second.ranker]} {ranks[1]}"
    return Note(text, "ranks", "Its rank in each of the two rankings")
