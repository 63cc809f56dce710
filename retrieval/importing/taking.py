"""The events by which an import changes a session."""

from dataclasses import replace

from exemplar.retrieval.importing.added_marks import Contradictions, Import
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.session import Session


def events_of(
    found: Import, name: str, session: Session, contradictions: Contradictions
) -> list[MarksAdded | NotesAdded]:
    """Return what takes the marks and notes of a file into a session; nothing if the session has all of them.

    Parameters
    ----------
    name
        The file's name, which says how the rows were found.
    contradictions
        Whose marks count where the session and the file differ; the same holds for notes and reasons.
    """
    resolved = found.resolved(contradictions)
    events: list[MarksAdded | NotesAdded] = []
    if resolved.event.marks:
        event = replace(resolved.event, found_all={"import": name}, reader=session.settings.reader)
        events.append(session.on_texts(event))
    if resolved.notes and (notes := _notes(resolved.notes, session, contradictions)):
        events.append(notes)
    return events


def _notes(notes: NotesAdded, session: Session, contradictions: Contradictions) -> NotesAdded | None:
    if contradictions == "take":
        return notes
    kept = {doc_id: note for doc_id, note in notes.notes.items() if doc_id not in session.notes}
    reasons = {doc_id: reason for doc_id, reason in notes.reasons.items() if doc_id not in session.reasons}
    return NotesAdded(kept, reasons) if kept or reasons else None
