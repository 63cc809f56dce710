"""A table: named columns, and rows that can be read several times."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError

_MOST_COLUMNS = 100_000
_MOST_NAMES = 10_000_000  # characters of all names

Row = Mapping[str, Any]


class RowAtLine(dict[str, Any]):
    """A row of a file that has lines.

    Attributes
    ----------
    line
        The line on which the row begins, counted from 1, a header included.
    """

    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and their rows.

    Attributes
    ----------
    rows
        Yields all rows, from the first, at every call. It may skip columns of bytes, but not those that the argument
        names. A problem with ``left_out`` takes the place of a row.
    """

    columns: tuple[str, ...]
    rows: Callable[[Collection[str]], Iterator[Row | Problem]]


def row_at_line(line: int, cells: Any) -> RowAtLine:
    """Return cells, as ``dict`` takes them, as a row that begins on a line."""
    row = RowAtLine(cells)
    row.line = line
    return row


def line_of(row: Row) -> int | None:
    """Return the line on which a row begins, counted from 1; None if its format has no lines."""
    return row.line if isinstance(row, RowAtLine) else None


def position_of(row: Row, number: int) -> str:
    """Return what people call a row: by its line, else by its number, which counts from 0."""
    line = line_of(row)
    return f"row {number}" if line is None else f"line {line}"


def check_names(n_columns: int, n_characters: int) -> None:
    """Raise ExemplarError if a table has more columns, or longer names, than any real table."""
    if n_columns > _MOST_COLUMNS or n_characters > _MOST_NAMES:
        most = f"{_MOST_COLUMNS:,} columns, or names of more than {_MOST_NAMES:,} characters"
        raise ExemplarError(f"it has more than {most}")
