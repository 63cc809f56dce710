"""Draw the form that exports rankings and marks to a file."""

from collections.abc import Callable, Sequence

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.exports.table import (
    Column,
    as_csv,
    as_json_lines,
    as_parquet,
    export_table,
)
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session

_FORMATS = {
    "CSV": (".csv", "text/csv", as_csv),
    "JSON Lines": (".jsonl", "application/jsonl", as_json_lines),
    "Parquet": (".parquet", "application/vnd.apache.parquet", as_parquet),
}
_CONTENTS = ("Rankings and marks", "Marks alone")
_MIN_ROWS, _DEFAULT_ROWS, _MAX_ROWS = 10, 100, 1000  # rows of each ranking


def show_export(
    corpus: DocumentStore,
    session: Session,
    marks: PresentMarks,
    columns: Callable[[int], Sequence[Column]] | None,
) -> None:
    """Draw the form that exports.

    Parameters
    ----------
    columns
        Takes a number of rows and returns so many of each ranking; a download calls it in another thread. None if
        nothing is ranked.
    """
    st.subheader("Export", anchor=False)
    feedback, about = session.feedback, (session.notes, session.reasons, session.marks.readers)
    if columns is None and not feedback and not any(about):
        st.caption("There is nothing to export yet: no document is marked.")
        return
    rankings = columns is not None and _choose_content() == _CONTENTS[0]
    n = _choose_n_rows() if rankings else 0
    chosen = st.segmented_control(
        "Format",
        list(_FORMATS),
        default="CSV",
        required=True,
        key="export_format",
        persist_state="session",
        help="CSV for spreadsheets: what they would run as a formula gets an apostrophe in front. JSON Lines and "
        "Parquet for programs: they are exact.",
    )
    suffix, mime, write = _FORMATS[chosen]
    st.download_button(
        "Download",
        lambda: write(export_table(corpus, feedback, columns(n) if columns and rankings else (), marks, *about)),
        file_name=f"{corpus.manifest.name}-{'rankings' if rankings else 'marks'}{suffix}",
        mime=mime,
        key=f"export-{chosen}",  # a button of its own: a click on the last format's would download nothing
        icon=":material/download:",
        type="primary",
        on_click="ignore",
        help="A row a document: its id, text, label, mark, note, reason and reader, and what became of the mark's text"
        + (", and its rank and score in both columns." if rankings else "."),
    )


def _choose_content() -> str:
    what: str = st.segmented_control(
        "What",
        _CONTENTS,
        default=_CONTENTS[0],
        required=True,
        key="export_what",
        persist_state="session",
        help="The first rows of each column and all that is marked; or only what is marked.",
    )
    return what


def _choose_n_rows() -> int:
    return st.number_input(
        "Rows of each ranking",
        min_value=_MIN_ROWS,
        max_value=_MAX_ROWS,
        value=_DEFAULT_ROWS,
        key="export_rows",
        persist_state="session",
        help=f"From the top: {_MIN_ROWS} to {_MAX_ROWS:,}. Marked documents come along wherever they stand.",
    )
