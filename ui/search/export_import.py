"""Export rankings and marks to a file, and import marks from one."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.readers.formats import MARKS
from exemplar.retrieval.screening.flow import Flow, flow_of
from exemplar.retrieval.screening.flow_chart import flow_svg
from exemplar.retrieval.sessions.added_marks import Import, added_marks
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.export import (
    Column,
    as_csv,
    as_json_lines,
    as_parquet,
    export_table,
)
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.import_marks import MOST_BYTES, read_marks
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import html, state

_FORMATS = {
    "CSV": (".csv", "text/csv", as_csv),
    "JSON Lines": (".jsonl", "application/jsonl", as_json_lines),
    "Parquet": (".parquet", "application/vnd.apache.parquet", as_parquet),
}
_CONTENTS = ("Rankings and marks", "Marks alone")
_MIN_ROWS, _DEFAULT_ROWS, _MAX_ROWS = 10, 100, 1000  # rows of each ranking

_MOST_LINES = 100  # of rows that were left out

_N_IMPORTS = "imports_so_far"
_IMPORT_MESSAGE = "what_the_last_import_did"
_STATE_AT_IMPORT = "what_it_did_it_to"


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
    """Draw the box for a file of marks; ``on_marks`` takes the marks and the notes that it adds to the session."""
    st.subheader("Import marks", anchor=False)
    with st.container(gap=None):
        _show_import_message(corpus)
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
    st.session_state.pop(_STATE_AT_IMPORT, None)
    st.session_state[_N_IMPORTS] = st.session_state.get(_N_IMPORTS, 0) + 1  # replaces this box by an empty one
    try:
        file = read_marks(uploaded.getvalue(), uploaded.name, corpus.manifest.source.columns)
        found = added_marks(file, corpus, session.marks, state.texts_of(session.session_id))
        if found.event.marks:
            on_marks(replace(found.event, found_all={"import": uploaded.name}))
        if found.notes:
            on_marks(found.notes)
    except FAILURES as error:
        st.session_state[_IMPORT_MESSAGE] = ("error", f"{error}. Nothing was changed.", ())
        return
    kind = "success" if (found.event.marks or found.notes) and not found.left_out else "warning"
    st.session_state[_IMPORT_MESSAGE] = (kind, _import_message(uploaded.name, found), found.left_out)


def _show_import_message(corpus: DocumentStore) -> None:
    """Show the message of the last import until the session or the corpus changes."""
    if _IMPORT_MESSAGE in st.session_state:
        now = (state.current(), corpus.manifest.name)
        if st.session_state.setdefault(_STATE_AT_IMPORT, now) == now:
            kind, message, left_out = st.session_state[_IMPORT_MESSAGE]
            html.show_message(kind, message)
            lines = [html.quiet_line(line) for line in left_out[:_MOST_LINES]]
            more = [html.quiet_line(f"… and {len(left_out) - _MOST_LINES:,} more")] if left_out[_MOST_LINES:] else []
            if lines:
                st.html("".join(lines + more))
        else:
            del st.session_state[_IMPORT_MESSAGE]


def _import_message(name: str, found: Import) -> str:
    marks, n_left_out = found.event.marks, len(found.left_out)
    left_out = f"{'1 row was' if n_left_out == 1 else f'{n_left_out:,} rows were'} left out"
    notes = _notes_in_words(found)
    if not marks and notes:
        return f"Took in {notes} from {name}, and no mark.{_then(left_out) if n_left_out else ''}"
    if not marks:
        reason = f"No mark was taken in from {name}: {left_out}" if n_left_out else f"There is no mark in {name}"
        return f"{reason}; nothing was changed."
    counts = [f"{len(marks.positives):,} as relevant", f"{len(marks.negatives):,} as not relevant"]
    counts += [f"{len(marks.unsure):,} as unsure"] if marks.unsure else []
    lost = f" {found.n_lost:,} of them on texts that this corpus does not have." if found.n_lost else ""
    end = _then(left_out) if n_left_out else ""
    taken = f"Took in marks from {name}: {', '.join(counts)}.{lost} Undo takes all of it back"
    return f"{taken}, but for {notes}.{end}" if notes else f"{taken}.{end}"


def _notes_in_words(found: Import) -> str:
    """Return how many notes and reasons a file has; empty if it has none."""
    if found.notes is None:
        return ""
    counts = {"note": len(found.notes.notes), "reason": len(found.notes.reasons)}
    return " and ".join(f"{n:,} {noun}{'' if n == 1 else 's'}" for noun, n in counts.items() if n)


def _then(sentence: str) -> str:
    return f" {sentence[0].upper()}{sentence[1:]}."
