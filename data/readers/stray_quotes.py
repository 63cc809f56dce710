"""Rows of CSV whose quotes don't match the format: one row is repaired, or left out, and the rows after it are safe."""

import csv
import itertools
import re
from collections.abc import Iterator, Sequence

MOST_LINES = 50  # of a text with stray quotes
MOST_CHARACTERS = 1_000_000
_BLANKS = re.compile(" *")


def repaired(lines: Sequence[str], delimiter: str, n_columns: int) -> tuple[list[str], int] | None:
    """Return the cells of a row with stray quotes, and the number of its lines; None if no reading fits the columns.

    Of these readings, the first that gives a cell a column is taken: a quote closes only before a delimiter or at the
    end of the row (``"a "nice" text",1``), in the row's first line; the first line as Excel reads it (``"A" text,1``);
    as the first reading, over several lines, unless these look like rows by themselves; all quotes in the first line
    are letters (``"a text,1``).

    Parameters
    ----------
    lines
        The lines, with their ends, from the row's first on; the rows after it may be among them.
    """
    first = lines[0]
    if len(first) > MOST_CHARACTERS:
        return None
    sizes = itertools.accumulate(map(len, lines[:MOST_LINES]))
    few = lines[: sum(size <= MOST_CHARACTERS for size in sizes)]
    for cells, n_lines in _readings(first, few, delimiter, n_columns):
        if cells and len(without_surplus(cells, n_columns)) == n_columns:
            return cells, n_lines
    return None


def _readings(
    first: str, lines: Sequence[str], delimiter: str, n_columns: int
) -> Iterator[tuple[list[str] | None, int]]:
    yield _leniently([first], delimiter, n_columns)
    yield _as_excel(first, delimiter), 1
    yield _over_lines(lines, delimiter, n_columns)
    yield _plainly(first, delimiter), 1


def without_surplus(cells: list[str], n_columns: int) -> list[str]:
    """Return the cells of a row without the blank ones behind the last column."""
    n_cells = len(cells)
    while n_cells > n_columns and not cells[n_cells - 1].strip():
        n_cells -= 1
    return cells[:n_cells]


def _leniently(lines: Sequence[str], delimiter: str, n_columns: int) -> tuple[list[str] | None, int]:
    """Return the cells up to the end of the row, and the number of its lines; None if a quote never closes."""
    text = "".join(lines)
    cells: list[str] = []
    start = 0
    while True:
        opening = _BLANKS.match(text, start).end()  # type: ignore[union-attr]  # it matches any text
        if text[opening : opening + 1] == '"':
            is_last = len(cells) + 1 >= n_columns
            closing = _closing(text, opening + 1, delimiter, is_last=is_last)
            if closing is None:
                return None, 0
            cells.append(text[opening + 1 : closing].replace('""', '"').replace('\\"', '"'))
            end = _next_end(text, closing, delimiter)
        else:
            end = _next_end(text, start, delimiter)
            cells.append(text[start:end])
        if text[end : end + 1] != delimiter:
            return cells, _n_lines(lines, end)
        start = end + 1


def _closing(text: str, start: int, delimiter: str, *, is_last: bool) -> int | None:
    """Return the position of the quote that closes a cell; only the last cell ends with its line."""
    position = text.find('"', start)
    while position >= 0:
        if _is_escaped(text, position, start):
            pass
        elif text[position + 1 : position + 2] == '"':
            position += 1
        else:
            after = text[position + 1 : position + 100].lstrip(" ")[:1]
            if after in (delimiter, "") or (is_last and after in "\r\n"):
                return position
        position = text.find('"', position + 1)
    return None


def _is_escaped(text: str, position: int, start: int) -> bool:
    before = text[max(start, position - 100) : position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _next_end(text: str, start: int, delimiter: str) -> int:
    """Return the position of the next delimiter or end of a line."""
    found = (text.find(character, start) for character in (delimiter, "\n", "\r"))
    return min((position for position in found if position >= 0), default=len(text))


def _n_lines(lines: Sequence[str], end: int) -> int:
    """Return the number of lines of a row that ends at a position."""
    ends = itertools.accumulate(map(len, lines))
    return next((number for number, line_end in enumerate(ends, start=1) if end < line_end), len(lines))


def _as_excel(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line as Excel reads it; None if a quote is open at its end."""
    try:
        # A row needs its end: an open quote takes the second line too.
        cells = next(csv.reader([line.rstrip("\r\n"), "\0"], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return None
    return None if cells and "\0" in cells[-1] else cells


def _over_lines(lines: Sequence[str], delimiter: str, n_columns: int) -> tuple[list[str] | None, int]:
    cells, n_lines = _leniently(lines, delimiter, n_columns)
    others = lines[1:n_lines]
    n_rows = sum(_is_row(line, delimiter, n_columns) for line in others)
    return (None, 0) if cells is None or 2 * n_rows >= max(1, len(others)) else (cells, n_lines)


def _is_row(line: str, delimiter: str, n_columns: int) -> bool:
    """Return whether a line is a row by itself."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return False
    return len(cells) == n_columns


def _plainly(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), None)
    except csv.Error:
        return None
