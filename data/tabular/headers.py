"""The header of a sheet, and its rows by name."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.files.file import File
from exemplar.data.files.options import ReadOptions
from exemplar.data.files.table import PlacedRow, check_names, placed_row
from exemplar.data.tabular.names import (
    all_named,
    cell_count,
    header_hint,
    joined_cells,
    nameless,
    repeated_names,
    repeated_problems,
)
from exemplar.data.tabular.survey_heads import SurveyHead, described_columns, survey_head

_FEW = 20  # rows among which the header stands
_N_FIRST = 1000  # rows that show which columns without a name have cells
_N_SHOWN = 100  # rows that show whether the header is one

_NumberedRow = tuple[int, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a sheet's columns.

    Attributes
    ----------
    columns
        The names, and ``column 3`` for a column without one that has cells.
    n_above
        Rows with cells above the header.
    hint
        What a person can do if the header is another row; else empty.
    questions
        What a survey asked, by the name of the column.
    """

    columns: tuple[str, ...]
    n_above: int
    hint: str
    questions: Mapping[str, str]
    _line: int  # of the header
    _names: Sequence[str]  # of all columns; empty for a column without one
    _repeated: Mapping[str, Sequence[int]]
    _of_survey: Sequence[_NumberedRow]  # rows that describe the columns
    _below: Iterator[_NumberedRow]

    def rows(self, file: File) -> Iterator[PlacedRow | Problem]:
        """Yield the rows below the header that have cells, and the problems with them; it can be called once."""
        yield from repeated_problems(self._repeated, file.at(f"line {self._line}"))
        for number, row in self._of_survey:
            yield described_columns(self._names, row, file, number)
        names = list(zip(all_named(self._names), map(bool, self._names), strict=True))
        for number, row in self._below:
            if any(map(_has_content, row)):
                cells = zip(itertools.chain(names, self._beyond(row)), row, strict=False)
                found = placed_row(
                    [(name, cell) for (name, named), cell in cells if named or _has_content(cell)], number
                )
                found.update(joined_cells(row, self._repeated))
                yield found

    def _beyond(self, row: Sequence[Any]) -> Iterator[tuple[str, bool]]:
        """Yield the names of the columns behind the last one of the first rows."""
        return ((nameless(n, self._names), False) for n in range(len(self._names) + 1, len(row) + 1))


def header_of(rows: Iterable[Sequence[Any]], options: ReadOptions, first: int) -> Header:
    """Return the header of a sheet: its first row that has at least two cells, and half of what other rows have.

    A row above a blank one is none if another can be; the first row of a survey is one, whatever it has. Columns of the
    same name become one, whose cells are joined. With ``no_header`` the columns are ``column 1``, ``column 2``, ...

    Parameters
    ----------
    first
        The number of the first row.
    """
    numbered: Iterator[_NumberedRow] = enumerate(rows, start=first)
    if options.skip_lines >= first:
        numbered = itertools.dropwhile(lambda each: each[0] <= options.skip_lines, numbered)
    beginning = list(itertools.islice(numbered, _N_FIRST))
    at = 0 if options.skip_lines or options.no_header else _header_row([row for _, row in beginning[:_FEW]])
    head = beginning[at : at + 1] if not options.no_header else []
    below = [(number, row) for number, row in beginning[at + len(head) :] if any(map(_has_content, row))]
    n_columns = max((len(row) for _, row in beginning), default=0)
    survey = _survey_of(head, below, n_columns)
    of_survey, below = below[: survey.n_rows], below[survey.n_rows :]
    used = {n for _, row in below for n, cell in enumerate(row) if _has_content(cell)}
    names = enumerate(all_named(survey.names))
    columns = tuple(dict.fromkeys(name for n, name in names if survey.names[n] or n in used))
    check_names(len(columns), sum(map(len, columns)))
    return Header(
        columns,
        n_above=sum(any(map(_has_content, row)) for _, row in beginning[:at]),
        hint=_hint([*head, *below[:_N_SHOWN]]) if head and not survey.n_rows else "",
        questions=survey.questions,
        _line=head[0][0] if head else first,
        _names=survey.names,
        _repeated=repeated_names(survey.names),
        _of_survey=of_survey,
        _below=itertools.chain(below, numbered),
    )


def _survey_of(head: Sequence[_NumberedRow], below: Sequence[_NumberedRow], n_columns: int) -> SurveyHead:
    """Return the names of as many columns, by the header and what stands below it."""
    names = [_name(cell) for _, row in head for cell in row]
    names += [""] * (n_columns - len(names))
    return survey_head(names, (_texts(row) for _, row in below)) if head else SurveyHead(names)


def _hint(rows: Sequence[_NumberedRow]) -> str:
    return header_hint([_texts(row) for _, row in rows], lambda row: rows[row][0])


def _header_row(rows: Sequence[Sequence[Any]]) -> int:
    """Return the index of the header; of the first row with a cell, if none can be one."""
    surveys = (n for n in range(len(rows)) if _is_survey([_texts(row) for row in rows[n : n + 3]]))
    if (found := next(surveys, None)) is not None:
        return found
    lengths = [sum(map(_has_content, row)) for row in rows]
    least = max(2, (max(lengths, default=0) + 1) // 2)
    long_enough = [n for n, length in enumerate(lengths) if length >= least]
    before_rows = [n for n in long_enough if any(lengths[n + 1 : n + 2])]  # not before a blank one
    first = next((n for n, each in enumerate(lengths) if each), 0)
    return next(iter(before_rows or long_enough), first)


def _is_survey(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first of some rows has the names of a survey's columns, which the ones below describe."""
    return cell_count(rows[0]) > 1 and survey_head(rows[0], rows[1:]).n_rows > 0


def _has_content(cell: Any) -> bool:
    return cell is not None and cell != ""


def _texts(row: Sequence[Any]) -> list[str]:
    return list(map(_name, row))


def _name(cell: Any) -> str:
    return "" if cell is None else " ".join(str(cell).split())
