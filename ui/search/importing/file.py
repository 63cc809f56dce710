"""Draw the form that takes marks from a file."""

from collections.abc import Callable

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.importing.mark_tables import MOST_BYTES
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.session import Session
from exemplar.ui.search.importing.column import show_column_import
from exemplar.ui.search.importing.message import show_message
from exemplar.ui.search.importing.preview import forget, show_preview

_N_IMPORTS = "imports_so_far"


def show_import(corpus: DocumentStore, session: Session, on_marks: Callable[[MarksAdded | NotesAdded], None]) -> None:
    """Draw the forms that take marks from a file and from a column of the corpus.

    ``on_marks`` takes the marks and the notes that they add to the session.
    """
    st.subheader("Import marks", anchor=False)
    with st.container(gap=None):
        show_message("file", corpus)
    uploaded = st.file_uploader(
        "File with marks",
        max_upload_size=MOST_BYTES // 10**6,
        key=f"import {st.session_state.get(_N_IMPORTS, 0)}",
        help="An export, edited or not; a table (CSV, Excel, ODS, JSON, Parquet) or references (RIS, BibTeX) of your "
        "own; or an export of ASReview, Rayyan, Prodigy, doccano or Label Studio. A mark is relevant, included, "
        "accept, yes, true or 1; or not relevant, excluded, reject, no, false, 0 or -1; or unsure, maybe or ?; or "
        "blank; of other labels you choose. Rows are found by the hash of their text, by the text, by DOI or PubMed "
        "id, and by id. Nothing is changed before you have seen what would be.",
    )
    if uploaded is None:
        forget()
    else:
        show_preview(uploaded, corpus, session, on_marks, _empty_the_box)
    show_column_import(corpus, on_marks)


def _empty_the_box() -> None:
    st.session_state[_N_IMPORTS] = st.session_state.get(_N_IMPORTS, 0) + 1  # replaces the box by an empty one
    forget()
