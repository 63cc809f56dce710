"""The evaluations that are kept: one is chosen, shown, and may be downloaded and removed."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from exemplar.retrieval.evaluation.report import markdown
from exemplar.retrieval.evaluation.result import as_bytes
from exemplar.retrieval.evaluation.saved import Kept, kept_evaluations, remove_evaluation
from exemplar.ui import html
from exemplar.ui.evaluation.result import show_evaluation
from exemplar.ui.local_time import local_time

_CHOSEN = "chosen_evaluation"
_TOLD = "why_an_evaluation_is_still_there"


def choose_next(name: str) -> None:
    """Have one be chosen when the page is drawn next, or later in this run."""
    st.session_state[_CHOSEN] = name


def show_kept() -> None:
    """Draw the list, the chosen one and its buttons."""
    st.subheader("Evaluations", anchor=False)
    if told := st.session_state.pop(_TOLD, None):
        html.show_message("error", told)
    found = kept_evaluations()
    for kept in found:
        if kept.result is None:
            html.show_message("warning", f"{kept.problem}. It was left where it is.")
    whole = [kept for kept in found if kept.result is not None]
    if not whole:
        st.caption("None yet. What is measured is kept, and shown here.")
        return
    if len(whole) > 1:
        _show_table(whole)
    chosen = _choose(whole)
    _show_actions(chosen)
    show_evaluation(chosen)


def _show_table(whole: Sequence[Kept]) -> None:
    st.dataframe(
        {
            "Measured": [local_time(kept.at) for kept in whole],
            "Corpora": [html.shortened(", ".join(kept.sets), 500) for kept in whole],
            "Queries": [sum(kept.sets.values()) for kept in whole],
        },
        column_config={"Queries": st.column_config.NumberColumn(format="localized")},
        hide_index=True,
        alt="The evaluations, the newest first",
    )


def _choose(whole: Sequence[Kept]) -> Kept:
    by_name = {kept.name: kept for kept in whole}
    if st.session_state.get(_CHOSEN) not in by_name:
        st.session_state[_CHOSEN] = next(iter(by_name))
    labels = _labels(whole)
    chosen = st.selectbox(
        "Evaluation",
        list(by_name),
        key=_CHOSEN,
        format_func=lambda name: labels.get(name, name),
        help="The one that is shown below, the newest first.",
    )
    return by_name[chosen]


def _labels(whole: Sequence[Kept]) -> dict[str, str]:
    """Return what evaluations are called; where two are called the same, the names of their files tell them apart."""
    labels = {kept.name: f"{local_time(kept.at)} · {html.excerpt(', '.join(kept.sets), 100)}" for kept in whole}
    n = Counter(labels.values())
    return {name: label if n[label] == 1 else f"{label} · {html.name(name)}" for name, label in labels.items()}


def _show_actions(kept: Kept) -> None:
    result = kept.result or {}
    with st.container(horizontal=True):
        st.download_button(
            "Download JSON",
            lambda: as_bytes(result),
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
            _ask_to_remove(kept)


@st.dialog("Remove an evaluation", icon=":material/delete:")
def _ask_to_remove(kept: Kept) -> None:
    question = f"Remove what was measured on {', '.join(kept.sets)} at {local_time(kept.at)}? It is gone then."
    st.html(html.element("div", "text", html.text(html.shortened(question))))
    with st.container(horizontal=True):
        sure = st.button(
            "Remove it",
            key="evaluation_remove_sure",
            type="primary",
            help="Remove the figures for good.",
            on_click=_remove,
            args=(kept.name,),
        )
        if st.button("Keep it", key="evaluation_remove_not", help="Do nothing.") or sure:
            st.rerun()


def _remove(name: str) -> None:
    try:
        remove_evaluation(name)
    except OSError as error:
        st.session_state[_TOLD] = f"it could not be removed: {error}"
