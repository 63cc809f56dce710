"""The roles of a table's columns (text, title, label, id), and its rows as documents."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from exemplar.data.documents import Document, Problem, full_text
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, file_of, line_of, position_of
from exemplar.data.files.values import (
    MOST_CHARACTERS,
    TOO_LONG,
    id_text,
    is_float_of_whole,
    listed_texts,
    metadata_text,
    plain_text,
)
from exemplar.data.readers.json_layouts import cell_at, text_in

# Usual names, the most telling first; upper case, blanks, hyphens and underscores do not count.
TEXT_COLUMNS = (
    *("text", "content", "review", "abstract", "abstract note", "abstract text", "document", "body", "body text"),
    *("full text", "description", "selftext", "message", "abstract inverted index", "messages", "conversations"),
    *("conversation", "data"),
)
TITLE_COLUMNS = ("title", "article title", "document title", "headline", "subject", "summary")
LABEL_COLUMNS = ("label", "labels", "category", "class")
ID_COLUMNS = ("_id", "doc id", "id", "pmid")

OFF = "none"

_MOST_ID = 10_000  # characters; the ids of all documents stay in memory
_MOST_PEEKED = 100  # rows whose ids show whether a spreadsheet turned all of them into fractions
_MOST_LISTED = 50  # names of columns in a message
_OF_EARLIER = "ids of an earlier file; they stand after the name of this one"

Documents = Iterator[Document | Problem]


@dataclass(frozen=True, slots=True)
class Columns:
    """The name of the column in each role; None if it is to be guessed, or if no column has the role."""

    text: str | None = None
    title: str | None = None
    label: str | None = None
    id: str | None = None

    def chosen(self) -> "Columns":
        """Return the roles without those that are switched off."""
        return Columns(*(None if name == OFF else name for name in (self.text, self.title, self.label, self.id)))

    def in_words(self) -> str:
        """Return what each role is taken by, such as ``text Body, title Subject, no label, ids by row``."""
        text = f"text {self.text}" if self.text else "no text"
        label = f"label {self.label}" if self.label else "no label"
        title = f"title {self.title}" if self.title else "no title"
        return f"{text}, {title}, {label}, {f'id {self.id}' if self.id else 'ids by row'}"

    def names(self) -> list[str]:
        """Return the names that are not None."""
        return [name for name in (self.text, self.title, self.label, self.id) if name is not None]


def listed(names: Sequence[str]) -> str:
    """Return the names of columns for a message, with long names and long lists cut."""
    shown = [name if len(name) <= 100 else f"{name[:100]}..." for name in names[:_MOST_LISTED]]
    more = [f"and {len(names) - _MOST_LISTED:,} more"] if len(names) > _MOST_LISTED else []
    return ", ".join(shown + more)


def guess_columns(names: Sequence[str]) -> Columns:
    """Return the roles of columns by their usual names; None for a role if no column has such a name."""
    guesses = (TEXT_COLUMNS, TITLE_COLUMNS, LABEL_COLUMNS, ID_COLUMNS)
    return Columns(*(_guess(names, usual, ()) for usual in guesses))


def pick_columns(names: Sequence[str], requested: Columns, where: str, *, list_names: bool = True) -> Columns:
    """Return the roles of columns: the requested names, else the usual names.

    Parameters
    ----------
    where
        What messages call the table.
    list_names
        Whether messages list the table's columns.

    Raises
    ------
    TextColumnUnknown
        No column has a usual name for the text.
    ExemplarError
        A requested column does not exist, or two columns have the same name.
    """
    if repeated := next((name for name, n in Counter(names).items() if n > 1), None):
        raise ExemplarError(f"{where} has two columns named '{repeated}'; rename one")

    listing = f"; its columns are: {listed(names)}" if list_names else ""

    def pick(name: str | None, usual: Iterable[str], taken: Collection[str]) -> str | None:
        if name is None:
            return _guess(names, usual, taken)
        found = name if name in names else next((each for each in names if each.strip() == name.strip()), None)
        if found is None and name != OFF:
            raise ExemplarError(f"{where} has no column '{name}'{listing}")
        return found

    text = pick(requested.text, TEXT_COLUMNS, requested.names())
    taken = [*filter(None, [text]), *requested.names()]
    title = pick(requested.title, TITLE_COLUMNS, taken)
    if text is None and not (title and requested.text == OFF):
        raise TextColumnUnknown(f"say which column of {where} holds the text{listing}", columns=names)
    label, doc_id = pick(requested.label, LABEL_COLUMNS, taken), pick(requested.id, ID_COLUMNS, taken)
    return Columns(text, title if title != text else None, label, doc_id)


def holds_text(requested: Columns) -> Callable[[Sequence[str]], bool]:
    """Return what tells whether a table with these columns holds documents, by the requested and the usual names."""

    def holds(names: Sequence[str]) -> bool:
        try:
            pick_columns(names, requested, "it", list_names=False)
        except ExemplarError:
            return False
        return True

    return holds


def read_rows(table: Table, chosen: Columns, taken: set[str], file: File | None = None) -> Documents:
    """Yield every row's document and problems; rows are numbered from 0.

    A row whose id is missing, or that of an earlier row of the table, goes by its number, as all rows do if no column
    has ids. An id that a document of an earlier file has is put after the name of the file.

    Parameters
    ----------
    taken
        The ids of documents that were read before, to which those of the table are added.
    file
        The file of the table, if it has one.
    """
    number, names = 0, frozenset(chosen.names())
    rows, are_floats = _with_floats(table.rows(names), chosen.id)
    ids = _Ids(taken, file)
    try:
        for row in rows:
            if isinstance(row, Problem):
                yield row
                number += row.left_out
                continue
            yield from _read_row(chosen, names, ids, _Place(file, number, row), are_floats)
            number += 1
    finally:
        taken |= ids.own


def _with_floats(rows: Iterator[Row | Problem], column: str | None) -> tuple[Iterator[Row | Problem], bool]:
    """Return rows, and whether all ids of the first ones are whole numbers with a fraction of zero."""
    if column is None:
        return rows, False
    first: list[Row | Problem] = []
    n_floats = 0
    for row in itertools.islice(rows, _MOST_PEEKED):
        first.append(row)
        cell = None if isinstance(row, Problem) else cell_at(row, column)
        if is_float_of_whole(cell):
            n_floats += 1
        elif not (cell is None or (isinstance(cell, str) and not cell.strip())):
            return itertools.chain(first, rows), False
    return itertools.chain(first, rows), n_floats > 0


def _guess(names: Sequence[str], usual: Iterable[str], taken: Collection[str]) -> str | None:
    free = [name for name in names if name not in taken]
    plain = {name: _plain_name(name) for name in free}
    nested = {name: _plain_name(name.rpartition(".")[2]) for name in free if "." in name}
    return next(
        (name for named in (plain, nested) for guess in usual for name in named if guess in (name, named[name])), None
    )


def _plain_name(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.casefold())).strip()


@dataclass(slots=True)
class _Place:
    """Where a row stands."""

    file: File | None
    number: int
    row: Row

    @property
    def where(self) -> str:
        position = position_of(self.row, self.number)
        return self.file.at(position) if self.file else position

    @property
    def doc_id(self) -> str:
        """The row's number; in a folder after the name of the file."""
        return f"{self.file.name}#{self.number}" if self.file and self.file.in_folder else str(self.number)

    def problem(self, reason: str, *, left_out: bool) -> Problem:
        return Problem(self.where, reason, left_out, self.row if left_out else {}, self.file_name, line_of(self.row))

    @property
    def file_name(self) -> str | None:
        return self.file.name if self.file else file_of(self.row)


