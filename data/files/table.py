"""A table: named columns, and rows that can be read several times."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError

_MOST_COLUMNS = 100_000
_MOST_NAMES = 10_000_000  # characters of all names

Row = Mapping[str, Any]
HoldsText = Callable[[Sequence[str]], bool]  # whether a table with such columns holds documents


class PlacedRow(dict[str, Any]):
    """A row whose place in a source is known.

    Attributes
    ----------
    line
        The line on which the row begins, counted from 1, a header included; None if its format has no lines.
    file
        The file of the row, where a table has several.
    """

    line: int | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and their rows.

    Attributes
    ----------
    rows
        Yields all rows, from the first, at every call. It may skip columns of bytes, but not those that the argument
        names. A problem with ``left_out`` takes the place of a row.
    tables
        The names of the file's tables, sheets or lists, if it has several of which one can be chosen.
    notes
        How the file was read, where its name does not say it, such as its delimiter.
    hint
        What a person can do if this table is not the one in the file; else empty.
    questions
        What a survey asked, by the name of the column.
    html
        The columns whose cells are HTML, if the format says it; None if only the cells show it.
    """

    columns: tuple[str, ...]
    rows: Callable[[Collection[str]], Iterator[Row | Problem]]
    tables: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hint: str = ""
    questions: Mapping[str, str] = field(default_factory=dict)
    html: Collection[str] | None = None


def placed_row(cells: Any, line: int | None, file: str | None = None) -> PlacedRow:
    """Return cells, as ``dict`` takes them, as a row with its place."""
    row = PlacedRow(cells)
    row.line = line
    if file is not None:
        row.file = file
    return row


def line_of(row: Row) -> int | None:
    """Return the line on which a row begins, counted from 1; None if its format has no lines."""
    return row.line if isinstance(row, PlacedRow) else None


def file_of(row: Row) -> str | None:
    """Return the file of a row, where a table has several."""
    return row.file if isinstance(row, PlacedRow) else None


def position_of(row: Row, number: int) -> str:
    """Return the position of a row for messages: its line, else its number, which counts from 0 in all of a table."""
    line, file = line_of(row), file_of(row)
    if line is None:
        return f"row {number}"
    return f"{file}, line {line}" if file else f"line {line}"


def check_names(n_columns: int, n_characters: int) -> None:
    """Raise ExemplarError if a table has more columns, or longer names, than any real table."""
    if n_columns > _MOST_COLUMNS or n_characters > _MOST_NAMES:
        most = f"{_MOST_COLUMNS:,} columns, or names of more than {_MOST_NAMES:,} characters"
        raise ExemplarError(f"it has more than {most}")
