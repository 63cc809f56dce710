"""Marks of files on the documents of a corpus: what they add to a session, and what they would change in it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.data.tabular.formulas import unescape_formula
from exemplar.retrieval.feedback import MARK_NAMES, Feedback, Mark
from exemplar.retrieval.importing.mark_rows import MarkRow, row_name
from exemplar.retrieval.importing.marks_file import MarkFile
from exemplar.retrieval.importing.places import How, Place, Places
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.marks import MarkedText, Marks

Contradictions = Literal["keep", "take"]  # the marks of the session, or those of the file


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A text that the session and the file mark in different ways; ``doc_id`` is its id in the file's event."""

    doc_id: str
    title: str
    here: Mark
    there: Mark


@dataclass(frozen=True, slots=True)
class Import:
    """What a file of marks adds to a session.

    Attributes
    ----------
    event
        Adds the marks, with the texts that they were made on, and with their readers as far as the file has them.
    notes
        Adds the notes and reasons; None if the file has none.
    lost
        The documents of the event whose texts the corpus does not have.
    left_out
        A sentence for each row that adds nothing, with its id and place.
    n_marks, found
        How many rows have marks that can be read, and how many of them were found in each way.
    same
        The documents that the session marks in the same way.
    contradictions
        The texts that the session marks in another way.
    n_cut
        How many rows have a note, a reason or a reader that is too long, and is cut.
    n_copies
        How many rows have the text and the mark of an earlier one.
    """

    event: MarksAdded
    notes: NotesAdded | None = None
    lost: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    n_marks: int = 0
    found: Mapping[How, int] = field(default_factory=dict)
    same: frozenset[str] = frozenset()
    contradictions: tuple[Contradiction, ...] = ()
    n_cut: int = 0
    n_copies: int = 0

    @property
    def n_lost(self) -> int:
        """How many of the marks are on texts that the corpus does not have."""
        return len(self.lost.intersection(self.event.marks.marked))

    @property
    def n_new(self) -> int:
        """How many texts the session has not marked."""
        return len(self.event.marks) - len(self.same) - len(self.contradictions)

    def resolved(self, contradictions: Contradictions) -> "Import":
        """Return what changes the session: without marks that it has, nor, if it keeps its own, contradictions."""
        dropped = set(self.same)
        if contradictions == "keep":
            dropped |= {each.doc_id for each in self.contradictions}
        return replace(self, event=_without(self.event, dropped)) if dropped else self


def added_marks(
    file: MarkFile,
    corpus: DocumentStore,
    marks: Marks,
    kept: Mapping[str, MarkedText] | None = None,
    notes: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
) -> Import:
    """Return what a file of marks adds to a session on a corpus.

    A row with a hash marks the document whose text has it, a row with a text alone the document that has the text: the
    one of its id if several have. Else a row with a DOI or a PubMed id marks the document of that paper. If no document
    has the text or the identifier, the mark keeps the text, under an id that no document and no mark on another text
    has. A row without text and hash marks the document of its id. Rows on copies of a text are one mark, on the first
    of them; each keeps its own note. A note alone is on a document that the corpus has.

    Parameters
    ----------
    marks, kept
        The marks of the session, and the texts that it keeps, by hash.
    notes, reasons
        Those of the session, by ``doc_id``; the same ones add nothing.
    """
    places, left_out = Places(file, corpus, marks, kept or {}), list(file.left_out)
    rows: dict[str, list[MarkRow]] = {}  # by the hash of the text that they mark
    found: dict[str, Place] = {}
    noted: dict[str, MarkRow] = {}
    ways: Counter[How] = Counter()
    for row in file.rows:
        try:
            place = places.of(row)
        except ExemplarError as error:
            left_out.append(f"{row.name}: {error}")
            continue
        if row.note or row.reason:
            noted[place.doc_id] = row
        if row.mark:
            ways[place.how] += 1
            text_hash = places.hash_of(place.text)
            rows.setdefault(text_hash, []).append(row)
            found.setdefault(text_hash, place)
    for text_hash, same in list(rows.items()):
        if len({row.mark for row in same}) > 1:
            left_out.append(_opposed(rows.pop(text_hash)))
    event = _event({text_hash: (found[text_hash], same) for text_hash, same in rows.items()}, file)
    lost = frozenset(found[text_hash].doc_id for text_hash in rows if found[text_hash].how in ("changed", "lost"))
    same_here, contradictions = _compared(event, marks)
    n_marks = sum(row.mark is not None for row in file.rows)
    n_cut = sum(row.is_cut for row in file.rows)
    n_copies = sum(len(same) - 1 for same in rows.values())
    added = _notes(noted, file, notes or {}, reasons or {})
    return Import(event, added, lost, tuple(left_out), n_marks, dict(ways), same_here, contradictions, n_cut, n_copies)


