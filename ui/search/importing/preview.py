"""Draw what a file of marks would change, and the buttons that take its marks in, or leave all as it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.importing.added_marks import Contradictions, Import, added_marks
from exemplar.retrieval.importing.in_words import changes_nothing, contradiction_line, preview_lines
from exemplar.retrieval.importing.marks_file import MarkFile, columns_of, read_marks
from exemplar.retrieval.importing.taking import events_of
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import html, state
from exemplar.ui.search.importing.meaning import choose_meaning
from exemplar.ui.search.importing.message import keep_failure, keep_result

_READ = "file_of_marks"  # what was read of it, by what it was read for
_FOUND = "what_the_file_of_marks_would_change"
_MOST_LINES = 10  # of contradictions, and of rows left out
_CHOICES: Mapping[Contradictions, str] = {"keep": "Keep mine", "take": "Take the file's"}

OnMarks = Callable[[MarksAdded | NotesAdded], None]


def show_preview(
    uploaded: Any, corpus: DocumentStore, session: Session, on_marks: OnMarks, close: Callable[[], None]
) -> None:
    """Draw the preview of an uploaded file; ``close`` empties its box."""
    key = f"column of marks {uploaded.file_id}"
    file = _read(uploaded, corpus, st.session_state.get(key))
    if isinstance(file, str):
        html.show_message("error", f"{file}. Nothing was changed.")
        _choose_column(_columns(uploaded), key)
        return
    found = None
    with st.container(key="import-preview"):
        if file.labels is not None or key in st.session_state:
            _choose_column(file.columns, key)
        about = f"{key} {file.labels and file.labels.name}"
        chosen, others = choose_meaning(file.labels, about) if file.labels else ({}, None)
        if file.labels is None or chosen:
            found = _found(uploaded, file, chosen, others, corpus, session)
            _show_found(found)
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Take them in",
                key="take in the file",
                type="primary",
                icon=":material/done_all:",
                disabled=found is None or not events_of(found, uploaded.name, session, _chosen_contradictions()),
                on_click=_take_in,
                args=(found, uploaded.name, session, on_marks, close),
            )
            st.button("Cancel", key="leave the file", on_click=close)


def forget() -> None:
    """Forget what was read of a file."""
    st.session_state.pop(_READ, None)
    st.session_state.pop(_FOUND, None)


def _read(uploaded: Any, corpus: DocumentStore, column: str | None) -> MarkFile | str:
    """Return the marks of a file, read once; why it can't be read if it can't."""
    wanted = (uploaded.file_id, column, corpus.manifest.corpus_id)
    known = st.session_state.get(_READ)
    if known is None or known[0] != wanted:
        try:
            with st.spinner("Reading the file"):
                read: MarkFile | str = read_marks(
                    uploaded.getvalue(), uploaded.name, corpus.manifest.source.columns, column
                )
        except FAILURES as error:
            read = str(error)
        known = st.session_state[_READ] = (wanted, read)
    found: MarkFile | str = known[1]
    return found


def _columns(uploaded: Any) -> Sequence[str]:
    try:
        return columns_of(uploaded.getvalue(), uploaded.name)
    except (ExemplarError, OSError):
        return ()


def _choose_column(columns: Sequence[str], key: str) -> None:
    if columns:
        st.selectbox(
            "Column with marks or labels",
            columns,
            index=None,
            key=key,
            format_func=html.name,
            placeholder="Choose another column",
        )


def _found(
    uploaded: Any,
    file: MarkFile,
    meaning: Mapping[str, Mark],
    others: Mark | None,
    corpus: DocumentStore,
    session: Session,
) -> Import:
    """Return what a file would change, found once for each choice and each state of the session."""
    chosen = (uploaded.file_id, id(file), sorted(meaning.items()), others, corpus.manifest.documents_sha256)
    wanted = (chosen, session.session_id, session.marks, session.notes, session.reasons)
    known = st.session_state.get(_FOUND)
    if known is None or known[0] != wanted:
        marked = file.with_meaning(meaning, others) if file.labels else file
        texts = state.texts_of(session.session_id)
        with st.spinner("Finding the texts"):
            found = added_marks(marked, corpus, session.marks, texts, session.notes, session.reasons)
        known = st.session_state[_FOUND] = (wanted, found)
    result: Import = known[1]
    return result


def _show_found(found: Import) -> None:
    _show_lines(preview_lines(found))
    if found.contradictions:
        st.radio(
            "Where the file says otherwise",
            list(_CHOICES),
            format_func=lambda choice: _CHOICES[choice],
            horizontal=True,
            key="contradictions",
        )
        _show_lines([contradiction_line(each) for each in found.contradictions], _MOST_LINES)
    if found.left_out:
        st.caption("Rows left out")
        _show_lines(found.left_out, _MOST_LINES)
    if changes_nothing(found):
        st.caption("All of it is here already: there is nothing to take in.")


def _show_lines(lines: Sequence[str], most: int | None = None) -> None:
    shown = [html.quiet_line(line) for line in lines[:most]]
    if len(lines) > len(shown):
        shown.append(html.quiet_line(f"… and {len(lines) - len(shown):,} more"))
    st.html("".join(shown))


def _chosen_contradictions() -> Contradictions:
    chosen: Contradictions = st.session_state.get("contradictions", "keep")
    return chosen


def _take_in(found: Import, name: str, session: Session, on_marks: OnMarks, close: Callable[[], None]) -> None:
    contradictions = _chosen_contradictions()
    try:
        for event in events_of(found, name, session, contradictions):
            on_marks(event)
    except FAILURES as error:
        keep_failure("file", error)
    else:
        keep_result("file", name, found.resolved(contradictions))
        close()
