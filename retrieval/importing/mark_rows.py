"""The rows of a file of marks: what each says about a document."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.table import Row, position_of
from exemplar.data.files.values import is_plain, listed_texts, plain_text
from exemplar.data.readers.nested_cells import cell_at, labels_in, text_in
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.importing.identifiers import identifier
from exemplar.retrieval.importing.mark_roles import Roles
from exemplar.retrieval.importing.mark_words import mark_meant
from exemplar.retrieval.importing.written_marks import Written, written_in
from exemplar.retrieval.sessions.marks import MarkedText

LONGEST_NOTE = 10_000  # characters
LONGEST_NAME = 200  # of a reason or a reader

_HASH = re.compile("[0-9a-f]{16}")
_NOTHING = Written()

Texts = dict[tuple[str | None, str], MarkedText]  # a small file can repeat a huge text very often


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A mark in a file, or a note on a document without a mark.

    Attributes
    ----------
    place
        The row's line in the file, or its number where the format has no lines, as in "line 3" and "row 0".
    doc_id
        As it is in the file; None if the file has no column of ids.
    mark
        None for a row that has only a note or a reason, or words of which none is a mark.
    text_hash, text
        Of the text that was marked, as far as the file has them.
    lost
        Whether the file says that the mark has lost its document.
    note, reason, reader
        What the file says about the document and who marked it; empty if nothing.
    doi, pmid
        The identifiers of the paper, in their plain form; empty if the file has none.
    is_cut
        Whether the note, the reason or the reader is longer in the file.
    made
        When the mark was made, ISO 8601 with a time zone; empty if the file does not say it.
    words
        What the column of marks says, as long as it is not known which mark it means: of labels, any number.
    """

    place: str
    doc_id: str | None
    mark: Mark | None
    text_hash: str | None = None
    text: MarkedText | None = None
    lost: bool = False
    note: str = ""
    reason: str = ""
    reader: str = ""
    doi: str = ""
    pmid: str = ""
    made: str = ""
    words: tuple[str, ...] = ()
    is_cut: bool = False

    @property
    def name(self) -> str:
        """What messages call the row: its id, as far as it has one, and its place."""
        return row_name(self.doc_id, self.place)


def row_name(doc_id: str | None, place: str) -> str:
    """Return what messages call a row of an id at a place."""
    return place if doc_id is None else f"{doc_id[:200].strip()} ({place})"


def with_places(rows: Iterable[Row | Problem]) -> Iterator[tuple[str, Row | Problem]]:
    """Yield the rows that take a row's place in a file, each with its position."""
    own = (row for row in rows if not isinstance(row, Problem) or row.left_out)
    for number, row in enumerate(own):
        yield row.where if isinstance(row, Problem) else position_of(row, number), row


def mark_row(row: Row | Problem, roles: Roles, place: str, texts: Texts) -> MarkRow | None:
    """Return what a row says, None for a row without words, note and reason.

    Parameters
    ----------
    texts
        The texts of earlier rows, to which this one's is added.

    Raises
    ------
    ExemplarError
        The row can't be read; the message begins with its id, as far as it is known, and its place.
    """
    if isinstance(row, Problem):
        raise ExemplarError(f"{place}: {row.reason}")
    written = written_in("\n".join(_plain(row, name) or "" for name in roles.written)) if roles.written else _NOTHING
    words = _words(row, roles, place, written)
    if written.is_own:  # fields of these names are not Exemplar's
        roles = replace(roles, note=None, reason=None, reader=None, made=None)
    note = _written(row, roles.note, written.note)
    reason, reader = _written(row, roles.reason, written.reason), _written(row, roles.reader, written.reader)
    if not words and not note and not reason:
        return None
    doc_id = written.doc_id or (plain_text(cell_at(row, roles.doc_id), f"{place}: the id") if roles.doc_id else None)
    text, text_hash = _text(row, roles, texts), written.text_hash or _plain(row, roles.text_hash)
    found = MarkRow(
        place,
        doc_id,
        None,
        text_hash if text_hash and _HASH.fullmatch(text_hash) else None,  # a spreadsheet takes some for numbers
        text,
        _plain(row, roles.state) is not None,
        note[:LONGEST_NOTE],
        reason[:LONGEST_NAME],
        reader[:LONGEST_NAME],
        identifier("doi", _plain(row, roles.doi)),
        identifier("pmid", _plain(row, roles.pmid)),
        _time(written.made or _plain(row, roles.made) or ""),
        words,
        len(note) > LONGEST_NOTE or max(len(reason), len(reader)) > LONGEST_NAME,
    )
    if doc_id is None and text is None and not (found.text_hash or found.doi or found.pmid):
        what = "mark" if words else "note"
        raise ExemplarError(
            f"{found.name} has a {what} but no {roles.doc_id or 'text'}; fill it in, or remove the {what}"
        )
    return found


def with_mark(row: MarkRow) -> MarkRow:
    """Return a row with the mark that its only word means; ExemplarError if the word means none."""
    if not row.words:
        return row
    mark = mark_meant(row.words[0]) if len(row.words) == 1 else None
    if mark is None:
        word = ", ".join(row.words)
        raise ExemplarError(
            f"{row.name}: '{word[:50]}' is not a mark; write relevant, not relevant, unsure, or nothing"
        )
    return replace(row, mark=mark, words=())


def _words(row: Row, roles: Roles, place: str, written: Written) -> tuple[str, ...]:
    """Return the words that can mean the mark of a row."""
    if written.is_own or written.word:
        return (written.word,) if written.word else ()
    if roles.mark is None:
        return ()
    cell = cell_at(row, roles.mark)
    if roles.is_label:
        words = listed_texts(labels_in(cell), f"{place}: the label")
        return words if row.get("answer", "accept") == "accept" else ()  # of an example of Prodigy
    word = plain_text(cell, f"{place}: the mark")
    if word is None:
        return ()
    task = _plain(row, roles.task)
    return (f"{task}: {word}",) if task else (word,)


def _text(row: Row, roles: Roles, texts: Texts) -> MarkedText | None:
    """Return the text of a row, the same object for the same text; None if it has none."""
    if roles.text is None:
        return None
    cell = text_in(cell_at(row, roles.text), roles.text)
    text = (plain_text(cell, "the text") if is_plain(cell) and not isinstance(cell, bytes) else None) or ""
    title = _plain(row, roles.title)
    return texts.setdefault((title, text), MarkedText(title, text)) if title or text else None


def _time(text: str) -> str:
    """Return a time as it is written if it is ISO 8601 with a time zone; else nothing."""
    try:
        return text.strip() if datetime.fromisoformat(text.strip()).tzinfo else ""
    except ValueError:
        return ""


def _plain(row: Row, column: str | None) -> str | None:
    """Return a cell as text; None if it is blank or no single value, or without a column."""
    cell = cell_at(row, column) if column else None
    return plain_text(cell, "the cell") if is_plain(cell) and not isinstance(cell, bytes) else None


def _written(row: Row, column: str | None, otherwise: str) -> str:
    """Return what a person wrote into a cell; what programs wrote if there is nothing."""
    return replace_lone_surrogates(_plain(row, column) or otherwise)
