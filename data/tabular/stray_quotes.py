"""Rows of CSV whose quotes don't match the format: one row is repaired, or left out, and the rows after it are safe."""

import csv
import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

MOST_LINES = 50  # of a text with stray quotes
MOST_CHARACTERS = 1_000_000
_MOST_STEPS = 1_000  # cells that are tried
_MOST_SURPLUS = 20  # cells behind the last column
_BLANKS = re.compile(" *")


Reading = tuple[list[str], int]  # the cells of a row, and the number of its lines


def repaired_line(line: str, following: str, delimiter: str, n_columns: int) -> Reading | None:
    """Return a reading of a line with stray quotes as a row, None if the row seems to go on in the following line.

    A quote closes a cell only before a delimiter or at the end of the line (``"a "nice" text",1``); else the line is
    read as Excel reads it (``"A" text,1``).
    """
    lines = [line, following] if following else [line]
    readings = _fitting(_by_line(line, delimiter, n_columns), n_columns)
    return next((each for each in readings if _is_row_at(lines, 1, delimiter, n_columns)), None)


def repaired(lines: Sequence[str], delimiter: str, n_columns: int) -> Reading | None:
    """Return a reading of a row with stray quotes, None if no reading gives a cell a column.

    The first of these readings is taken, preferably one after which a row begins: those of ``repaired_line``; a quote
    closes a cell only before a delimiter or at the end of the row, which has several lines of which few are rows by
    themselves; all quotes in the first line are letters (``"a text,1``).

    Parameters
    ----------
    lines
        The lines, with their ends, from the row's first on; the rows after it may be among them.
    """
    if len(lines[0]) > MOST_CHARACTERS:
        return None
    sizes = itertools.accumulate(map(len, lines[:MOST_LINES]))
    few = lines[: sum(size <= MOST_CHARACTERS for size in sizes)]
    readings = itertools.chain(
        _by_line(few[0], delimiter, n_columns),
        _with_letters(few, delimiter, n_columns),
        [(_plainly(few[0], delimiter), 1)],
    )
    fitting = list(_fitting(readings, n_columns))
    before_rows = (each for each in fitting if _is_row_at(few, each[1], delimiter, n_columns))
    return next(before_rows, fitting[0] if fitting else None)


def without_surplus(cells: list[str], n_columns: int) -> list[str]:
    """Return the cells of a row without the blank ones behind the last column."""
    n_cells = len(cells)
    while n_cells > n_columns and not cells[n_cells - 1].strip():
        n_cells -= 1
    return cells[:n_cells]


def _fitting(readings: Iterable[tuple[list[str] | None, int]], n_columns: int) -> Iterator[Reading]:
    """Yield the readings that give a cell a column."""
    for cells, n_lines in readings:
        if cells and len(without_surplus(cells, n_columns)) == n_columns:
            yield cells, n_lines


def _by_line(line: str, delimiter: str, n_columns: int) -> Iterator[tuple[list[str] | None, int]]:
    yield from _with_letters([line], delimiter, n_columns)
    yield _as_excel(line, delimiter), 1


def _with_letters(lines: Sequence[str], delimiter: str, n_columns: int) -> Iterator[Reading]:
    """Yield the readings in which some quotes are letters, the shortest first."""
    text, ends = "".join(lines), list(itertools.accumulate(map(len, lines)))
    are_rows = functools.cache(lambda number: is_row(lines[number], delimiter, n_columns))
    budget = itertools.count()
    stack = [_next_cells(text, [], 0, delimiter, n_columns)]
    while stack and next(budget) < _MOST_STEPS:  # depth first, without recursion: a row may have any number of cells
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
            continue
        cells, end = found
        if text[end : end + 1] == delimiter:
            if len(cells) < n_columns + _MOST_SURPLUS:
                stack.append(_next_cells(text, cells, end + 1, delimiter, n_columns))
            continue
        n_lines = next((number for number, line_end in enumerate(ends, start=1) if end < line_end), len(lines))
        if n_lines == 1 or 2 * sum(map(are_rows, range(1, n_lines))) < n_lines - 1:
            yield cells, n_lines


def _next_cells(
    text: str, cells: list[str], start: int, delimiter: str, n_columns: int
) -> Iterator[tuple[list[str], int]]:
    """Yield the cells with each reading of the one that begins at ``start``, and the position of its end."""
    opening = _BLANKS.match(text, start).end()  # type: ignore[union-attr]  # it matches any text
    if text[opening : opening + 1] != '"':
        end = _next_end(text, start, delimiter)
        yield [*cells, text[start:end]], end
        return
    for closing in _closings(text, opening + 1, delimiter, is_last=len(cells) + 1 >= n_columns):
        cell = text[opening + 1 : closing].replace('""', '"').replace('\\"', '"')
        yield [*cells, cell], _next_end(text, closing, delimiter)


def _closings(text: str, start: int, delimiter: str, *, is_last: bool) -> Iterator[int]:
    """Yield the positions of the quotes that may close a cell; only the last cell ends with its line."""
    position = text.find('"', start)
    while position >= 0:
        if not _is_escaped(text, position, start):
            if text[position + 1 : position + 2] == '"':
                position += 1
            else:
                after = text[position + 1 : position + 100].lstrip(" ")[:1]
                if after in (delimiter, "") or (is_last and after in "\r\n"):
                    yield position
        position = text.find('"', position + 1)


def _is_escaped(text: str, position: int, start: int) -> bool:
    before = text[max(start, position - 100) : position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _next_end(text: str, start: int, delimiter: str) -> int:
    """Return the position of the next delimiter or end of a line."""
    found = (text.find(character, start) for character in (delimiter, "\n", "\r"))
    return min((position for position in found if position >= 0), default=len(text))


def _as_excel(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line as Excel reads it; None if a quote is open at its end."""
    try:
        # A row needs its end: an open quote takes the second line too.
        cells = next(csv.reader([line.rstrip("\r\n"), "\0"], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return None
    return None if cells and "\0" in cells[-1] else cells


def _plainly(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), None)
    except csv.Error:
        return None


def _is_row_at(lines: Sequence[str], number: int, delimiter: str, n_columns: int) -> bool:
    """Return whether a row begins with a line or the first after it that is not blank, or the lines end there."""
    following = next((line for line in lines[number:] if line.strip()), None)
    return following is None or _begins_row(following, delimiter, n_columns)


def _begins_row(line: str, delimiter: str, n_columns: int) -> bool:
    cells = _as_excel(line, delimiter)
    if cells is None:  # its last cell goes on in the next line
        return 2 <= line.count(delimiter) + 1 <= n_columns and (line.startswith('"') or f'{delimiter}"' in line)
    return len(without_surplus(cells, n_columns)) == n_columns


def is_row(line: str, delimiter: str, n_columns: int) -> bool:
    """Return whether a line is a row by itself."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return False
    return len(cells) == n_columns