def _event(rows: Mapping[str, tuple[Place, list[MarkRow]]], file: MarkFile) -> MarksAdded:
    """Return the event of the marks on texts by hash, each of rows that agree."""
    by_mark: dict[Mark, list[str]] = {"positive": [], "negative": [], "unsure": []}
    readers: dict[str, str] = {}
    made = {place.doc_id: same[0].made for place, same in rows.values() if same[0].made}
    for place, same in rows.values():
        if mark := same[0].mark:
            by_mark[mark].append(place.doc_id)
        if reader := next((row.reader for row in same if row.reader), ""):
            readers[place.doc_id] = _unescaped(reader, file)
    hashes = {place.doc_id: text_hash for text_hash, (place, _) in rows.items()}
    texts = tuple(place.text for place, _ in rows.values())
    return MarksAdded(Feedback(*map(tuple, by_mark.values())), hashes, texts, made=made, readers=readers)


def _compared(event: MarksAdded, marks: Marks) -> tuple[frozenset[str], tuple[Contradiction, ...]]:
    """Return the documents that a session marks as an event does, and what it marks in another way."""
    here = {doc_id: mark for mark, doc_ids in marks.feedback.by_mark() for doc_id in doc_ids}
    on_text = {text_hash: here[doc_id] for doc_id, text_hash in marks.texts.items()}
    titles = dict(zip(event.text_hashes, event.texts, strict=True))
    same: set[str] = set()
    contradictions = []
    for mark, doc_ids in event.marks.by_mark():
        for doc_id in doc_ids:
            old = on_text.get(event.text_hashes[doc_id]) or (None if doc_id in marks.texts else here.get(doc_id))
            if old == mark:
                same.add(doc_id)
            elif old is not None:
                text = titles[doc_id]
                contradictions.append(Contradiction(doc_id, text.title or text.text[:200], old, mark))
    return frozenset(same), tuple(contradictions)


def _without(event: MarksAdded, doc_ids: set[str]) -> MarksAdded:
    """Return an event without the marks on some documents."""
    feedback = Feedback(
        *(tuple(doc_id for doc_id in marked if doc_id not in doc_ids) for _, marked in event.marks.by_mark())
    )
    texts = dict(zip(event.text_hashes, event.texts, strict=True))
    return replace(
        event,
        marks=feedback,
        text_hashes={doc_id: each for doc_id, each in event.text_hashes.items() if doc_id not in doc_ids},
        texts=tuple(text for doc_id, text in texts.items() if doc_id not in doc_ids),
        made={doc_id: each for doc_id, each in event.made.items() if doc_id not in doc_ids},
        readers={doc_id: each for doc_id, each in event.readers.items() if doc_id not in doc_ids},
    )


def _notes(
    rows: Mapping[str, MarkRow], file: MarkFile, notes: Mapping[str, str], reasons: Mapping[str, str]
) -> NotesAdded | None:
    """Return the notes and reasons of rows by ``doc_id`` that a session lacks; None if there are none."""
    added = {doc_id: _unescaped(row.note, file) for doc_id, row in rows.items() if row.note}
    given = {doc_id: _unescaped(row.reason, file) for doc_id, row in rows.items() if row.reason}
    added = {doc_id: note for doc_id, note in added.items() if not _is_same(note, notes.get(doc_id))}
    given = {doc_id: reason for doc_id, reason in given.items() if not _is_same(reason, reasons.get(doc_id))}
    return NotesAdded(added, given) if added or given else None


def _is_same(text: str, here: str | None) -> bool:
    """Return whether two notes are one but for blanks: those in references have no line breaks."""
    return text.split() == (here or "").split()


def _unescaped(text: str, file: MarkFile) -> str:
    return unescape_formula(text) if file.escaped else text


def _opposed(rows: list[MarkRow]) -> str:
    first = rows[0]
    other = next(row for row in rows if row.mark != first.mark)
    marked, otherwise = (MARK_NAMES[row.mark] for row in (first, other) if row.mark)
    if first.doc_id != other.doc_id:
        ways = f"{first.name} as {marked} and {other.name} as {otherwise}"
        return f"the same text is marked in two ways, {ways}; remove one of the marks"
    ways = f"{marked} in {first.place} and as {otherwise} in {other.place}"
    return f"{row_name(other.doc_id, other.place)}: it is marked as {ways}; remove one of the marks"
