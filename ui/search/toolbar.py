"""The row of tools above the results: view, filters, undo and redo, export and import, keys."""

import streamlit as st

from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import MarksAdded, Redone, Undone
from exemplar.retrieval.sessions.export import Column, exported_doc_ids
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import state
from exemplar.ui.search import filter_form, keyboard
from exemplar.ui.search.export_import import show_export, show_import
from exemplar.ui.search.rankings import rankings_of

VIEWS = (state.RESULTS, "Mark next", "Why")


def show_tools(session: Session, engine: SearchEngine) -> str:
    """Draw the row of tools; return the view that is chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="tools"):
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0],
            required=True,
            key="view",
            help="The rankings; the documents that are best marked next; where both rankings have each document.",
        )
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
        st.button(
            "Undo",
            key="undo",
            icon=":material/undo:",
            help="Take the last change of marks back (u)",
            disabled=not session.past,
            on_click=state.change,
            args=(Undone(),),
        )
        st.button(
            "Redo",
            key="redo",
            icon=":material/redo:",
            help="Make the change again that was taken back (Shift+U)",
            disabled=not session.future,
            on_click=state.change,
            args=(Redone(),),
        )
        _show_transfer(session, engine)
        keys = st.popover("Keys", icon=":material/keyboard:", key="keys", help="What the keyboard can do here.")
        with keys:
            keyboard.show_keys()
    return str(view)


def _show_transfer(session: Session, engine: SearchEngine) -> None:
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
        columns = None if session.query is None else lambda n: _exported(session, engine, n)
        show_export(engine.corpus, session.feedback, columns)
        show_import(engine.corpus, lambda marks: state.change(MarksAdded(marks)))


def _exported(session: Session, engine: SearchEngine, n: int) -> list[Column]:
    """Return the first n of each ranking, with both scores of every document that is exported."""
    rankings = rankings_of(session, engine, session.settings.rankers, depth=n)
    tops = [each.doc_ids[:n] for each in rankings]
    wanted = exported_doc_ids(engine.within(session.feedback), tops)
    columns = []
    for each, top in zip(rankings, tops, strict=True):
        scores = engine.scores(each.scorer, wanted)
        columns.append(Column(each.ranker, top, dict(zip(wanted, scores, strict=True))))
    return columns
