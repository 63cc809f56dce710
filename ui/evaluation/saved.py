"""Draw the saved evaluations: the list, the chosen one, and the buttons to download and to remove it."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from exemplar.retrieval.evaluation.report import markdown
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.saved import SavedEvaluation, remove_evaluation, saved_evaluations
from exemplar.ui import html
from exemplar.ui.confirm import confirm
from exemplar.ui.evaluation.result import show_evaluation
from exemplar.ui.local_time import local_time

_CHOSEN = "chosen_evaluation"
_REMOVAL_FAILED = "why_an_evaluation_is_still_there"


def choose_next(name: str) -> None:
    """Choose an evaluation for the next drawing of the list."""
    st.session_state[_CHOSEN] = name


def show_saved() -> None:
    """Draw the list of evaluations, the chosen one and its buttons."""
    st.subheader("Evaluations", anchor=False)
    if problem := st.session_state.pop(_REMOVAL_FAILED, None):
        html.show_message("error", problem)
    readable = []
    for saved in saved_evaluations():
        if saved.result is None:
            html.show_message("warning", f"{saved.problem}. It was left where it is.")
        else:
            readable.append(saved)
    if not readable:
        st.caption("None yet. What is measured is kept, and shown here.")
        return
    if len(readable) > 1:
        _show_table(readable)
    chosen = _choose(readable)
    if chosen.result is not None:
        _show_actions(chosen, chosen.result)
        show_evaluation(chosen, chosen.result)


def _show_table(readable: Sequence[SavedEvaluation]) -> None:
    st.dataframe(
        {
            "Measured": [local_time(saved.time) for saved in readable],
            "Corpora": [html.shortened(", ".join(saved.n_queries), 500) for saved in readable],
            "Queries": [sum(saved.n_queries.values()) for saved in readable],
        },
        column_config={"Queries": st.column_config.NumberColumn(format="localized")},
        hide_index=True,
        alt="The evaluations, the newest first",
    )


def _choose(readable: Sequence[SavedEvaluation]) -> SavedEvaluation:
    by_name = {saved.name: saved for saved in readable}
    if st.session_state.get(_CHOSEN) not in by_name:
        st.session_state[_CHOSEN] = next(iter(by_name))
    labels = _labels(readable)
    chosen = st.selectbox(
        "Evaluation",
        list(by_name),
        key=_CHOSEN,
        format_func=lambda name: labels.get(name, name),
        help="The one that is shown below, the newest first.",
    )
    return by_name[chosen]


def _labels(readable: Sequence[SavedEvaluation]) -> dict[str, str]:
    """Return the labels of evaluations; where two would be the same, they contain the names of the files."""
    labels = {
        saved.name: f"{local_time(saved.time)} · {html.excerpt(', '.join(saved.n_queries), 100)}" for saved in readable
    }
    n = Counter(labels.values())
    return {name: label if n[label] == 1 else f"{label} · {html.name(name)}" for name, label in labels.items()}


def _show_actions(saved: SavedEvaluation, result: EvaluationResult) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Download JSON",
            result.to_bytes,
            file_name="evaluation.json",
            mime="application/json",
            key="evaluation_json",
            icon=":material/download:",
            on_click="ignore",
            help="All figures for programs: every measure and round, with intervals and p-values.",
        )
        st.download_button(
            "Download report",
            lambda: markdown(result).encode(),
            file_name="evaluation.md",
            mime="text/markdown",
            key="evaluation_markdown",
            icon=":material/description:",
            on_click="ignore",
            help="Tables for people, in Markdown: all measures with their intervals.",
        )
        if st.button(
            "Remove", key="evaluation_remove", icon=":material/delete:", help="Remove it; you are asked first."
        ):
            _confirm_removal(saved)


@st.dialog("Remove an evaluation", icon=":material/delete:")
def _confirm_removal(saved: SavedEvaluation) -> None:
    question = f"Remove what was measured on {', '.join(saved.n_queries)} at {local_time(saved.time)}? It is gone then."
    confirm(
        html.text(html.shortened(question)),
        yes="Remove it",
        hint="Remove the figures for good.",
        on_yes=lambda: _remove(saved.name),
    )


def _remove(name: str) -> None:
    try:
        remove_evaluation(name)
    except OSError as error:
        st.session_state[_REMOVAL_FAILED] = f"the evaluation could not be removed: {error}"
