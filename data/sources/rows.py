"""The rows of a table as documents: texts, titles, labels and ids by the roles of columns, all else as metadata."""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from exemplar.data.documents import Document, Problem, full_text
from exemplar.data.errors import ExemplarError
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
from exemplar.data.readers.nested_cells import cell_at, cells_beside, labels_in, objects_of, readable, text_in
from exemplar.data.sources.columns import Columns, is_abstract, is_known_export
from exemplar.data.sources.exports import NO_ABSTRACT
from exemplar.data.sources.html_cells import HtmlCells, find_html
from exemplar.data.texts.hard_wraps import one_line_title, without_hard_wraps

_PRODIGY = frozenset({"_input_hash", "_task_hash"})  # what Prodigy writes into each example
_ANSWER = "answer"  # what it says of the label: accept, reject or ignore
_MOST_ID = 10_000  # characters; the ids of all documents stay in memory
_MOST_PEEKED = 100  # rows whose ids show whether a spreadsheet turned all of them into fractions
_OF_EARLIER = "ids of an earlier file; they stand after the name of this one"

Documents = Iterator[Document | Problem]


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
    roles = _Roles(chosen, names, objects_of(names), is_abstract(chosen.text), is_known_export(table.columns))
    rows, html = find_html(table, table.rows(names), chosen, file)
    rows, are_floats = _with_floats(rows, chosen.id)
    yield from html.problems
    ids = _Ids(taken, file)
    try:
        for row in rows:
            if isinstance(row, Problem):
                yield row
                number += row.left_out
                continue
            yield from _read_row(roles, ids, _Place(file, number, row, html), are_floats)
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


@dataclass(frozen=True, slots=True)
class _Roles:
    """The columns in each role; ``opened`` are the names of the objects that they lie in."""

    chosen: Columns
    names: frozenset[str]
    opened: frozenset[str]
    is_abstract: bool
    is_export: bool


def _read_row(roles: _Roles, ids: _Ids, place: _Place, are_floats: bool) -> Documents:
    row, chosen = place.row, roles.chosen
    labels: tuple[str, ...] = ()
    try:
        cell = _cell(row, chosen.text or "")
        if (roles.is_export or roles.is_abstract) and _has_no_abstract(cell):
            text = None
        else:
            is_plain = type(cell) is str and not cell.startswith(("{", "["))
            text = plain_text(cell if is_plain else text_in(cell, chosen.text or ""), "the text")
    except ExemplarError as error:
        yield place.problem(str(error), left_out=True)
        return
    if text and roles.is_abstract:
        text = without_hard_wraps(text)
    title = metadata_text(_cell(row, chosen.title)) if chosen.title else None
    if title:
        title = one_line_title(title)
    metadata = _metadata(row, roles)
    if place.html.columns:
        text, title, metadata, reasons = _without_html(place.html, chosen, text, title, metadata)
        yield from (place.problem(reason, left_out=False) for reason in reasons)
    if not (text or title) or len(full_text(title, text or "")) > MOST_CHARACTERS:
        yield place.problem(TOO_LONG if text or title else "no text", left_out=True)
        return
    if text is None and isinstance(cell, str) and cell.strip():
        yield place.problem(f"the text is only '{cell.strip():.50}'; the title stands alone", left_out=False)
    try:
        labels = listed_texts(labels_in(_cell(row, chosen.label)), "the label") if chosen.label else ()
    except ExemplarError:
        yield place.problem("the label is no plain text", left_out=False)
    if place.html.columns:
        labels = tuple(place.html.text(chosen.label, label)[0] or label for label in labels)
    if labels and chosen.label != _ANSWER and _is_rejected(row):
        labels = ()
        yield place.problem("rejected or ignored in Prodigy: its label is left out", left_out=False)
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


def _cell(row: Row, name: str) -> Any:
    """Return a cell by the name of its column; the way for texts, which are most, is short."""
    cell = row.get(name)
    return cell if type(cell) is str else cell_at(row, name)


def _has_no_abstract(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip().lower() in NO_ABSTRACT


def _is_rejected(row: Row) -> bool:
    """Return whether a row is an example of Prodigy that was rejected or ignored."""
    return row.get(_ANSWER, "accept") != "accept" and not _PRODIGY.isdisjoint(row)


def _own_id(row: Row, chosen: Columns, ids: _Ids, are_floats: bool) -> tuple[str | None, str]:
    """Return the id of a row, or why it has none though a column has ids."""
    if chosen.id is None:
        return None, ""
    try:
        own_id = id_text(_cell(row, chosen.id), "the id", are_floats=are_floats)
    except ExemplarError as error:
        return None, str(error)
    if own_id is None:
        return None, "no id"
    if len(own_id) > _MOST_ID:
        return None, f"the id is longer than {_MOST_ID:,} characters"
    free_id = ids.add(own_id)
    return free_id, "" if free_id else "an earlier row has its id"


def _metadata(row: Row, roles: _Roles) -> dict[str, str]:
    cells = cells_beside(row, roles.names, roles.opened) if roles.opened else row.items()
    metadata = {}
    for name, cell in cells:
        if name not in roles.names and (text := metadata_text(readable(cell))) is not None:
            metadata[name] = text
    return metadata
