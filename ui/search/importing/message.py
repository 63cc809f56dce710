"""What the last import of marks did, in words."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.importing.added_marks import Import
from exemplar.retrieval.importing.in_words import notes_in_words
from exemplar.ui import html, state
from exemplar.ui.html import MessageKind

Origin = Literal["file", "column"]

_MOST_LINES = 100  # of rows that were left out

_MESSAGE = "what_the_last_import_did"
_STATE_AT_IMPORT = "what_it_did_it_to"


def keep_failure(origin: Origin, error: Exception) -> None:
    """Keep that an import failed."""
    _keep(origin, "error", f"{error}. Nothing was changed.")


def keep_result(origin: Origin, name: str, found: Import) -> None:
    """Keep what an import added; ``name`` is that of the file or the column."""
    kind: MessageKind = "success" if (found.event.marks or found.notes) and not found.left_out else "warning"
    _keep(origin, kind, _in_words(name, found), found.left_out)


def _keep(origin: Origin, kind: MessageKind, message: str, left_out: Sequence[str] = ()) -> None:
    st.session_state.pop(_STATE_AT_IMPORT, None)
    st.session_state[_MESSAGE] = (origin, kind, message, left_out)


def show_message(origin: Origin, corpus: DocumentStore) -> None:
    """Show the message of the last import, if it had this origin, until the session or the corpus changes."""
    if _MESSAGE in st.session_state:
        now = (state.current(), corpus.manifest.name)
        if st.session_state.setdefault(_STATE_AT_IMPORT, now) == now:
            made, kind, message, left_out = st.session_state[_MESSAGE]
            if made != origin:
                return
            html.show_message(kind, message)
            lines = [html.quiet_line(line) for line in left_out[:_MOST_LINES]]
            more = [html.quiet_line(f"… and {len(left_out) - _MOST_LINES:,} more")] if left_out[_MOST_LINES:] else []
            if lines:
                st.html("".join(lines + more))
        else:
            del st.session_state[_MESSAGE]


def _in_words(name: str, found: Import) -> str:
    marks, n_left_out = found.event.marks, len(found.left_out)
    left_out = f"{'1 row was' if n_left_out == 1 else f'{n_left_out:,} rows were'} left out"
    notes = notes_in_words(found)
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


def _then(sentence: str) -> str:
    return f" {sentence[0].upper()}{sentence[1:]}."
