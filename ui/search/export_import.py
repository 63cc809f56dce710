"""Rankings and marks as files: export and import."""

from collections.abc import Callable, Sequence

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.readers.file import TABLES
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.export import (
    Column,
    as_csv,
    as_json_lines,
    as_parquet,
    export_table,
)
from exemplar.retrieval.sessions.import_marks import MOST_BYTES, read_marks
from exemplar.ui import html, state

_FORMATS = {
    "CSV": (".csv", "text/csv", as_csv),
    "JSON Lines": (".jsonl", "application/jsonl", as_json_lines),
    "Parquet": (".parquet", "application/vnd.apache.parquet", as_parquet),
}
_WHATS = ("Rankings and marks", "Marks alone")
_FEWEST, _USUAL, _MOST = 10, 100, 1000  # rows of each ranking

_N_IMPORTS = "imports_so_far"
_TOLD = "what_the_last_import_did"
_TOLD_OF = "what_it_did_it_to"


def show_export(corpus: DocumentStore, feedback: Feedback, columns: Callable[[int], Sequence[Column]] | None) -> None:
    """Draw the form that exports.

    ``columns`` returns so many rows of each ranking, and is called when the file is asked for, in another thread; None
    where nothing is ranked.
    """
    st.subheader("Export", anchor=False)
    if columns is None and not feedback:
        st.caption("There is nothing to export yet: no document is marked.")
        return
    rankings = columns is not None and _ask_what() == _WHATS[0]
    n = _ask_how_many() if rankings else 0
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
        lambda: write(export_table(corpus, feedback, columns(n) if columns and rankings else ())),
        file_name=f"{corpus.manifest.name}-{'rankings' if rankings else 'marks'}{suffix}",
        mime=mime,
        key="export",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
        help="A row a document: its id, text, label and mark"
        + (", and its rank and score in both columns." if rankings else "."),
    )


def show_import(corpus: DocumentStore, on_marks: Callable[[Feedback], None]) -> None:
    """Draw the box that takes a file of marks; ``on_marks`` gets those on documents of this corpus, once a file."""
    st.subheader("Import marks", anchor=False)
    with st.container(gap=None):
        _show_told(corpus)
    key = f"import {st.session_state.get(_N_IMPORTS, 0)}"
    st.file_uploader(
        "File with marks",
        type=[kind.removeprefix(".") for kind in TABLES],
        max_upload_size=MOST_BYTES // 10**6,
        key=key,
        help="CSV, TSV, JSON Lines, JSON or Parquet with the columns doc_id and mark: an export, or a file of your "
        "own. A mark is relevant, positive, yes, true or 1; or not relevant, negative, no, false or 0; or blank. The "
        "marks join those that are there.",
        on_change=_take_in,
        args=(key, corpus, on_marks),
    )


def _ask_what() -> str:
    what: str = st.segmented_control(
        "What",
        _WHATS,
        default=_WHATS[0],
        required=True,
        key="export_what",
        persist_state="session",
        help="The first rows of each column and all that is marked; or only what is marked.",
    )
    return what


def _ask_how_many() -> int:
    return st.number_input(
        "Rows of each ranking",
        min_value=_FEWEST,
        max_value=_MOST,
        value=_USUAL,
        key="export_rows",
        persist_state="session",
        help=f"From the top: {_FEWEST} to {_MOST:,}. Marked documents come along wherever they stand.",
    )


def _take_in(key: str, corpus: DocumentStore, on_marks: Callable[[Feedback], None]) -> None:
    uploaded = st.session_state[key]
    if uploaded is None:
        return
    st.session_state.pop(_TOLD_OF, None)
    st.session_state[_N_IMPORTS] = st.session_state.get(_N_IMPORTS, 0) + 1  # an empty box takes the place of this one
    try:
        marks = read_marks(uploaded.getvalue(), uploaded.name, corpus.rows_of)
        known = marks.within(corpus.rows_of((*marks.positives, *marks.negatives)))
        if known:
            on_marks(known)
    except state.FAILURES as error:
        st.session_state[_TOLD] = ("error", f"{error}. Nothing was changed.")
        return
    st.session_state[_TOLD] = ("success" if known else "warning", _told(uploaded.name, known, len(marks)))


def _show_told(corpus: DocumentStore) -> None:
    """Say what the last import did, as long as nothing else has been done since."""
    if _TOLD in st.session_state:
        now = (state.current(), corpus.manifest.name)
        if st.session_state.setdefault(_TOLD_OF, now) == now:
            html.show_message(*st.session_state[_TOLD])
        else:
            del st.session_state[_TOLD]


def _told(name: str, known: Feedback, n: int) -> str:
    if not n:
        return f"There is no mark in {name}; nothing was changed."
    if not known:
        return f"{name} marks no document of this corpus, only {n:,} others; nothing was changed."
    n_unknown = n - len(known)
    parts = f"{len(known.positives):,} as relevant, {len(known.negatives):,} as not relevant"
    left_out = f" Left out: {n_unknown:,} on documents that this corpus does not have." if n_unknown else ""
    return f"Took in marks from {name}: {parts}.{left_out} Undo takes all of it back."
