"""Reads a sheet; run as a program it does so in a process of its own, for those formats that can end the process.

A damaged workbook in an old format can ask for endless memory. The workbook is the standard input then, and each line
of the output is JSON.
"""

import contextlib
import json
import sys
from collections.abc import Generator, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import Any

_MOST_MEMORY = 3 * 2**30  # bytes
_MOST_SECONDS, _BYTES_A_SECOND = 300, 200_000
_N_FIRST = 100  # rows that show what a sheet holds
_DIGITS = 15  # that a sheet shows of a number


def sheet_lines(
    content: bytes, chosen: str | None, n_cells: Mapping[str, int] | None, most: int
) -> Generator[Any, None, None]:
    """Yield what is known of a sheet, its rows from the first with a cell as lists of cells, and an empty dict.

    The sheet is the chosen one, else the first that is visible and has cells, else the first with cells. An error is a
    dict with the key ``error``.

    Parameters
    ----------
    n_cells
        The number of cells of each sheet; None if it is not known.
    most
        Cells of a sheet that is read.
    """
    yield from _with_error(_lines(content, chosen, n_cells, most))


def first_lines(
    content: bytes, besides: str | None, n_cells: Mapping[str, int] | None, most: int
) -> Generator[Any, None, None]:
    """Yield for each visible sheet with cells its name, the number of its first row with a cell, and its first rows.

    Sheets with too many cells are left out. An error is a dict with the key ``error``.

    Parameters
    ----------
    besides
        A sheet that is left out.
    n_cells, most
        As for ``sheet_lines``.
    """
    yield from _with_error(_first_lines(content, besides, n_cells, most))


def _with_error(lines: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from lines
    except (GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        yield {"error": f"{type(error).__name__}: {error}"}


def _opened(content: bytes) -> tuple[Any, list[str], set[str]]:
    """Return a workbook, the names of its sheets, and those of the hidden ones."""
    import python_calamine

    workbook: Any = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    hidden = {sheet.name for sheet in sheets if sheet.visible != python_calamine.SheetVisibleEnum.Visible}
    return workbook, [sheet.name for sheet in sheets], hidden


def _first_lines(content: bytes, besides: str | None, n_cells: Mapping[str, int] | None, most: int) -> Iterator[Any]:
    workbook, names, hidden = _opened(content)
    for name in names:
        size = None if n_cells is None else n_cells.get(name)
        if name == besides or name in hidden or size == 0 or (size or 0) > most:
            continue
        sheet = workbook.get_sheet_by_name(name)
        if sheet.start is not None:
            yield {"name": name, "first": sheet.start[0] + 1, "rows": list(islice(_rows(sheet), _N_FIRST))}


def _lines(content: bytes, chosen: str | None, n_cells: Mapping[str, int] | None, most: int) -> Iterator[Any]:
    workbook, names, hidden = _opened(content)

    def has_cells(name: str) -> bool:
        if n_cells is not None and name in n_cells:
            return n_cells[name] > 0
        return workbook.get_sheet_by_name(name).start is not None

    if chosen is None:
        name = next(filter(has_cells, sorted(names, key=hidden.__contains__)), None)
        others = [each for each in names if each != name and has_cells(each)]
    else:
        name, others = chosen if chosen in names and has_cells(chosen) else None, []
    if name is not None and n_cells is not None and n_cells.get(name, 0) > most:
        yield {"error": f"TooFar: {name}", "sheets": names}
        return
    sheet = workbook.get_sheet_by_name(name) if name is not None else None
    if sheet is not None and sheet.start is None:  # all its cells are blank
        sheet = name = None
    yield {"sheets": names, "name": name, "others": others, "first": sheet.start[0] + 1 if sheet else 0}
    if sheet is not None:
        yield from _rows(sheet)
    yield {}


def _rows(sheet: Any) -> Iterator[list[Any]]:
    first_row, first_column = sheet.start
    merged: dict[int, list[tuple[int, int]]] = {}  # the row below the first: columns, and last rows
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top and left >= first_column:
            merged.setdefault(top - first_row, []).append((left - first_column, bottom - first_row))
    values: dict[int, tuple[int, Any]] = {}
    for number, row in enumerate(sheet.iter_rows()):
        cells = list(map(plain_cell, row))
        if values and any(cell != "" for cell in cells):
            for column, (last, value) in list(values.items()):
                if number > last:
                    del values[column]
                elif cells[column] == "":
                    cells[column] = value
        for column, last in merged.get(number, ()):
            if column < len(cells):
                values[column] = (last, cells[column])
        yield cells


def plain_cell(cell: Any) -> Any:
    """Return a cell as a person reads it in the sheet, except for percent and money, which are numbers."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else float(f"{cell:.{_DIGITS}g}")
    if isinstance(cell, datetime):
        rounded = (cell + timedelta(microseconds=500_000)).replace(microsecond=0)
        return str(rounded.date() if rounded.time() == time() else rounded)
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(cell, date | time):
        return str(cell)
    if isinstance(cell, str):
        return cell.replace("_x000D_", "").replace("\r\n", "\n")
    return cell


def _bound(size: int) -> None:
    """Bound memory and time of this process, where the system can do that."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        seconds = _MOST_SECONDS + size // _BYTES_A_SECOND
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


if __name__ == "__main__":
    workbook_bytes = sys.stdin.buffer.read()
    _bound(len(workbook_bytes))
    request = json.loads(sys.argv[1])
    read = first_lines if request["first_rows"] else sheet_lines
    for line in read(workbook_bytes, request["sheet"], None, 0):
        sys.stdout.write(json.dumps(line) + "\n")
