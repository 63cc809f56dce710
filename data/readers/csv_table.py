"""Rows of CSV and TSV files; every cell is text, also "NA" and "None"."""

import csv
import itertools
from collections.abc import Collection, Iterable, Iterator

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.readers.encodings import decoded_lines
from exemplar.data.readers.file import File
from exemplar.data.readers.table import Row, Table, check_names

_MOST_FIELD = 2**25  # characters; an open quote swallows at most these
_MOST_RECORD = 2**27  # characters of a row, which may have several lines
_MOST_FIELDS = 2**24  # separators of a row, within quotes or not


class _Lines:
    """The lines of a file for the csv module; it keeps problems, and knows which line opened a quote.

    Attributes
    ----------
    opened
        The line that opened a quote, if that quote was open when the last line began.
    still_open
        The line that opened a quote, if that quote was open when the last line ended.
    """

    def __init__(self, lines: Iterable[str | Problem], delimiter: str) -> None:
        self._lines, self._delimiter = lines, delimiter
        self.problems: list[Problem] = []
        self.number = 0
        self.opened: int | None = None
        self.still_open: int | None = None
        self._n_characters = self._n_delimiters = 0

    def begin_row(self) -> None:
        """Count the size of the next row from its first line."""
        self.still_open = None
        self._n_characters = self._n_delimiters = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if isinstance(line, Problem):
                self.problems.append(line)
                continue
            self.number += 1
            self.opened = self.still_open
            self._check_size(line)
            self._follow_quotes(line.replace('""', "").count('"'))
            yield line

    def _check_size(self, line: str) -> None:
        self._n_characters += len(line)
        self._n_delimiters += line.count(self._delimiter)
        if self._n_characters > _MOST_RECORD or self._n_delimiters > _MOST_FIELDS:
            raise csv.Error(f"a row of more than {_MOST_RECORD:,} characters or {_MOST_FIELDS:,} fields")

    def _follow_quotes(self, n_quotes: int) -> None:
        if n_quotes % 2:
            self.still_open = self.number if self.opened is None else None
        elif n_quotes and self.opened is not None:
            self.still_open = self.number  # one quote closed, another opened


def delimited_table(file: File, delimiter: str) -> Table:
    """Return a CSV or TSV file as a table.

    If the quotes of a TSV file do not match, the file has no quoting, as most TSV files.

    Raises
    ------
    csv.Error
        A quote never closes, or a row is too large; the message names the line.
    """
    names = _header(file, delimiter)
    if names is None:
        raise ExemplarError("it is empty")
    check_names(len(names), sum(map(len, names)))

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        number = -1  # the header
        for fields in _records(file, delimiter, _quoting(file, delimiter)):
            if isinstance(fields, Problem):
                yield fields
                continue
            if number < 0 and not fields:
                continue  # blank lines before the header
            if number >= 0:
                yield _row(fields, names, file.at(f"row {number}"))
            number += 1

    return Table(tuple(name for name in names if name), rows)


def _header(file: File, delimiter: str) -> list[str] | None:
    def first(quoting: int) -> list[str] | None:
        records = _records(file, delimiter, quoting)
        return next((fields for fields in records if not isinstance(fields, Problem) and fields), None)

    try:
        return first(csv.QUOTE_MINIMAL)
    except csv.Error:
        if delimiter == ",":
            raise
        return first(csv.QUOTE_NONE)


def _row(fields: list[str], names: list[str], where: str) -> Row | Problem:
    if len(fields) > len(names):
        return Problem(where, "more fields than the header has names")
    return {name: cell for name, cell in zip(names, fields, strict=False) if name}


def _quoting(file: File, delimiter: str) -> int:
    """Return how the csv module shall treat quotes: for TSV, it depends on whether all quotes match.

    A quote matters only where a field begins with it, so lines need parsing only from the first such line on.
    """
    if delimiter == ",":
        return csv.QUOTE_MINIMAL

    with file.open() as opened:
        lines = itertools.dropwhile(lambda line: _is_plain(line, delimiter), decoded_lines(opened, file.name))
        try:
            for _ in _parsed(lines, delimiter, csv.QUOTE_MINIMAL):
                pass
        except csv.Error:
            return csv.QUOTE_NONE
    return csv.QUOTE_MINIMAL


def _is_plain(line: str | Problem, delimiter: str) -> bool:
    """Return whether a line, as the first of a row, is parsed alike with quoting and without."""
    if isinstance(line, Problem):
        return True
    # The lowest of the bounds; only parsing shows whether a longer line exceeds one of them.
    return len(line) <= _MOST_FIELDS and not line.startswith('"') and f'{delimiter}"' not in line


def _records(file: File, delimiter: str, quoting: int) -> Iterator[list[str] | Problem]:
    with file.open() as opened:
        yield from _parsed(decoded_lines(opened, file.name), delimiter, quoting)


def _parsed(decoded: Iterable[str | Problem], delimiter: str, quoting: int) -> Iterator[list[str] | Problem]:
    csv.field_size_limit(_MOST_FIELD)
    lines = _Lines(decoded, delimiter)
    records = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)  # type: ignore[arg-type]
    while (fields := _next(records, lines)) is not None:
        lines.begin_row()
        yield from lines.problems
        lines.problems.clear()
        yield fields


def _next(records: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    try:
        return next(records, None)
    except csv.Error as error:
        at_the_end = "end of data" in str(error)
        opened = lines.still_open if at_the_end else lines.opened
        if opened is None:
            raise csv.Error(f"line {lines.number}: {error}") from error
        raise csv.Error(f"the quote that opens on line {opened} never closes") from error
