"""What a session says of documents, for the rows of an export: mark, note, reason, time and reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.retrieval.sessions.identity import ELSEWHERE, STATES, PresentMarks
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.session import Session

MARK_COLUMNS = ("mark", "mark_state", "mark_origin", "note", "reason", "marked", "reader")


@dataclass(frozen=True, slots=True)
class LostRow:
    """A mark or a note that has no document any more; ``text`` is the one that was marked, if it is known."""

    doc_id: str
    text: MarkedText | None
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MarkedRows:
    """What a session says of documents.

    Attributes
    ----------
    by_row
        The cells of ``MARK_COLUMNS`` by the row of a document; every copy of a marked text has them.
    lost
        What concerns no document of the corpus.
    """

    by_row: Mapping[int, Mapping[str, Any]]
    lost: tuple[LostRow, ...]


def marked_rows(session: Session, present: PresentMarks, corpus: DocumentStore) -> MarkedRows:
    """Return what a session says of the documents of its corpus.

    Parameters
    ----------
    session
        With the events of ``present``, its marks stand at the documents that they concern now.
    """
    marks = {doc_id: MARK_NAMES[mark] for doc_id, mark in present.by_document().items()}
    marks |= {doc_id: MARK_NAMES[mark] for mark, ids in session.feedback.by_mark() for doc_id in ids}
    said = dict.fromkeys((*marks, *(doc_id for doc_id in chain(session.notes, session.reasons))))
    states = {doc_id: STATES[state] for doc_id, state in present.states.items()}
    rows = corpus.rows_of(doc_id for doc_id in said if doc_id not in states)
    cells = _Cells(session, present, marks)
    lost = [
        LostRow(doc_id, present.texts.get(doc_id), cells.of(doc_id, states.get(doc_id, STATES["gone"])))
        for doc_id in said
        if doc_id not in rows
    ]
    return MarkedRows({row: cells.of(doc_id, None) for doc_id, row in rows.items()}, tuple(lost))


class _Cells:
    """The cells that a session has for a document; what is marked as a copy of another one has those of that mark."""

    def __init__(self, session: Session, present: PresentMarks, marks: Mapping[str, str]) -> None:
        self._session, self._marks, self._elsewhere = session, marks, present.elsewhere
        self._made, self._readers = session.marks.made, session.marks.readers
        own = set(session.feedback.marked)
        self._marked_as = {
            copy: doc_id
            for doc_id, copies in present.copies.items()
            if doc_id in own
            for copy in copies
            if copy not in own
        }

    def of(self, doc_id: str, state: str | None) -> dict[str, Any]:
        marked, mark = self._marked_as.get(doc_id, doc_id), self._marks.get(doc_id)
        return {
            "mark": mark,
            "mark_state": state,
            "mark_origin": ELSEWHERE if mark and marked in self._elsewhere else None,
            "note": self._session.notes.get(doc_id) or None,
            "reason": self._session.reasons.get(doc_id) or None,
            "marked": self._made.get(marked) or None if mark else None,
            "reader": self._readers.get(marked) or None if mark else None,
        }
