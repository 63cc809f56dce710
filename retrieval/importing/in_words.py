"""What an import would do, in words, before anything is changed."""

from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.retrieval.importing.added_marks import Contradiction, Import
from exemplar.retrieval.importing.mark_column import MarkColumn
from exemplar.retrieval.importing.mark_rows import LONGEST_NAME, LONGEST_NOTE
from exemplar.retrieval.importing.places import How

_MOST_NAMED = 10  # values of a column
_LONGEST = 100  # characters of a title or a value
_FOUND: dict[How, str] = {
    "hash": "by the hash of the text",
    "text": "by the text",
    "doi": "by the DOI alone (the text in the file is another, or missing)",
    "pmid": "by the PubMed id alone (the text in the file is another, or missing)",
    "id": "by the id",
    "number": "by the id as a number (a spreadsheet makes 1 of 001)",
}


def preview_lines(found: Import) -> list[str]:
    """Return what a file has and what it would change, a sentence a line."""
    if not found.n_marks and not found.notes:
        return ["No row of the file has a mark."]
    lines = [f"Rows with a mark: {found.n_marks:,}."]
    ways = [f"{found.found[how]:,} {words}" for how, words in _FOUND.items() if found.found.get(how)]
    lines += [f"Found in this corpus: {', '.join(ways)}."] if ways else []
    lines += _lost(found)
    if found.n_copies:
        lines.append(f"With the text of an earlier row: {_rows(found.n_copies)}; copies of a text share a mark.")
    n_same, n_opposed = len(found.same), len(found.contradictions)
    if found.event.marks:
        lines.append(
            f"New here: {found.n_new:,}; marked here in the same way: {n_same:,}; marked here in another way: "
            f"{n_opposed:,}."
        )
    if notes := notes_in_words(found):
        lines.append(f"New or other than here: {notes}.")
    if found.n_cut:
        most = f"a note at {LONGEST_NOTE:,} characters, a reason or a reader at {LONGEST_NAME}"
        lines.append(f"Cut, since they are too long: {_rows(found.n_cut)} ({most}).")
    if found.left_out:
        lines.append(f"Left out: {_rows(len(found.left_out))}.")
    return lines


def changes_nothing(found: Import) -> bool:
    """Return whether a file brings nothing that the session does not have."""
    return len(found.same) == len(found.event.marks) and found.notes is None


def contradiction_line(each: Contradiction) -> str:
    """Return how a text is marked here and in the file."""
    title = " ".join(each.title.split())
    shown = title if len(title) <= _LONGEST else f"{title[:_LONGEST]}…"
    return f"{each.doc_id[:_LONGEST]}: {MARK_NAMES[each.here]} here, {MARK_NAMES[each.there]} in the file: {shown}"


def values_line(column: MarkColumn) -> str:
    """Return the values of a column that are no marks by themselves, the most common first."""
    named = [f"'{value[:_LONGEST]}' ({n:,})" for value, n in list(column.values.items())[:_MOST_NAMED]]
    n_more = len(column.values) - len(named)
    more = f", and {n_more:,} more" if n_more else ""
    return f"its column '{column.name[:_LONGEST]}' has labels, not marks: {', '.join(named)}{more}"


def notes_in_words(found: Import) -> str:
    """Return how many notes and reasons a file adds; empty if it adds none."""
    if found.notes is None:
        return ""
    counts = {"note": len(found.notes.notes), "reason": len(found.notes.reasons)}
    return " and ".join(f"{n:,} {noun}{'' if n == 1 else 's'}" for noun, n in counts.items() if n)


def _lost(found: Import) -> list[str]:
    n_changed, n_lost = found.found.get("changed", 0), found.found.get("lost", 0)
    lines = [f"Not in this corpus: {_rows(n_lost)}; these marks keep their texts, and train by them."] if n_lost else []
    if n_changed:
        lines.append(
            f"Its text has changed: {_rows(n_changed)}, whose id this corpus has with another text; these marks keep "
            "the texts that were marked."
        )
    return lines


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"
