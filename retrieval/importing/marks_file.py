"""Marks from files: exports, and tables by people or other programs."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File, reading
from exemplar.data.files.table import Row, position_of
from exemplar.data.files.usual_names import ID_COLUMNS, plain_name
from exemplar.data.files.values import is_plain, plain_text
from exemplar.data.readers.formats import MARKS
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.columns import Columns, listed
from exemplar.data.tabular.parquet_table import read_columns
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.sessions.marks import MarkedText

MOST_BYTES = 50_000_000  # of a file
MOST_ROWS = 1_000_000
MOST_WRITTEN = 50_000_000  # characters of all notes
LONGEST_NOTE = 10_000  # characters
LONGEST_NAME = 200  # of a reason or a reader

# Case, and blanks, hyphens and underscores between words, do not count.
_WORDS: dict[Mark, str] = {
    "positive": "relevant, positive, include, included, accept, accepted, yes, y, true, t, 1",
    "negative": "not relevant, irrelevant, non relevant, nonrelevant, negative, exclude, excluded, reject, rejected, "
    "no, n, false, f, 0, -1",
    "unsure": "unsure, maybe, uncertain, unclear, undecided, ignore, ?",
}
_MARKS: dict[str, Mark] = {word: mark for mark, words in _WORDS.items() for word in words.split(", ")}

# Usual names of columns, the most telling first.
MARK_COLUMNS = (
    *("mark", "verdict", "decision", "judgement", "judgment", "answer", "included", "include", "relevant", "relevance"),
    *("asreview label", "label included", "label"),
)
_ID_COLUMNS = ("doc_id", *ID_COLUMNS, "document id", "docid", "record id", "paper id", "corpus id", "pmid", "doi")

_NOTE_COLUMNS = ("note",)
_REASON_COLUMNS = ("reason", "exclusion reason", "reason for exclusion")
_READER_COLUMNS = ("reader", "reviewer", "screener")

_ENDS_IN_ID = re.compile(r"([\s_-]id|Id|ID)\s*$")

_ADVICE = "write relevant, not relevant, unsure, or nothing"
_BETWEEN_WORDS = re.compile(r"(?<=\w)[\s_-]+(?=\w)")
_HASH = re.compile("[0-9a-f]{16}")
_RAYYAN = re.compile(r"(?:RAYYAN-INCLUSION:|^)\s*\{([^}]*)\}")  # in its column of notes: {"Ann"=>"Included"}


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
        None for a row that has only a note or a reason.
    text_hash, text
        Of the text that was marked, as far as the file has them.
    lost
        Whether the file says that the mark has lost its document.
    note, reason, reader
        What the file says about the document and who marked it; empty if nothing.
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


@dataclass(frozen=True, slots=True)
class MarkFile:
    """The marks in a file.

    Attributes
    ----------
    left_out
        A sentence for each row that can't be read, with its id and place.
    has_titles
        Whether the texts of the rows come with their titles.
    escaped
        Whether ids and texts may have an apostrophe in front, which ``as_csv`` puts there.
    """

    rows: tuple[MarkRow, ...]
    left_out: tuple[str, ...] = ()
    has_titles: bool = True
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class _Names:
    """The columns of a file that are read; None for one that it lacks."""

    mark: str
    doc_id: str | None
    title: str | None
    text: str | None
    text_hash: str | None
    state: str | None
    note: str | None
    reason: str | None
    reader: str | None

    def present(self) -> list[str]:
        read = (self.mark, self.doc_id, self.title, self.text, self.text_hash, self.state)
        about = (self.note, self.reason, self.reader)
        return list(dict.fromkeys(name for name in (*read, *about) if name is not None))


def read_marks(content: bytes, name: str, columns: Columns = Columns()) -> MarkFile:  # noqa: B008 - it is immutable
    """Read the marks in a file, and the notes, reasons and readers beside them; a blank cell is no mark.

    The file has a column with marks, and one with ids, texts or hashes of texts. The column of ids has a usual name or
    the name that it has in the corpus, or is the only one whose name ends in "id", or the only one beside the marks.

    Parameters
    ----------
    name
        The file's name; its suffix is the format: .csv, .tsv, .jsonl, .ndjson, .json or .parquet.
    columns
        The columns of the source from which the corpus was built.

    Raises
    ------
    ExemplarError
        The file can't be read, is too large, or lacks a column.
    """
    if PurePath(name.lower()).suffix not in MARKS:
        raise ExemplarError(f"marks can't be read from {name}: use a file whose name ends in {', '.join(MARKS)}")
    if len(content) > MOST_BYTES:
        raise ExemplarError(f"{name} is larger than 50 MB; remove all columns but doc_id, text_hash and mark")
    with reading(name):
        return _read(File(name, lambda: io.BytesIO(content), seekable=True), columns)


def _read(file: File, columns: Columns) -> MarkFile:
    table = open_table(file, ("doc_id", "mark"))
    names = _names(table.columns, columns)
    rows = read_columns(file, names.present()) if file.kind == ".parquet" else table.rows(names.present())
    texts: dict[tuple[str | None, str], MarkedText] = {}  # a small file can repeat a huge text very often
    marks: list[MarkRow] = []
    left_out: list[str] = []
    n_characters = 0  # of notes
    for n_rows, (place, row) in enumerate(_with_places(rows)):
        if n_rows == MOST_ROWS:
            raise ExemplarError(f"it has more than {MOST_ROWS:,} rows")
        try:
            mark = _mark_row(row, names, place, texts)
        except ExemplarError as error:
            left_out.append(str(error))
            continue
        if mark is not None:
            marks.append(mark)
            n_characters += len(mark.note)
            if n_characters > MOST_WRITTEN:
                raise ExemplarError(f"its notes have more than {MOST_WRITTEN:,} characters")
    return MarkFile(tuple(marks), tuple(left_out), names.title is not None, file.kind == ".csv")


def _with_places(rows: Iterable[Row | Problem]) -> Iterator[tuple[str, Row | Problem]]:
    """Yield the rows that take a row's place in a file, each with its position."""
    own = (row for row in rows if not isinstance(row, Problem) or row.left_out)
    for number, row in enumerate(own):
        yield row.where if isinstance(row, Problem) else position_of(row, number), row


