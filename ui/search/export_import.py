"""Export rankings and marks to a file, and import marks from one."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.readers.formats import MARKS
from exemplar.retrieval.exports.table import (
    Column,
    as_csv,
    as_json_lines,
    as_parquet,
    export_table,
)
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.marks_file import MOST_BYTES, read_marks
from exemplar.retrieval.screening.flow import Flow, flow_of
from exemplar.retrieval.screening.flow_chart import flow_svg
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import state
from exemplar.ui.search.importing.column import show_column_import
from exemplar.ui.search.importing.message import keep_failure, keep_result, show_message

_FORMATS = {
    "CSV": (".csv", "text/csv", as_csv),
    "JSON Lines": (".jsonl", "application/jsonl", as_json_lines),
    "Parquet": (".parquet", "application/vnd.apache.parquet", as_parquet),
}
_CONTENTS = ("Rankings and marks", "Marks alone")
_MIN_ROWS, _DEFAULT_ROWS, _MAX_ROWS = 10, 100, 1000  # rows of each ranking

_N_IMPORTS = "imports_so_far"


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


def show_flow(corpus: DocumentStore, session: Session) -> None:
    """Draw the downloads of what a review reports; without a mark there is nothing to report."""
    if not session.feedback:
        return

    def counts() -> Flow:
        texts = state.texts_of(session.session_id)
        return flow_of(state.title_of(session.session_id) or "unnamed", session, corpus, lambda: texts)

    st.subheader("Counts for a review", anchor=False)
    st.caption("Records, duplicates, screened, excluded with reasons, included: the flow that PRISMA 2020 asks for.")
    with st.container(horizontal=True, gap="small"):
        for label, suffix, mime, write in (
            ("Diagram (SVG)", "svg", "image/svg+xml", lambda: flow_svg(counts())),
            ("Counts (JSON)", "json", "application/json", lambda: json.dumps(counts().to_json(), indent=2).encode()),
        ):
            st.download_button(
                label,
                write,
                file_name=f"{corpus.manifest.name}-flow.{suffix}",
                mime=mime,
                key=f"flow-{suffix}",
                icon=":material/download:",
                on_click="ignore",
            )


def show_import(corpus: DocumentStore, session: Session, on_marks: Callable[[MarksAdded | NotesAdded], None]) -> None:
    """Draw the forms that take marks from a file and from a column of the corpus.

    ``on_marks`` takes the marks and the notes that they add to the session.
    """
    st.subheader("Import marks", anchor=False)
    with st.container(gap=None):
        show_message("file", corpus)
    key = f"import {st.session_state.get(_N_IMPORTS, 0)}"
    st.file_uploader(
        "File with marks",
        type=[kind.removeprefix(".") for kind in MARKS],
        max_upload_size=MOST_BYTES // 10**6,
        key=key,
        help="CSV, TSV, JSON Lines, JSON or Parquet with the columns doc_id and mark: an export, or a file of your "
        "own. A mark is relevant, included, accept, yes, true or 1; or not relevant, excluded, reject, no, false, 0 or "
        "-1; or unsure, maybe or ?; or blank. Where the file has the text or its hash (text, text_hash), the mark goes "
        "to the document with that text. The marks join those that are there.",
        on_change=_import_marks,
        args=(key, corpus, session, on_marks),
    )
    show_column_import(corpus, on_marks)


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


def _import_marks(
    key: str, corpus: DocumentStore, session: Session, on_marks: Callable[[MarksAdded | NotesAdded], None]
) -> None:
    uploaded = st.session_state[key]
    if uploaded is None:
        return
    st.session_state[_N_IMPORTS] = st.session_state.get(_N_IMPORTS, 0) + 1  # replaces this box by an empty one
    try:
        file = read_marks(uploaded.getvalue(), uploaded.name, corpus.manifest.source.columns)
        found = added_marks(file, corpus, session.marks, state.texts_of(session.session_id))
        if found.event.marks:
            on_marks(replace(found.event, found_all={"import": uploaded.name}))
        if found.notes:
            on_marks(found.notes)
    except FAILURES as error:
        keep_failure("file", error)
    else:
        keep_result("file", uploaded.name, found)
