"""The header of a sheet, and its rows by name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from exemplar.data.files.file import File
from exemplar.data.files.table import PlacedRow, check_names, placed_row

_FEW = 20  # rows among which the header stands


def named_rows(rows: Sequence[Sequence[Any]], file: File) -> tuple[tuple[str, ...], Iterator[PlacedRow]]:
    """Return the names of columns, and the rows below them; rows without a cell are none.

    Names that are repeated get a number. Without a header the columns are ``column 1``, ``column 2``, ...; those that
    have cells and no name are called so too.
    """
    options = file.options
    first = options.skip_lines or _header_row(rows)
    n_columns = max((_length(row) for row in rows[first:]), default=0)
    begin = first if options.no_header else first + 1
    names = [""] * n_columns
    if not options.no_header and first < len(rows):
        names = [_name(cell) for cell in rows[first][:n_columns]]
        names += [""] * (n_columns - len(names))
    names = distinct(names)
    check_names(len(names), sum(map(len, names)))
    below = ((number, row) for number, row in enumerate(rows[begin:], start=begin + 1) if _length(row))
    return tuple(names), (placed_row(zip(names, row, strict=False), number) for number, row in below)


def distinct(names: Sequence[str]) -> list[str]:
    """Return names of columns without blanks around them, none empty or repeated."""
    found: list[str] = []
    seen: Counter[str] = Counter()
    for number, name in enumerate(names, start=1):
        plain = name.strip() or f"column {number}"
        seen[plain] += 1
        while (numbered := plain if seen[plain] == 1 else f"{plain} {seen[plain]}") in found:
            seen[plain] += 1
        found.append(numbered)
    return found


def _header_row(rows: Sequence[Sequence[Any]]) -> int:
    """Return the number of the first row with at least two cells; of the first with one, if no other has more."""
    lengths = [sum(cell not in (None, "") for cell in row) for row in rows[:_FEW]]
    return next(
        (n for n, length in enumerate(lengths) if length > 1), next((n for n, each in enumerate(lengths) if each), 0)
    )


def _length(row: Sequence[Any]) -> int:
    """Return the number of cells up to the last that is not blank."""
    return max((n for n, cell in enumerate(row, start=1) if cell not in (None, "")), default=0)


def _name(cell: Any) -> str:
    return "" if cell is None else " ".join(str(cell).split())
