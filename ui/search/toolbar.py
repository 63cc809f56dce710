"""Draw the tools above the results: view, filters, undo and redo, export and import, keys."""

import streamlit as st

from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import Event, Redone, Undone
from exemplar.retrieval.sessions.export import Column, exported_doc_ids
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import state
from exemplar.ui.search import filter_form, keyboard
from exemplar.ui.search.export_import import show_export, show_import
from exemplar.ui.search.rankings import rankings_of

VIEWS = (state.RESULTS, "Mark next", "Why")


def show_tools(session: Session, engine: SearchEngine, marks: PresentMarks) -> str:
    """Draw the tools; return the chosen view."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="tools"):
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0],
            required=True,
            key="view",
            help="The rankings; the documents that are best marked next; where both rankings have each document.",
        )
        _filters_popover(session)
        _event_button("Undo", Undone(), "Take the last change of marks back (u)", enabled=bool(session.marks.past))
        _event_button(
            "Redo", Redone(), "Make the change again that was taken back (Shift+U)", enabled=bool(session.marks.future)
        )
        _export_popover(session, engine, marks)
        keys = st.popover("Keys", icon=":material/keyboard:", key="keys", help="What the keyboard can do here.")
        with keys:
            keyboard.show_keys()
    return str(view)


def _filters_popover(session: Session) -> None:
    n_filters = len(session.filters)
    filters = st.popover(
        f"Filters ({n_filters})" if n_filters else "Filters",
        icon=":material/filter_alt:",
        key="filters",
        help="Rank only documents with some label, some other value, or some words.",
        on_change="rerun",
    )
    if filters.open:
        with filters:
            filter_form.show_filters(session.filters, session.corpus)


def _event_button(label: str, event: Event, hint: str, *, enabled: bool) -> None:
    name = label.lower()
    icon = f":material/{name}:"
    st.button(label, key=name, icon=icon, help=hint, disabled=not enabled, on_click=state.change, args=(event,))


def _export_popover(session: Session, engine: SearchEngine, marks: PresentMarks) -> None:
    transfer = st.popover(
        "Export, import",
        icon=":material/swap_vert:",
        key="transfer",
        help="Keep rankings and marks as a file, or take marks from one.",
        on_change="rerun",
    )
    if not transfer.open:
        return
    with transfer:
        columns = None if session.query is None else lambda n: _exported(session, engine, marks, n)
        show_export(engine.corpus, session.feedback, marks, columns)
        show_import(engine.corpus, session, state.change)


def _exported(session: Session, engine: SearchEngine, marks: PresentMarks, n: int) -> list[Column]:
    """Return the first n documents of each ranking, with the scores of every exported document."""
    rankings = rankings_of(session, engine, marks.feedback, session.settings.rankers, depth=n)
    tops = [ranking.doc_ids[:n] for ranking in rankings]
    doc_ids = exported_doc_ids(marks, tops)
    columns = []
    for ranking, top in zip(rankings, tops, strict=True):
        scores = engine.scores(ranking.scorer, doc_ids)
        columns.append(Column(ranking.ranker, top, dict(zip(doc_ids, scores, strict=True)), ranking.vectors))
    return columns
