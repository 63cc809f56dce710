"""Reads a sheet in a process of its own, because a small workbook can ask for endless memory, which ends the process.

The workbook is the standard input; ``spreadsheet`` runs this file. Each line of the output is JSON: first the sheets,
or an error; then the rows, from the first with a cell, as lists of cells; last an empty object.
"""

import contextlib
import json
import sys
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

_MOST_MEMORY = 3 * 2**30  # bytes
_MOST_SECONDS, _BYTES_A_SECOND = 300, 200_000
_DIGITS = 15  # that a sheet shows of a number


def main(chosen: str | None, *, with_others: bool) -> None:
    """Write a sheet: the chosen one, else the first that is visible and has cells, else the first with cells."""
    content = sys.stdin.buffer.read()
    _bound(len(content))
    import python_calamine

    workbook: Any = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    visible = python_calamine.SheetVisibleEnum.Visible
    names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    hidden = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible != visible]
    ordered = sorted(names, key=hidden.__contains__)
    if chosen is not None:
        ordered = [name for name in names if name == chosen]
    opened = ((name, workbook.get_sheet_by_name(name)) for name in ordered)
    name, sheet = next(((name, sheet) for name, sheet in opened if sheet.start is not None), (None, None))
    others = []
    if with_others and chosen is None and name is not None:
        others = [each for each in names if each != name and workbook.get_sheet_by_name(each).start is not None]
    _write({"sheets": names, "name": name, "others": others, "first": sheet.start[0] + 1 if sheet else 0})
    if sheet is not None:
        _write_rows(sheet)
    _write({})


def _bound(size: int) -> None:
    """Bound memory and time, where the system can do that."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        seconds = _MOST_SECONDS + size // _BYTES_A_SECOND
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


def _write_rows(sheet: Any) -> None:
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
                elif column < len(cells) and cells[column] == "":
                    cells[column] = value
        for column, last in merged.get(number, ()):
            if column < len(cells):
                values[column] = (last, cells[column])
        _write(cells)


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


def _write(line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), with_others=sys.argv[2] == "others")
    except BaseException as error:
        _write({"error": f"{type(error).__name__}: {error}"})
