"""Marks of files on the documents of a corpus: by their texts, and by their ids where the file has no texts.

A mark is never put on another text than the one that it was made on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.data.files.values import id_text
from exemplar.data.tabular.formulas import unescape_formula
from exemplar.retrieval.feedback import MARK_NAMES, Feedback, Mark
from exemplar.retrieval.importing.marks_file import MarkFile, MarkRow, row_name
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.identity import id_aside
from exemplar.retrieval.sessions.marks import MarkedText, Marks, marked_texts

_Place = tuple[str, MarkedText]  # the id and the text that a row marks


@dataclass(frozen=True, slots=True)
class Import:
    """What a file of marks adds to a session.

    Attributes
    ----------
    event
        Adds the marks, with the texts that they were made on, and with their readers as far as the file has them.
    notes
        Adds the notes and reasons; None if the file has none.
    n_lost
        How many of them are on texts that the corpus does not have.
    left_out
        A sentence for each row that adds nothing, with its id and place.
    """

    event: MarksAdded
    notes: NotesAdded | None = None
    n_lost: int = 0
    left_out: tuple[str, ...] = ()


def added_marks(
    file: MarkFile, corpus: DocumentStore, marks: Marks, kept: Mapping[str, MarkedText] | None = None
) -> Import:
    """Return what a file of marks adds to a session on a corpus.

    A row with a hash marks the document whose text has it, a row with a text alone the document that has the text: the
    one of its id if several have. If no document has it, the mark keeps the text, under an id that no document and no
    mark on another text has. A row without both marks the document of its id. Rows on copies of a text are one mark, on
    the first of them; each keeps its own note. A note alone is on a document that the corpus has.

    Parameters
    ----------
    marks, kept
        The marks of the session, and the texts that it keeps, by hash.
    """
    places, left_out = _Places(file, corpus, marks, kept or {}), list(file.left_out)
    rows: dict[str, list[MarkRow]] = {}  # by the hash of the text that they mark
    found: dict[str, _Place] = {}
    notes: dict[str, MarkRow] = {}
    for row in file.rows:
        try:
            doc_id, text = places.of(row)
        except ExemplarError as error:
            left_out.append(f"{row_name(row.doc_id, row.place)}: {error}")
            continue
        if row.note or row.reason:
            notes[doc_id] = row
        if row.mark:
            text_hash = places.hash_of(text)
            rows.setdefault(text_hash, []).append(row)
            found.setdefault(text_hash, (doc_id, text))
    for text_hash, same in list(rows.items()):
        if len({row.mark for row in same}) > 1:
            left_out.append(_contradiction(rows.pop(text_hash)))
    event = _event({found[text_hash]: same for text_hash, same in rows.items()}, places, file)
    return Import(event, _notes(notes, file), len(event.text_hashes.keys() & places.lost), tuple(left_out))


def _event(rows: Mapping[_Place, list[MarkRow]], places: "_Places", file: MarkFile) -> MarksAdded:
    """Return the event of the marks on texts, each of rows that agree."""
    by_mark: dict[Mark, list[str]] = {"positive": [], "negative": [], "unsure": []}
    readers: dict[str, str] = {}
    for (doc_id, _), same in rows.items():
        if mark := same[0].mark:
            by_mark[mark].append(doc_id)
        if reader := next((row.reader for row in same if row.reader), ""):
            readers[doc_id] = _unescaped(reader, file)
    hashes = {doc_id: places.hash_of(text) for doc_id, text in rows}
    texts = tuple(text for _, text in rows)
    return MarksAdded(Feedback(*map(tuple, by_mark.values())), hashes, texts, readers=readers)


def _notes(rows: Mapping[str, MarkRow], file: MarkFile) -> NotesAdded | None:
    """Return the notes and reasons of rows by ``doc_id``; None if there are none."""
    notes = {doc_id: _unescaped(row.note, file) for doc_id, row in rows.items() if row.note}
    reasons = {doc_id: _unescaped(row.reason, file) for doc_id, row in rows.items() if row.reason}
    return NotesAdded(notes, reasons) if rows else None


def _unescaped(text: str, file: MarkFile) -> str:
    return unescape_formula(text) if file.escaped else text


def _contradiction(rows: list[MarkRow]) -> str:
    first = rows[0]
    other = next(row for row in rows if row.mark != first.mark)
    marked, otherwise = (MARK_NAMES[row.mark] for row in (first, other) if row.mark)
    if first.doc_id != other.doc_id:
        names = [row_name(row.doc_id, row.place) for row in (first, other)]
        ways = f"{names[0]} as {marked} and {names[1]} as {otherwise}"
        return f"the same text is marked in two ways, {ways}; remove one of the marks"
    ways = f"{marked} in {first.place} and as {otherwise} in {other.place}"
    return f"{row_name(other.doc_id, other.place)}: it is marked as {ways}; remove one of the marks"


class _Places:
    """What the rows of a file mark; the corpus is asked once for what all rows need.

    Attributes
    ----------
    lost
        The ids of the marks whose texts the corpus does not have, with the hashes of the texts.
    """

    def __init__(self, file: MarkFile, corpus: DocumentStore, marks: Marks, kept: Mapping[str, MarkedText]) -> None:
        self._file, self._kept = file, kept
        self.lost: dict[str, str] = {}
        rows = corpus.rows_of(dict.fromkeys(form for row in file.rows for form in self._ids(row)))
        self._by_id = dict(zip(rows, marked_texts(corpus, list(rows.values())), strict=True))
        self._held = dict.fromkeys(marks.feedback.marked, "") | marks.texts
        self._ids_of_held = {text_hash: doc_id for doc_id, text_hash in self._held.items() if text_hash}
        self._by_hash: dict[str, _Place] = {}
        self._hashes: dict[MarkedText, str] = {}  # a small file can repeat a huge text very often
        apart = [row for row in file.rows if (row.text or row.text_hash) and self._under_its_id(row) is None]
        if texts := dict.fromkeys(text for row in apart for text in self._texts(row)):
            self._fetch(corpus, corpus.rows_with([text.full_text for text in texts]))
        if hashes := {row.text_hash for row in apart if row.text_hash and self._under_another_id(row) is None}:
            self._fetch(corpus, corpus.rows_with_hashes(hashes))

    def of(self, row: MarkRow) -> _Place:
        """Return the id and the text that a row marks; raises ExemplarError if it marks nothing."""
        if row.text or row.text_hash:
            return self._under_its_id(row) or self._under_another_id(row) or self._lost(row)
        if row.lost:
            raise ExemplarError("its text is gone, and the file does not have it")
        doc_id = next((form for form in self._ids(row) if form in self._by_id), None)
        if doc_id is None:
            raise ExemplarError("this corpus does not have it")
        return doc_id, self._by_id[doc_id]

    def _fetch(self, corpus: DocumentStore, rows: NDArray[np.intp]) -> None:
        for doc_id, text in zip(corpus.doc_ids(rows), marked_texts(corpus, rows.tolist()), strict=True):
            self._by_hash.setdefault(text.text_hash, (doc_id, text))

    def _under_its_id(self, row: MarkRow) -> _Place | None:
        """Return the document of a row's id if it has the row's text."""
        for doc_id in self._ids(row):
            text = self._by_id.get(doc_id)
            if text and (self.hash_of(text) == row.text_hash if row.text_hash else self._is_alike(row, text)):
                return doc_id, text
        return None

    def _is_alike(self, row: MarkRow, text: MarkedText) -> bool:
        """Return whether a row's text is a document's; blanks do not count, nor does a title that the file lacks."""
        parts = [text.full_text] if self._file.has_titles else [text.full_text, text.text]
        alike = {" ".join(part.split()) for part in parts}
        return any(" ".join(own.full_text.split()) in alike for own in self._texts(row))

    def _under_another_id(self, row: MarkRow) -> _Place | None:
        """Return the document that has a row's text under another id."""
        hashes = [row.text_hash or "", *map(self.hash_of, self._texts(row))]
        return next((self._by_hash[text_hash] for text_hash in hashes if text_hash in self._by_hash), None)

    def _lost(self, row: MarkRow) -> _Place:
        """Return a text that the corpus does not have, and the id under which its mark is kept."""
        if row.mark is None:
            raise ExemplarError("this corpus does not have its text, and the row has a note but no mark")
        text = self._kept.get(row.text_hash or "") or next(iter(self._texts(row)), None)
        if text is None:
            raise ExemplarError("this corpus does not have its text, and the file has only the hash of it")
        text_hash = self.hash_of(text)
        doc_id = self._ids_of_held.get(text_hash) or next(iter(self._ids(row)), "").strip() or text_hash
        if doc_id in self._by_id or text_hash != self._held.get(doc_id, self.lost.get(doc_id, text_hash)):
            doc_id = id_aside(doc_id, text_hash)
        self.lost[doc_id] = text_hash
        return doc_id, text

    def hash_of(self, text: MarkedText) -> str:
        """Return the hash of a text, computed once."""
        if text not in self._hashes:
            self._hashes[text] = text.text_hash
        return self._hashes[text]

    def _ids(self, row: MarkRow) -> list[str]:
        """Return the ids that a row may mean, the likeliest first."""
        if row.doc_id is None:
            return []
        forms = [row.doc_id, unescape_formula(row.doc_id)]
        if self._file.escaped:
            forms.reverse()
        forms += [form.strip() for form in forms]
        forms += [id_text(form, "the id", are_floats=True) or form for form in forms]
        return list(dict.fromkeys(forms))

    def _texts(self, row: MarkRow) -> list[MarkedText]:
        """Return the texts that a row may mean, the likeliest first; with a hash, the only one that has it."""
        if row.text is None:
            return []
        title, text = row.text.title, row.text.text
        plain = MarkedText(title and unescape_formula(title), unescape_formula(text))
        texts = list(dict.fromkeys([plain, row.text] if self._file.escaped else [row.text]))
        if row.text_hash is None:
            return texts
        changed = replace(texts[0], whole_hash=row.text_hash)  # by another program
        return [next((each for each in texts if self.hash_of(each) == row.text_hash), changed)]
