"""The settings of a search, in the sidebar."""

from dataclasses import dataclass

import streamlit as st

from retrieval.rankers import DEFAULT_RANKER, TITLES, Ranker

_RESULTS = (10, 25, 50)
_RERANKERS: tuple[Ranker, ...] = ("anchored", "svm")
_AUTOMATIC = "auto"
_CS = (_AUTOMATIC, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_C_HELP = (
    "How closely the SVM follows query and marks. auto: 0.1 for the exemplar SVM, as in the notebook; for the anchored "
    "one 0.01 to begin with, and more as marks are made. Take more, up to 10, where marks are clean and surely right, "
    "and less, down to 0.01, where they are noisy. It means the same on every corpus: C on 1,000 documents."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search: results a column, the rankers of the two columns, and the SVM's C; None for what suits it."""

    k: int
    rankers: tuple[Ranker, Ranker]
    C: float | None


def choose_settings() -> Settings:
    """Draw the widgets and return what they say."""
    k = st.segmented_control(
        "Results",
        _RESULTS,
        default=_RESULTS[0],
        required=True,
        key="k",
        persist_state="session",
        help="How many in each column.",
    )
    ranker = st.segmented_control(
        "Beside kNN",
        _RERANKERS,
        default=DEFAULT_RANKER,
        required=True,
        key="ranker",
        format_func=lambda ranker: TITLES[ranker],
        persist_state="session",
        help="What ranks the right column. The anchored SVM stays closer to what you are looking for and measured "
        "best; the exemplar SVM is the notebook's.",
    )
    C = st.select_slider("C", _CS, value=_AUTOMATIC, key="C", persist_state="session", help=_C_HELP)
    return Settings(k, ("knn", ranker), None if C == _AUTOMATIC else C)