def _mark_row(
    row: Row | Problem, names: _Names, place: str, texts: dict[tuple[str | None, str], MarkedText]
) -> MarkRow | None:
    """Return the mark and the note in a row, None for a row without either.

    Raises
    ------
    ExemplarError
        The row can't be read; the message begins with its id, as far as it is known, and its place.
    """
    if isinstance(row, Problem):
        raise ExemplarError(f"{place}: {row.reason}")
    word = plain_text(row.get(names.mark), f"{place}: the mark")
    note = _written(row, names.note, LONGEST_NOTE)
    reason, reader = (_written(row, column, LONGEST_NAME) for column in (names.reason, names.reader))
    if word is None and not note and not reason:
        return None
    doc_id = plain_text(row.get(names.doc_id), f"{place}: the id") if names.doc_id else None
    name = row_name(doc_id, place)
    mark = None if word is None else _mark(word, name)
    title, text, text_hash = (_plain(row, column) for column in (names.title, names.text, names.text_hash))
    marked = None
    if names.text and (text or title):
        marked = texts.setdefault((title, text or ""), MarkedText(title, text or ""))
    if text_hash and not _HASH.fullmatch(text_hash):  # a spreadsheet takes some for numbers
        text_hash = None
    if doc_id is None and marked is None and text_hash is None:
        what = "a mark" if mark else "a note"
        raise ExemplarError(f"{name} has {what} but no {names.doc_id or 'text'}; fill it in, or remove {what}")
    lost = _plain(row, names.state) is not None
    return MarkRow(place, doc_id, mark, text_hash, marked, lost, note, reason, reader)


def mark_meant(word: str) -> Mark | None:
    """Return the mark that a word means; None if it means none.

    A cell of Rayyan's notes means the decision in it; decisions that differ are unsure.
    """
    if "=>" in word and (decisions := _RAYYAN.search(word)):
        meant = {_MARKS.get(decision.casefold()) for decision in re.findall(r'=>\s*"([^"]*)"', decisions[1])}
        return meant.pop() if len(meant) == 1 else "unsure" if meant - {None} else None
    return _MARKS.get(_BETWEEN_WORDS.sub(" ", word.strip().casefold()).removesuffix(".0"))  # 1.0 in a column with gaps


def _mark(word: str, name: str) -> Mark:
    """Return the mark that a word means; ExemplarError, which begins with the row's name, if it means none."""
    mark = mark_meant(word)
    if mark is None:
        raise ExemplarError(f"{name}: '{word[:50]}' is not a mark; {_ADVICE}")
    return mark


def row_name(doc_id: str | None, place: str) -> str:
    """Return what messages call a row: its id, as far as it has one, and its place."""
    return place if doc_id is None else f"{doc_id[:200].strip()} ({place})"


def _plain(row: Row, column: str | None) -> str | None:
    """Return a cell as text; None if it is blank or no single value, or without a column."""
    cell = row.get(column) if column else None
    return plain_text(cell, "the cell") if is_plain(cell) and not isinstance(cell, bytes) else None


def _written(row: Row, column: str | None, longest: int) -> str:
    """Return what a person wrote into a cell, cut if it is too long."""
    return replace_lone_surrogates((_plain(row, column) or "")[:longest])


def _names(columns: Sequence[str], corpus: Columns) -> _Names:
    """Return the columns that are read; raises ExemplarError if one is missing or there twice."""
    chosen = corpus.chosen()
    mark = _column(columns, MARK_COLUMNS)
    if mark is None:
        raise ExemplarError(f"it has no column 'mark'; its columns are: {listed(columns)}")
    others = [name for name in columns if name != mark]
    text, text_hash = _column(others, ("text", chosen.text or "text")), _column(others, ("text_hash",))
    doc_id = _column(others, ("doc_id", chosen.id or "doc_id", *_ID_COLUMNS))
    title = _column(others, ("title", chosen.title or "title"))
    rest = [name for name in others if name not in (text, text_hash, doc_id, title)]
    note, reason, reader = (_column(rest, usual) for usual in (_NOTE_COLUMNS, _REASON_COLUMNS, _READER_COLUMNS))
    ids = [name for name in others if name not in (note, reason, reader)]
    if doc_id is None:
        doc_id = _only([name for name in ids if _ENDS_IN_ID.search(name)])
    if doc_id is None and text is None and text_hash is None:
        doc_id = _only(ids)
    if doc_id is None and text is None and text_hash is None:
        raise ExemplarError(f"it has no column 'doc_id'; its columns are: {listed(columns)}")
    state = _column(others, ("mark_state",))
    return _Names(mark, doc_id, title, text, text_hash, state, note, reason, reader)


def _column(names: Sequence[str], usual: Iterable[str]) -> str | None:
    """Return the column with the first of some usual names, None without one."""
    for one in map(plain_name, usual):
        matching = [name for name in names if plain_name(name) == one]
        if len(matching) > 1:
            raise ExemplarError(f"it has two columns named '{matching[0].strip()}'; its columns are: {listed(names)}")
        if matching:
            return matching[0]
    return None


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None
