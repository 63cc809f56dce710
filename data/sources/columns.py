"""The roles of a table's columns (text, title, label, id), and its rows as documents."""

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
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
from exemplar.data.sources.html_cells import HtmlCells, find_html

# Usual names, the most telling first; upper case, blanks, hyphens and underscores do not count.
TEXT_COLUMNS = (
    *("text", "content", "review", "abstract", "abstract note", "abstract text", "document", "body", "body text"),
    *("full text", "description", "selftext", "message", "abstract inverted index", "messages", "conversations"),
    *("conversation", "data"),
)
TITLE_COLUMNS = ("title", "article title", "document title", "headline", "subject", "summary")
LABEL_COLUMNS = ("label", "labels", "category", "class", "Tags")  # the last as Stack Exchange writes it
ID_COLUMNS = ("_id", "doc id", "id", "pmid")

OFF = "none"

_MOST_ID = 10_000  # characters; the ids of all documents stay in memory
_MOST_PEEKED = 100  # rows whose ids show whether a spreadsheet turned all of them into fractions
_MOST_LISTED = 50  # names of columns in a message

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


def read_rows(table: Table, chosen: Columns, taken: set[str], file: File | None = None) -> Documents:
    """Yield every row's document and problems; rows are numbered from 0.

    A row whose id is missing or taken goes by its number, as all rows do if no column has ids.

    Parameters
    ----------
    taken
        The ids of documents that were read before, to which those of the table are added.
    file
        The file of the table, if it has one.
    """
    number, names = 0, frozenset(chosen.names())
    rows, html = find_html(table, table.rows(names), chosen.text, chosen.id, file)
    rows, are_floats = _with_floats(rows, chosen.id)
    yield from html.problems
    for row in rows:
        if isinstance(row, Problem):
            yield row
            number += row.left_out
            continue
        yield from _read_row(chosen, names, taken, _Place(file, number, row, html), are_floats)
        number += 1


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
    """Where a row stands, and which of its cells hold HTML."""

    file: File | None
    number: int
    row: Row
    html: HtmlCells

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


def _read_row(chosen: Columns, names: Collection[str], taken: set[str], place: _Place, are_floats: bool) -> Documents:
    row = place.row
    labels: tuple[str, ...] = ()
    try:
        text = plain_text(text_in(cell_at(row, chosen.text or "")), "the text")
    except ExemplarError as error:
        yield place.problem(str(error), left_out=True)
        return
    title = metadata_text(cell_at(row, chosen.title)) if chosen.title else None
    metadata = _metadata(row, names)
    if place.html.columns:
        text, title, metadata, reasons = _without_html(place.html, chosen, text, title, metadata)
        yield from (place.problem(reason, left_out=False) for reason in reasons)
    if not (text or title) or len(full_text(title, text or "")) > MOST_CHARACTERS:
        yield place.problem(TOO_LONG if text or title else "no text", left_out=True)
        return
    try:
        labels = listed_texts(cell_at(row, chosen.label), "the label") if chosen.label else ()
    except ExemplarError:
        yield place.problem("the label is no plain text", left_out=False)
    labels = tuple(place.html.text(chosen.label, label)[0] or label for label in labels)
    own_id, reason = _own_id(row, chosen, taken, are_floats)
    if reason:
        yield place.problem(f"{reason}; it goes by the number of its row", left_out=False)
    if own_id:
        taken.add(own_id)
    yield Document(
        own_id or place.doc_id,
        text or "",
        labels,
        metadata,
        title,
        numbered=own_id is None,
        file=place.file_name,
        line=line_of(row),
        cells=row,
    )


def _without_html(
    html: HtmlCells, chosen: Columns, text: str | None, title: str | None, metadata: dict[str, str]
) -> tuple[str | None, str | None, dict[str, str], list[str]]:
    """Return text, title and metadata without HTML, and why any of them stay HTML."""
    text, of_text = html.text(chosen.text, text)
    title, of_title = html.text(chosen.title, title)
    found = {name: html.text(name, cell) for name, cell in metadata.items()}
    plain = {name: cell for name, (cell, _) in found.items() if cell is not None}
    reasons = (of_text, of_title, *(reason for _, reason in found.values()))
    return text, title, plain, [reason for reason in reasons if reason]


def _own_id(row: Row, chosen: Columns, taken: set[str], are_floats: bool) -> tuple[str | None, str]:
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
    return (None, "an earlier row has its id") if own_id in taken else (own_id, "")


def _metadata(row: Row, taken: Collection[str]) -> dict[str, str]:
    cells = ((name, metadata_text(cell)) for name, cell in row.items() if name not in taken)
    return {name: text for name, text in cells if text is not None}
