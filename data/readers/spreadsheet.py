"""Sheets of workbooks: Excel's, old and new, and OpenDocument's."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table
from exemplar.data.readers.headers import named_rows
from exemplar.data.text import one_line

_MOST_BYTES = 2**28  # of a workbook, which is unpacked as a whole
_MOST_NAMES = 20  # of sheets in a message


def spreadsheet_table(file: File) -> Table:
    """Return a sheet of a workbook as a table: the chosen one, else the first with cells.

    Its first row with two cells that are not blank, or the first one at all, is the header.

    Raises
    ------
    ExemplarError
        The workbook can't be read, has no such sheet, or is too large.
    """
    _, rows = _read(file)
    header, _ = named_rows(rows, file)
    return Table(header, lambda needed: _rows(file, needed))


def sheet_names(file: File) -> list[str]:
    """Return the names of a workbook's sheets."""
    return list(_workbook(file).sheet_names)


def _rows(file: File, needed: Collection[str]) -> Iterator[Row | Problem]:
    _, rows = _read(file)
    yield from named_rows(rows, file)[1]


def _read(file: File) -> tuple[str, list[list[Any]]]:
    workbook = _workbook(file)
    names = list(workbook.sheet_names)
    chosen = file.options.table
    if chosen is not None and chosen not in names:
        raise ExemplarError(f"it has no sheet '{chosen[:50]}'; its sheets are {', '.join(names[:_MOST_NAMES])}")
    for name in names if chosen is None else [chosen]:
        rows = [list(map(_cell, row)) for row in _sheet(workbook, name)]
        if any(cell not in (None, "") for row in rows for cell in row):
            return name, rows
    raise ExemplarError("it is empty")


def _workbook(file: File) -> Any:
    calamine = package("python_calamine", "office", "spreadsheets")
    content = file.content()
    if len(content) > _MOST_BYTES:
        raise ExemplarError(f"it is larger than {_MOST_BYTES:,} bytes; save its sheets as CSV")
    try:
        return calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    except Exception as error:  # every format has errors of its own
        raise ExemplarError(one_line(error)) from error


def _sheet(workbook: Any, name: str) -> list[list[Any]]:
    try:
        rows: list[list[Any]] = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except Exception as error:
        raise ExemplarError(f"the sheet '{name}' can't be read: {one_line(error)}") from error
    return rows


def _cell(cell: Any) -> Any:
    """Return a cell as a person wrote it: whole numbers without a fraction, dates without a time that nobody gave."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date()
    if isinstance(cell, date | time | timedelta | bool):
        return cell
    return cell
