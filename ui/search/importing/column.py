"""Draw the form that makes marks from a column of the corpus."""

from collections.abc import Callable, Mapping

import streamlit as st

from exemplar.data.corpus.facets import MOST_COLUMNS
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.sources.columns import listed
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.importing.corpus_marks import corpus_marks, decision_column, mark_columns
from exemplar.retrieval.importing.mark_column import MOST_VALUES, MarkColumn
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import html
from exemplar.ui.search.importing.meaning import choose_meaning
from exemplar.ui.search.importing.message import keep_failure, keep_result, show_message


def show_column_import(corpus: DocumentStore, on_marks: Callable[[MarksAdded | NotesAdded], None]) -> None:
    """Draw the form; ``on_marks`` takes the marks that it adds to the session."""
    st.subheader("Marks from this corpus", anchor=False)
    with st.container(gap=None):
        show_message("column", corpus)
    columns, too_long = mark_columns(corpus)
    if too_long:
        names = listed([html.name(name) for name in too_long])
        st.html(html.quiet_line(f"These columns have more than {MOST_VALUES:,} values, too many to choose: {names}."))
    if not columns:
        st.caption("This corpus has no labels, and no other column with few values, that could become marks.")
        return
    about = f"{corpus.manifest.name} {corpus.manifest.documents_sha256[:12]}"  # built again, it has other columns
    place: int | None = st.selectbox(
        "Column",
        range(len(columns)),
        decision_column(columns),
        format_func=lambda place: html.name(columns[place].name),
        key=f"column with marks {about}",
        placeholder="Choose a column",
        help="Decisions or labels that came with the documents: a column with few values, such as decision, included, "
        "label or answer. What is chosen below says which of its values mean which mark; a blank means none.",
    )
    if len(corpus.facets.fields) >= MOST_COLUMNS:
        st.caption(f"These are the {MOST_COLUMNS} columns that most documents have.")
    if place is not None:
        _show_values(corpus, columns[place], f"{place} {about}", on_marks)


def _show_values(
    corpus: DocumentStore, column: MarkColumn, about: str, on_marks: Callable[[MarksAdded | NotesAdded], None]
) -> None:
    """Draw a box of values for every mark, and the button that takes the marks in."""
    chosen, others = choose_meaning(column, about)
    st.button(
        "Take in these marks",
        key=f"take in {about}",
        icon=":material/done_all:",
        disabled=not chosen,
        on_click=_take_in,
        args=(corpus, column, chosen, others, on_marks),
    )


def _take_in(
    corpus: DocumentStore,
    column: MarkColumn,
    chosen: Mapping[str, Mark],
    others: Mark | None,
    on_marks: Callable[[MarksAdded | NotesAdded], None],
) -> None:
    try:
        found = corpus_marks(corpus, column, chosen, others)
        if found.event.marks:
            on_marks(found.event)
    except FAILURES as error:
        keep_failure("column", error)
    else:
        keep_result("column", f"the column {html.name(column.name)}", found)
