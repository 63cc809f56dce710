"""Rows of CSV and TSV files; every cell is text, also "NA" and "None"."""

import contextlib
import csv
import itertools
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines, wide_encoding
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, check_names, placed_row
from exemplar.data.tabular.delimiters import Head, head_of, text_lines
from exemplar.data.tabular.names import all_named, cell_count, joined_cells, nameless, repeated_names, repeated_problems
from exemplar.data.tabular.stray_quotes import (
    MOST_CHARACTERS,
    MOST_LINES,
    is_row,
    repaired,
    repaired_line,
    without_surplus,
)
from exemplar.data.tabular.survey_heads import SurveyHead, described_columns, survey_head

_MOST_FIELD = 2**25  # characters; an open quote swallows at most these
_MOST_RECORD = 2**27  # characters of a row, which may have several lines
_MOST_FIELDS = 2**24  # separators of a row, within quotes or not
_WIDE = "more fields than the header has names"
_REPAIRED = "a stray quote; the row was repaired"
_STRAY_NAME = "a stray quote in the names of columns"
_STRAY = "a stray quote, and the row does not fit the header"


class _BadRecord(ExemplarError):
    """A row that the csv module refuses, or one without end."""


class _TooLarge(csv.Error):
    """A row is larger than that of any real file."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    delimiter: str
    skipped: int = 0  # lines before the table
    quoting: int = csv.QUOTE_MINIMAL
    skip_blanks: bool = False  # between a delimiter and its cell

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=self.quoting,  # type: ignore[arg-type]
            skipinitialspace=self.skip_blanks,
            strict=True,
        )


@dataclass(slots=True)
class _Record:
    """The cells of a row; None if a stray quote makes them unclear."""

    line: int
    cells: list[str] | None
    is_repaired: bool = False
    raw: str = ""


class _Lines:
    """The lines of a file for the csv module; it keeps problems, and knows which line opened a quote.

    Attributes
    ----------
    number
        Number of lines read, with those before the table.
    taken
        The lines since the last ``begin_row``.
    still_open
        The line that opened a quote, if that quote was open when the last line ended.
    """

    def __init__(self, lines: Iterable[str | Problem], dialect: "_Dialect") -> None:
        self._lines, self._delimiter = iter(lines), dialect.delimiter
        self._returned: deque[str] = deque()
        self.problems: list[Problem] = []
        self.number = dialect.skipped
        self.taken: list[str] = []
        self.still_open: int | None = None
        self._n_characters = self._n_delimiters = 0

    def begin_row(self) -> None:
        """Count the size of the next row from its first line."""
        self.taken.clear()
        self.still_open = None
        self._n_characters = self._n_delimiters = 0

    def give_back(self, n_kept: int) -> None:
        """Read the lines since the last ``begin_row`` again, without the first of them."""
        self._returned.extendleft(reversed(self.taken[n_kept:]))
        self.number -= len(self.taken) - n_kept
        del self.taken[n_kept:]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else self._read()
        self.number += 1
        self.taken.append(line)
        self._check_size(line)
        if '"' in line and (n_quotes := line.replace('""', "").count('"')):
            self._follow_quotes(n_quotes)
        return line

    def _read(self) -> str:
        while isinstance(line := next(self._lines), Problem):
            self.problems.append(line)
        return line

    def _check_size(self, line: str) -> None:
        self._n_characters += len(line)
        self._n_delimiters += line.count(self._delimiter)
        if self._n_characters > _MOST_RECORD or self._n_delimiters > _MOST_FIELDS:
            most = f"{_MOST_RECORD:,} characters or {_MOST_FIELDS:,} fields"
            raise _TooLarge(f"a row of more than {most}")

    def _follow_quotes(self, n_quotes: int) -> None:
        if n_quotes % 2:
            self.still_open = self.number if self.still_open is None else None
        elif self.still_open is not None:
            self.still_open = self.number  # one quote closed, another opened


def csv_table(file: File) -> Table:
    """Return a CSV file as a table, by the chosen delimiter, that of a line ``sep=;``, or the one found in its head."""
    return _table(file, head_of(file, ","))


def tsv_table(file: File) -> Table:
    """Return a TSV file as a table, as ``csv_table`` does; its usual delimiter is the tab."""
    return _table(file, head_of(file, "\t"))


def _table(file: File, head: Head) -> Table:
    """Return a file with delimiters as a table.

    A row with stray quotes is repaired or left out. If the quotes of a TSV file do not match, the file has no quoting,
    as most TSV files. Blank cells behind the last column are left out, and blanks around the names of columns. Columns
    of the same name become one, whose cells are joined. The rows of a survey that describe its columns are left out.

    Raises
    ------
    ExemplarError
        A quote never closes, or a row is too large; the message names the line.
    """
    first = _first_row(file, head)
    if first is None:
        raise ExemplarError("it is empty")
    survey = _survey_head(file, head, first)
    names = survey.names
    check_names(len(names), sum(map(len, names)))
    repeated = repeated_names(names)

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        records = _records(file, _dialect(file, head), len(without_surplus(names, 1)))
        n_named = len(names) if all(names) and not repeated else 0
        is_header, n_of_head = not file.options.no_header, survey.n_rows
        for record in records:
            if isinstance(record, Problem):
                yield record
            elif record.cells == []:
                continue  # a blank line
            elif is_header:
                is_header = False
                if record.is_repaired or record.cells is None:
                    yield Problem(file.at(f"line {record.line}"), _STRAY_NAME, left_out=False)
                yield from repeated_problems(repeated, file.at(f"line {record.line}"))
            elif n_of_head:
                n_of_head -= 1
                yield described_columns(names, record.cells or (), file, record.line)
            elif record.cells is not None and len(record.cells) <= n_named and not record.is_repaired:
                yield placed_row(zip(names, record.cells, strict=False), record.line)
            else:
                yield from _row(record, names, file, repeated)

    columns = tuple(dict.fromkeys(all_named(names)[: cell_count(names)]))
    notes = tuple(filter(None, (_encoding_note(file), head.note, _skipped_note(file.options.skip_lines))))
    hint = "" if survey.n_rows else head.hint
    return Table(columns, rows, notes=notes, hint=hint, questions=survey.questions)


def _survey_head(file: File, head: Head, first: Sequence[str]) -> SurveyHead:
    """Return the names of the columns; without a header, as many as the widest of the first rows has cells."""
    if file.options.no_header:
        n_columns = max((len(without_surplus(list(row), 1)) for row in (first, *head.rows)), default=0)
        return SurveyHead([f"column {number}" for number in range(1, n_columns + 1)])
    return survey_head([name.strip() for name in first], head.rows[1:])


def _encoding_note(file: File) -> str:
    if file.options.encoding is not None:
        return ""
    with file.open() as opened:
        encoding = wide_encoding(opened.read(4))
    return f"the encoding is {encoding.upper()}" if encoding not in (None, "utf-8-sig") else ""


def _skipped_note(skip_lines: int) -> str:
    if not skip_lines:
        return ""
    return "line 1 is skipped" if skip_lines == 1 else f"lines 1 to {skip_lines:,} are skipped"


def _first_row(file: File, head: Head) -> list[str] | None:
    def first(dialect: _Dialect) -> list[str] | None:
        records = _records(file, dialect, None)
        return next((record.cells for record in records if not isinstance(record, Problem) and record.cells), None)

    try:
        return first(_Dialect(head.delimiter, head.skipped, skip_blanks=head.has_blanks))
    except _BadRecord as error:
        if head.delimiter == "\t":
            return first(_Dialect(head.delimiter, head.skipped, csv.QUOTE_NONE))
        if "expected after" not in str(error) or not head.rows:
            raise
        return list(head.rows[0])  # a stray quote in a name


def _row(
    record: _Record, names: list[str], file: File, repeated: Mapping[str, Sequence[int]]
) -> Iterator[Row | Problem]:
    def problem(reason: str, *, left_out: bool, cells: dict[str, Any] | None = None) -> Problem:
        return Problem(file.at(f"line {record.line}"), reason, left_out, cells or {}, file.name, record.line)

    if record.cells is None:
        yield problem(_STRAY, left_out=True, cells={"line": record.raw})
        return
    if record.is_repaired:
        yield problem(_REPAIRED, left_out=False)
    fields = without_surplus(record.cells, len(names)) if len(record.cells) > len(names) else record.cells
    cells = {name: cell for name, cell in zip(names, fields, strict=False) if name}
    cells |= joined_cells(fields, repeated)
    without_name = {
        nameless(number, names): cell
        for number, cell in enumerate(fields, start=1)
        if cell.strip() and (number > len(names) or not names[number - 1])
    }
    if len(fields) > len(names):
        yield problem(_WIDE, left_out=True, cells=cells | without_name)
    else:
        yield placed_row(cells | without_name if without_name else cells, record.line)


def _dialect(file: File, head: Head) -> _Dialect:
    return _Dialect(head.delimiter, head.skipped, _quoting(file, head), head.has_blanks)


def _quoting(file: File, head: Head) -> int:
    """Return how the csv module shall treat quotes: for TSV, it depends on whether all quotes match.

    A quote matters only where a field begins with it, so lines need parsing only from the first such line on.
    """
    if head.delimiter != "\t":
        return csv.QUOTE_MINIMAL

    with file.open() as opened:
        lines = text_lines(opened, file, head.skipped)
        quoted = itertools.dropwhile(lambda line: _is_plain(line, head.delimiter), lines)
        try:
            for _ in _parsed(quoted, _Dialect(head.delimiter), None):
                pass
        except _BadRecord:
            return csv.QUOTE_NONE
    return csv.QUOTE_MINIMAL


def _is_plain(line: str | Problem, delimiter: str) -> bool:
    """Return whether a line, as the first of a row, is parsed alike with quoting and without."""
    if isinstance(line, Problem):
        return True
    # The lowest of the bounds; only parsing shows whether a longer line exceeds one of them.
    return len(line) <= _MOST_FIELDS and not line.startswith('"') and f'{delimiter}"' not in line


def _records(file: File, dialect: _Dialect, n_columns: int | None) -> Iterator[_Record | Problem]:
    with file.open() as opened:
        lines = decoded_lines(opened, file.name, file.options.encoding)
        yield from _parsed(_after(lines, dialect) if dialect.skipped else lines, dialect, n_columns)


def _after(lines: Iterable[str | Problem], dialect: _Dialect) -> Iterator[str | Problem]:
    """Yield the lines after those before the table, and all problems."""
    remaining = iter(lines)
    n_lines = 0
    while n_lines < dialect.skipped and (line := next(remaining, None)) is not None:
        if isinstance(line, Problem):
            yield line
        n_lines += isinstance(line, str)
    yield from remaining


def _parsed(decoded: Iterable[str | Problem], dialect: _Dialect, n_columns: int | None) -> Iterator[_Record | Problem]:
    """Yield rows; without a number of columns, a stray quote is an error."""
    csv.field_size_limit(_MOST_FIELD)
    lines = _Lines(decoded, dialect)
    records = dialect.reader(lines)
    while True:
        lines.begin_row()
        record = _next(records, lines, dialect, n_columns)
        yield from lines.problems
        lines.problems.clear()
        if record is None:
            return
        yield record


def _next(records: Iterator[list[str]], lines: _Lines, dialect: _Dialect, n_columns: int | None) -> _Record | None:
    line = lines.number + 1
    try:
        cells = next(records, None)
    except csv.Error as error:
        is_too_large = isinstance(error, _TooLarge)
        if "end of data" in str(error) or (is_too_large and lines.still_open is not None):
            remedy = "close it, or double it if it is a letter"
            raise _BadRecord(f"the quote that opens on line {lines.still_open} never closes; {remedy}") from error
        if is_too_large or n_columns is None or dialect.quoting == csv.QUOTE_NONE:
            raise _BadRecord(f"line {lines.number}: {error}") from error
        return _repaired(lines, line, dialect.delimiter, n_columns)
    if cells is None:
        return None
    # In a TSV file with quoting, all quotes match: no open one took rows.
    if n_columns and dialect.delimiter != "\t" and len(without_surplus(cells, n_columns)) > n_columns:
        inner = lines.taken[1:-1]
        if inner and all(is_row(each, dialect.delimiter, n_columns) for each in inner):  # an open quote took them
            return _repaired(lines, line, dialect.delimiter, n_columns, cells)
    return _Record(line, cells)


def _repaired(lines: _Lines, line: int, delimiter: str, n_columns: int, cells: list[str] | None = None) -> _Record:
    """Return the row that begins with the first of the lines since the last row; give the lines after it back.

    Parameters
    ----------
    cells
        What the lines are if nothing can be repaired.
    """
    n_taken = len(lines.taken)
    _look_ahead(lines, 2)
    first, following = (*lines.taken, "")[:2]
    found = repaired_line(first, following, delimiter, n_columns)
    if found is None:
        _look_ahead(lines, MOST_LINES)
        found = repaired(lines.taken, delimiter, n_columns)
    if found is None:
        lines.give_back(1 if cells is None else n_taken)
        return _Record(line, cells, raw=first)
    lines.give_back(found[1])
    return _Record(line, found[0], is_repaired=True)


def _look_ahead(lines: _Lines, n_lines: int) -> None:
    n_characters = sum(map(len, lines.taken))
    with contextlib.suppress(StopIteration, _TooLarge):
        while len(lines.taken) < n_lines and n_characters < MOST_CHARACTERS:
            n_characters += len(next(lines))