class _Ids:
    """The ids of a table's rows, which those of earlier files do not repeat.

    Attributes
    ----------
    own
        Those that rows have so far.
    told
        The problem with the first id that a document of an earlier file has; None before it, and after it was taken.
    """

    def __init__(self, taken: Collection[str], file: File | None) -> None:
        self._taken, self._file = taken, file
        self.own: set[str] = set()
        self.told: Problem | None = None
        self._is_told = False

    def add(self, own_id: str) -> str | None:
        """Return what a row of this id goes by; None if an earlier row of the table has it."""
        if own_id in self.own:
            return None
        self.own.add(own_id)
        if own_id not in self._taken or self._file is None:
            return own_id
        if not self._is_told:
            self._is_told = True
            self.told = Problem(self._file.name, _OF_EARLIER, left_out=False, file=self._file.name)
        named = f"{self._file.name}#{own_id}"
        if named in self._taken or named in self.own:
            return None
        self.own.add(named)
        return named


def _read_row(chosen: Columns, names: Collection[str], ids: _Ids, place: _Place, are_floats: bool) -> Documents:
    row = place.row
    labels: tuple[str, ...] = ()
    try:
        text = plain_text(text_in(cell_at(row, chosen.text or "")), "the text")
    except ExemplarError as error:
        yield place.problem(str(error), left_out=True)
        return
    title = metadata_text(cell_at(row, chosen.title)) if chosen.title else None
    if not (text or title) or len(full_text(title, text or "")) > MOST_CHARACTERS:
        yield place.problem(TOO_LONG if text or title else "no text", left_out=True)
        return
    try:
        labels = listed_texts(cell_at(row, chosen.label), "the label") if chosen.label else ()
    except ExemplarError:
        yield place.problem("the label is no plain text", left_out=False)
    own_id, reason = _own_id(row, chosen, ids, are_floats)
    if reason:
        yield place.problem(f"{reason}; it goes by the number of its row", left_out=False)
    if ids.told is not None:
        yield ids.told
        ids.told = None
    yield Document(
        own_id or place.doc_id,
        text or "",
        labels,
        _metadata(row, names),
        title,
        numbered=own_id is None,
        file=place.file_name,
        line=line_of(row),
        cells=row,
    )


def _own_id(row: Row, chosen: Columns, ids: _Ids, are_floats: bool) -> tuple[str | None, str]:
    """Return the id of a row, or why it has none though a column has ids."""
    if chosen.id is None:
        return None, ""
    try:
        own_id = id_text(cell_at(row, chosen.id), "the id", are_floats=are_floats)
    except ExemplarError as error:
        return None, str(error)
    if own_id is None:
        return None, "no id"
    if len(own_id) > _MOST_ID:
        return None, f"the id is longer than {_MOST_ID:,} characters"
    free_id = ids.add(own_id)
    return free_id, "" if free_id else "an earlier row has its id"


def _metadata(row: Row, taken: Collection[str]) -> dict[str, str]:
    cells = ((name, metadata_text(cell)) for name, cell in row.items() if name not in taken)
    return {name: text for name, text in cells if text is not None}
