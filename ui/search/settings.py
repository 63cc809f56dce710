"""Draw the settings of a search in the sidebar; the session keeps them."""

from dataclasses import replace
from typing import Any

import streamlit as st

from exemplar.retrieval.rankers import DEFAULT_RANKER, Ranker
from exemplar.retrieval.sessions.events import SettingsSet
from exemplar.retrieval.sessions.settings import Settings
from exemplar.ui import state
from exemplar.ui.state import put

ROWS = (10, 25, 50)
_AUTOMATIC = "auto"
_CS = (_AUTOMATIC, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_C_HELP = (
    "How closely the SVM follows query and marks. auto: 0.1 for the exemplar SVM, as in the notebook; for the anchored "
    "one 0.003 to begin with, and more as marks are made. Take more, up to 10, where marks are clean and surely right, "
    "and less, down to 0.003, where they are noisy. It means the same on every corpus: C on 1,000 documents. "
    "kNN and BM25 have no use for it."
)


def choose_settings(settings: Settings) -> None:
    """Draw the widgets; a choice becomes an event of the session."""
    put("columns", len(settings.rankers))
    put("k", settings.k if settings.k in ROWS else ROWS[0])
    put("C", settings.C if settings.C in _CS else _AUTOMATIC)
    put("hide_marked", settings.hide_marked)
    st.segmented_control(
        "Columns",
        (2, 1),
        required=True,
        key="columns",
        format_func=lambda n: {1: "One", 2: "Two"}[n],
        help="Two rankings side by side, or one alone, for a small screen.",
        on_change=lambda: _choose_columns(settings),
    )
    st.segmented_control(
        "Rows",
        ROWS,
        required=True,
        key="k",
        help="How many rows a page has in each column.",
        on_change=_choose_rows,
    )
    st.select_slider("C", _CS, key="C", help=_C_HELP, on_change=lambda: _change(C=_chosen_c()))
    st.toggle(
        "Hide marked rows",
        key="hide_marked",
        help="Leave out of both columns what is marked already, so that every row is a new one.",
        on_change=lambda: _change(hide_marked=st.session_state["hide_marked"]),
    )


def choose_ranker(settings: Settings, place: int, ranker: Ranker) -> None:
    """Set the ranker of a column; if it is the other column's ranker, the two columns exchange theirs."""
    rankers = list(settings.rankers)
    if ranker in rankers:
        rankers[rankers.index(ranker)] = rankers[place]
    rankers[place] = ranker
    _change(rankers=tuple(rankers))


# A required control without a default may still be None; it was under load. ``put`` then sets it again at the drawing.
def _choose_columns(settings: Settings) -> None:
    if n := st.session_state["columns"]:
        _change(rankers=_rankers(settings, n))


def _choose_rows() -> None:
    if k := st.session_state["k"]:
        _change(k=k)


def _rankers(settings: Settings, n: int) -> tuple[Ranker, ...]:
    """Return the rankers of one or two columns: the last ranker alone, or kNN beside it (the default beside kNN)."""
    last = settings.rankers[-1]
    return (last,) if n == 1 else ("knn", last if last != "knn" else DEFAULT_RANKER)


def _chosen_c() -> float | None:
    C = st.session_state["C"]
    return None if C == _AUTOMATIC else C


def _change(**settings: Any) -> None:
    session = state.current()
    if session is not None:
        state.change(SettingsSet(replace(session.settings, **settings)))
