"""Draw the form that takes marks from a file."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.readers.formats import MARKS
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.marks_file import MOST_BYTES, read_marks
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import state
from exemplar.ui.search.importing.column import show_column_import
from exemplar.ui.search.importing.message import keep_failure, keep_result, show_message

_N_IMPORTS = "imports_so_far"


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
