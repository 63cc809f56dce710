"""The header of a sheet, and its rows by name."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exemplar.data.files.options import ReadOptions
from exemplar.data.files.table import PlacedRow, check_names, placed_row

_FEW = 20  # rows among which the header stands
_N_FIRST = 1000  # rows that show which columns without a name have cells


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a sheet's columns.

    Attributes
    ----------
    columns
        The names, and ``column 3`` for a column without one that has cells.
    n_above
        Rows with cells above the header.
    """

    columns: tuple[str, ...]
    n_above: int
    _names: tuple[tuple[str, bool], ...]  # of all columns, and whether they stand in the header
    _below: Iterator[tuple[int, Sequence[Any]]]

    def rows(self) -> Iterator[PlacedRow]:
        """Yield the rows below the header, once; rows without a cell are none."""
        for number, row in self._below:
            if any(map(_has_content, row)):
                cells = zip(self._names_of(row), row, strict=False)
                yield placed_row([(name, cell) for (name, named), cell in cells if named or _has_content(cell)], number)

    def _names_of(self, row: Sequence[Any]) -> Iterable[tuple[str, bool]]:
        more = ((f"column {number}", False) for number in range(len(self._names) + 1, len(row) + 1))
        return itertools.chain(self._names, more)


def header_of(rows: Iterable[Sequence[Any]], options: ReadOptions, first: int) -> Header:
    """Return the header of a sheet: its first row that has at least two cells, and half of what other rows have.

    A row above a blank one is none if another can be.

    Names that are repeated get a number. With ``no_header`` the columns are ``column 1``, ``column 2``, ...

    Parameters
    ----------
    first
        The number of the first row.
    """
    numbered: Iterator[tuple[int, Sequence[Any]]] = enumerate(rows, start=first)
    if options.skip_lines >= first:
        numbered = itertools.dropwhile(lambda each: each[0] <= options.skip_lines, numbered)
    beginning = list(itertools.islice(numbered, _N_FIRST))
    at = 0 if options.skip_lines or options.no_header else _header_row([row for _, row in beginning[:_FEW]])
    begin = at if options.no_header else at + 1
    n_columns = max((len(row) for _, row in beginning), default=0)
    named = [] if options.no_header or not beginning else [_name(cell) for cell in beginning[at][1]]
    named += [""] * (n_columns - len(named))
    names = tuple(zip(distinct(named), map(bool, named), strict=True))
    used = {n for _, row in beginning[begin:] for n, cell in enumerate(row) if _has_content(cell)}
    columns = tuple(name for n, (name, is_named) in enumerate(names) if is_named or n in used)
    check_names(len(columns), sum(map(len, columns)))
    n_above = sum(any(map(_has_content, row)) for _, row in beginning[:at])
    return Header(columns, n_above, names, itertools.chain(beginning[begin:], numbered))


def distinct(names: Sequence[str]) -> list[str]:
    """Return names of columns without blanks around them, none empty or repeated."""
    found: dict[str, None] = {}
    seen: Counter[str] = Counter()
    for number, name in enumerate(names, start=1):
        plain = name.strip() or f"column {number}"
        seen[plain] += 1
        while (numbered := plain if seen[plain] == 1 else f"{plain} {seen[plain]}") in found:
            seen[plain] += 1
        found[numbered] = None
    return list(found)


def _header_row(rows: Sequence[Sequence[Any]]) -> int:
    """Return the number of the header; of the first row with a cell, if none can be one."""
    lengths = [sum(map(_has_content, row)) for row in rows]
    least = max(2, (max(lengths, default=0) + 1) // 2)
    long_enough = [n for n, length in enumerate(lengths) if length >= least]
    before_rows = [n for n in long_enough if any(lengths[n + 1 : n + 2])]  # not before a blank one
    first = next((n for n, each in enumerate(lengths) if each), 0)
    return next(iter(before_rows or long_enough), first)


def _has_content(cell: Any) -> bool:
    return cell is not None and cell != ""


def _name(cell: Any) -> str:
    return "" if cell is None else " ".join(str(cell).split())
