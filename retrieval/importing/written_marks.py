"""What programs write into the notes of a record: Rayyan, ASReview, and Exemplar's own exports of references."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exemplar.data.bibliographies.decisions import decision_in
from exemplar.data.bibliographies.exported_note import read_note
from exemplar.retrieval.importing.mark_words import mark_meant, mark_of_all

_LONGEST = 1_000_000  # characters of notes that are looked through
_RAYYAN = "RAYYAN-"
_PART = re.compile(r"(RAYYAN-[A-Z]+(?:-[A-Z]+)?|USER-NOTES):")
_DECISION = re.compile(r'"([^"]{0,200})" *=> *"(\w{1,50})"')  # "Ann"=>"Included"
_NOTE = re.compile(r'"([^"]{0,200})" *=> *\[([^\]]*)\]')  # "Ann"=>["see table 2"]
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OWN = re.compile(r"^\s*Exemplar:.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """What the notes of a record say; empty where they say nothing.

    Attributes
    ----------
    word
        The decision, in a word that means a mark.
    is_own
        Whether an export of Exemplar wrote it, which then says all about the record.
    """

    word: str = ""
    doc_id: str = ""
    text_hash: str = ""
    note: str = ""
    reason: str = ""
    reader: str = ""
    is_own: bool = False


def written_in(notes: str) -> Written:
    """Return what the notes of a record say of its mark.

    Of several people in Rayyan, who decide otherwise, the mark is unsure, and the note says who decided how.
    """
    notes = notes[:_LONGEST]
    for line in _OWN.findall(notes):
        if (values := read_note(line)) is not None:
            return _own(values)
    if _RAYYAN in notes:
        return _of_rayyan(notes)
    return Written(word=decision_in(notes.split("\n")) or "")


def _own(values: Mapping[str, str]) -> Written:
    names = ("doc_id", "text_hash", "note", "reason", "reader")
    return Written(values.get("mark", ""), **{name: values.get(name, "") for name in names}, is_own=True)


def _of_rayyan(notes: str) -> Written:
    parts = _parts(notes)
    decisions = dict(_DECISION.findall(parts.get("RAYYAN-INCLUSION", "")))
    mark = mark_of_all(list(decisions.values()))
    differ = len({mark_meant(word) for word in decisions.values()}) > 1
    lines = [f"{reader}: {word.lower()}" for reader, word in decisions.items()] if differ else []
    if labels := parts.get("RAYYAN-LABELS"):
        lines.append(f"labels: {labels}")
    lines += [
        f"{reader}: {note}"
        for reader, found in _NOTE.findall(parts.get("USER-NOTES", ""))
        for note in _QUOTED.findall(found)
        if note.strip()
    ]
    return Written(
        {"positive": "included", "negative": "excluded", "unsure": "maybe"}[mark] if mark else "",
        note="\n".join(lines),
        reason=parts.get("RAYYAN-EXCLUSION-REASONS", ""),
        reader=", ".join(decisions),
    )


def _parts(notes: str) -> dict[str, str]:
    """Return what follows each heading of Rayyan in notes, by heading."""
    pieces = _PART.split(notes)
    return {
        name: re.sub(r"\s*[|]?\s*$", "", text.partition("\n")[0] if name != "USER-NOTES" else text).strip()
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True)
    }
