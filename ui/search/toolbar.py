"""Draw the tools beside the query: view, filters, marks, export and import, settings, keys."""

import streamlit as st

from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import navigation, state
from exemplar.ui.search import filter_form
from exemplar.ui.search.exporting.flow import show_flow
from exemplar.ui.search.exporting.form import show_export
from exemplar.ui.search.importing.file import show_import
from exemplar.ui.search.mark_all import show_mark_all
from exemplar.ui.search.marks_list import show_marks
from exemplar.ui.search.rankings import rankings_of
from exemplar.ui.search.settings import choose_settings

KEYS = {
    "/": "to the query",
    "j, k": "to the next and the previous row",
    "h, l": "to the left and the right list",
    "n, p": "a page down and up",
    "Enter": "open the row, or close it",
    "+": "mark the row as relevant, or take that back",
    "-": "mark the row as not relevant, or take that back",
    "?": "mark the row as unsure, or take that back",
    "*": "begin a range; the next mark is for all rows from there",
    "u": "undo",
    "Shift+U": "redo",
    "c": "write a note on the row; Ctrl+Enter saves it",
    "m": "more like this row",
    "v": "the next view",
    "Esc": "leave the row, or the query",
    "F1": "show these keys",
}


def show_tools(session: Session, marks: PresentMarks, engine: SearchEngine) -> str:
    """Draw the tools; return the chosen view. Tools for rows are left out until there is a query or a mark.

    None has ``help``: Streamlit draws a button with a tooltip twice, and every mark draws all of them anew.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="tools"):
        return _show_tools(session, marks, engine)


def _show_tools(session: Session, marks: PresentMarks, engine: SearchEngine) -> str:
    view = navigation.first_view()
    if session.query is not None:
        view = str(
            st.segmented_control(
                "View",
                list(navigation.VIEWS),
                default=view,
                required=True,
                key=navigation.VIEW,
                persist_state="session",
                label_visibility="collapsed",
            )
            or view
        )
        _filters_popover(session, marks, engine)
    if session.query is not None or session.feedback:
        _marks_popover(session, marks, engine)
    _export_popover(session, engine, marks)
    if session.query is not None:
        _settings_popover(session)
    with st.popover("Keys", icon=":material/keyboard:", key="keys"):
        lines = (f'<div><kbd class="ex-key">{key}</kbd> {meaning}</div>' for key, meaning in KEYS.items())
        st.html(f'<div class="ex-keys">{"".join(lines)}</div>')
    return view


def _filters_popover(session: Session, marks: PresentMarks, engine: SearchEngine) -> None:
    filters = st.popover(
        "Filters",  # without their number: with another label it is another popover, which is closed
        icon=":material/filter_alt:",
        key="filters",
        on_change="rerun",
    )
    if filters.open:
        with filters:
            filter_form.show_filters(session.filters, session.corpus)
            show_mark_all(session, marks, engine)


def _marks_popover(session: Session, marks: PresentMarks, engine: SearchEngine) -> None:
    drawer = st.popover("Marks", icon=":material/checklist:", key="marks", on_change="rerun")
    if drawer.open:
        with drawer:
            show_marks(marks, session, engine.corpus)


def _settings_popover(session: Session) -> None:
    """Draw the settings once they are open: a browser takes the values of what it does not show yet for empty."""
    settings = st.popover("Settings", icon=":material/tune:", key="settings", on_change="rerun")
    if settings.open:
        with settings:
            choose_settings(session.settings)


def _export_popover(session: Session, engine: SearchEngine, marks: PresentMarks) -> None:
    transfer = st.popover("Export, import", icon=":material/swap_vert:", key="transfer", on_change="rerun")
    if not transfer.open:
        return
    with transfer:
        rankings = rankings_of(session, engine, marks.feedback, session.settings.rankers[-1:], 0, fold=False)
        show_export(engine.corpus, session, marks, engine, rankings[0].n_texts if rankings else 0)
        show_flow(engine.corpus, session)
        show_import(engine.corpus, session, state.change)
