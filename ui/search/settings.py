"""Draw the settings of a search; the session keeps them."""

from dataclasses import replace
from typing import Any

import streamlit as st

from exemplar.retrieval.rankers import DEFAULT_RANKER, Ranker
from exemplar.retrieval.sessions.events import SettingsSet
from exemplar.retrieval.sessions.settings import REASONS, Settings
from exemplar.ui import state
from exemplar.ui.search.lists.messages import LONGEST_REASON
from exemplar.ui.state import put

_LONGEST_NAME = 100  # characters
_LONGEST_REASONS = 5_000
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
    st.segmented_control(
        "Lists",
        (2, 1),
        default=put("columns", len(settings.rankers)),
        required=True,
        key="columns",
        format_func=lambda n: {1: "One", 2: "Two"}[n],
        help="Two rankings side by side, or one alone.",
        on_change=lambda: _choose_columns(settings),
    )
    C = put("C", settings.C if settings.C in _CS else _AUTOMATIC)
    st.select_slider("C", _CS, C, key="C", help=_C_HELP, on_change=lambda: _change(C=_chosen_c()))
    st.toggle(
        "Comfortable rows",
        put("comfortable", settings.comfortable),
        key="comfortable",
        help="More of each text, in fewer rows.",
        on_change=lambda: _change(comfortable=st.session_state["comfortable"]),
    )
    st.text_input(
        "Your name",
        put("reader", settings.reader),
        key="reader",
        max_chars=_LONGEST_NAME,
        placeholder="Nobody has to know",
        help="Stands beside every mark that is made from now on, in the history and in exports. New sessions keep it.",
        on_change=lambda: _change(reader=" ".join(st.session_state["reader"].split())),
    )
    st.text_area(
        "Reasons why a document is not relevant",
        put("reasons", "\n".join(settings.reasons)),
        key="reasons",
        max_chars=_LONGEST_REASONS,
        help="One a line; a note can name one of them, and an export counts them. Without a line, the usual ones.",
        on_change=_choose_reasons,
    )
    st.button(
        "kNN against the notebook's SVM",
        key="notebook",
        help="The two rankings of Karpathy's notebook, side by side.",
        on_click=lambda: _change(rankers=("knn", "svm")),
    )


# A required control may still be None; it was under load. ``put`` then sets it again at the drawing.
def _choose_columns(settings: Settings) -> None:
    if n := st.session_state["columns"]:
        _change(rankers=_rankers(settings, n))


def _rankers(settings: Settings, n: int) -> tuple[Ranker, ...]:
    """Return the rankers of one or two columns: the last ranker alone, or kNN beside it (the default beside kNN)."""
    last = settings.rankers[-1]
    return (last,) if n == 1 else ("knn", last if last != "knn" else DEFAULT_RANKER)


def _choose_reasons() -> None:
    lines = (" ".join(line.split())[:LONGEST_REASON] for line in st.session_state["reasons"].splitlines())
    _change(reasons=tuple(dict.fromkeys(filter(None, lines))) or REASONS)


def _chosen_c() -> float | None:
    C = st.session_state["C"]
    return None if C == _AUTOMATIC else C


def _change(**settings: Any) -> None:
    session = state.current()
    if session is not None:
        state.change(SettingsSet(replace(session.settings, **settings)))
