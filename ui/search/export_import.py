"""Export rankings and marks to a file, and import marks from one."""

from collections.abc import Callable, Sequence

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.readers.file import TABLES
from exemplar.retrieval.copies import text_marks
from exemplar.retrieval.feedback import MARK_NAMES, Feedback
from exemplar.retrieval.sessions.events import MarksAdded
from exemplar.retrieval.sessions.export import (
    Column,
    as_csv,
    as_json_lines,
    as_parquet,
    export_table,
)
from exemplar.retrieval.sessions.identity import PresentMarks, added_marks
from exemplar.retrieval.sessions.import_marks import MOST_BYTES, places_of_marks, read_marks
from exemplar.ui import html, state

_FORMATS = {
    "CSV": (".csv", "text/csv", as_csv),
    "JSON Lines": (".jsonl", "application/jsonl", as_json_lines),
    "Parquet": (".parquet", "application/vnd.apache.parquet", as_parquet),
}
_CONTENTS = ("Rankings and marks", "Marks alone")
_MIN_ROWS, _DEFAULT_ROWS, _MAX_ROWS = 10, 100, 1000  # rows of each ranking

_N_IMPORTS = "imports_so_far"
_IMPORT_MESSAGE = "what_the_last_import_did"
_STATE_AT_IMPORT = "what_it_did_it_to"


def show_export(
    corpus: DocumentStore,
    feedback: Feedback,
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
    if columns is None and not feedback:
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
        lambda: write(export_table(corpus, feedback, columns(n) if columns and rankings else (), marks)),
        file_name=f"{corpus.manifest.name}-{'rankings' if rankings else 'marks'}{suffix}",
        mime=mime,
        key=f"export-{chosen}",  # a button of its own: a click on the last format's would download nothing
        icon=":material/download:",
        type="primary",
        on_click="ignore",
        help="A row a document: its id, text, label and mark"
        + (", and its rank and score in both columns." if rankings else "."),
    )


def show_import(corpus: DocumentStore, on_marks: Callable[[MarksAdded], None]) -> None:
    """Draw the box for a file of marks; ``on_marks`` takes, once a file, the marks on documents of this corpus."""
    st.subheader("Import marks", anchor=False)
    with st.container(gap=None):
        _show_import_message(corpus)
    key = f"import {st.session_state.get(_N_IMPORTS, 0)}"
    st.file_uploader(
        "File with marks",
        type=[kind.removeprefix(".") for kind in TABLES],
        max_upload_size=MOST_BYTES // 10**6,
        key=key,
        help="CSV, TSV, JSON Lines, JSON or Parquet with the columns doc_id and mark: an export, or a file of your "
        "own. A mark is relevant, positive, yes, true or 1; or not relevant, negative, no, false or 0; or blank. The "
        "marks join those that are there.",
        on_change=_import_marks,
        args=(key, corpus, on_marks),
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


def _import_marks(key: str, corpus: DocumentStore, on_marks: Callable[[MarksAdded], None]) -> None:
    uploaded = st.session_state[key]
    if uploaded is None:
        return
    st.session_state.pop(_STATE_AT_IMPORT, None)
    st.session_state[_N_IMPORTS] = st.session_state.get(_N_IMPORTS, 0) + 1  # replaces this box by an empty one
    try:
        marks = read_marks(uploaded.getvalue(), uploaded.name, corpus.rows_of)
        found = text_marks(marks.within(corpus.rows_of(marks.marked)), corpus)
        known, n_unknown = found.feedback, len(marks) - len(corpus.rows_of(marks.marked))
        if known:
            on_marks(added_marks(known, corpus))
        marked = {doc_id: mark for mark, doc_ids in marks.by_mark() for doc_id in doc_ids}
        places = places_of_marks(uploaded.getvalue(), uploaded.name, corpus.rows_of) if found.opposed else {}
    except state.FAILURES as error:
        st.session_state[_IMPORT_MESSAGE] = ("error", f"{error}. Nothing was changed.")
        return
    opposed = [
        " and ".join(f"'{doc_id}' ({MARK_NAMES[marked[doc_id]]}, {places[doc_id]})" for doc_id in group)
        for group in found.opposed
    ]
    st.session_state[_IMPORT_MESSAGE] = (
        "success" if known and not opposed else "warning",
        _import_message(uploaded.name, known, n_unknown, opposed),
    )


def _show_import_message(corpus: DocumentStore) -> None:
    """Show the message of the last import until the session or the corpus changes."""
    if _IMPORT_MESSAGE in st.session_state:
        now = (state.current(), corpus.manifest.name)
        if st.session_state.setdefault(_STATE_AT_IMPORT, now) == now:
            html.show_message(*st.session_state[_IMPORT_MESSAGE])
        else:
            del st.session_state[_IMPORT_MESSAGE]


def _import_message(name: str, known: Feedback, n_unknown: int, opposed: Sequence[str]) -> str:
    """Return what an import did; ``opposed`` names the marks on every text that the file marks in different ways."""
    contradictions = "".join(
        f" Left out, because these have the same text and different marks: {marks}." for marks in opposed
    )
    if not known and not opposed:
        if n_unknown:
            return f"{name} marks no document of this corpus, only {n_unknown:,} others; nothing was changed."
        return f"There is no mark in {name}; nothing was changed."
    if not known:
        return f"Nothing was changed.{contradictions} Remove one of the marks in {name}."
    parts = f"{len(known.positives):,} as relevant, {len(known.negatives):,} as not relevant"
    parts += f", {len(known.unsure):,} as unsure" if known.unsure else ""
    left_out = f" Left out: {n_unknown:,} on documents that this corpus does not have." if n_unknown else ""
    return f"Took in marks from {name}: {parts}.{left_out}{contradictions} Undo takes all of it back."
