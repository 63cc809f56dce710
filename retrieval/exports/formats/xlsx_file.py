"""Exports as XLSX, whose cells are text, numbers and truth values, and never formulas."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.csv_file import as_text

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 1_048_576, 16_384, 32_767  # what Excel holds; a header is a row
_EXACT = 2**53  # a number of Excel holds integers below
_INSTEAD = "export CSV, Parquet or JSON Lines instead"
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_xlsx(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows to the first sheet of a workbook, and what the export is to a second one, About.

    Raises
    ------
    ExemplarError
        The rows, the columns or a cell are more than Excel holds.
    """
    check_size(export)
    xlsxwriter: Any = package("xlsxwriter", "office", "XLSX files")
    with tempfile.TemporaryDirectory(prefix="exemplar-") as folder:  # also holds what an error leaves behind
        workbook = xlsxwriter.Workbook(str(path), {**_OPTIONS, "tmpdir": folder})
        try:
            sheet = workbook.add_worksheet("Rows")
            for place, name in enumerate(export.columns):
                sheet.write_string(0, place, _checked(name, 1, name))
            for number, row in enumerate(rows, 1):
                _write_row(sheet, number, row, export.columns)
            _write_about(workbook.add_worksheet("About"), export)
            workbook.close()
        except xlsxwriter.exceptions.FileSizeError as error:
            raise ExemplarError(f"a workbook of more than 4 GB can't be written; {_INSTEAD}") from error


def check_size(export: Export) -> None:
    """Raise ExemplarError for more rows or columns than a sheet holds."""
    if export.n_rows + 1 > MOST_ROWS:
        raise ExemplarError(
            f"a sheet of Excel holds {MOST_ROWS:,} rows with the header, and these are {export.n_rows + 1:,}; "
            f"export fewer rows, or {_INSTEAD}"
        )
    if len(export.columns) > MOST_COLUMNS:
        raise ExemplarError(
            f"a sheet of Excel holds {MOST_COLUMNS:,} columns, and these are {len(export.columns):,}; {_INSTEAD}"
        )


def _write_row(sheet: Any, number: int, row: Row, columns: Sequence[str]) -> None:
    for place, name in enumerate(columns):
        value = row.get(name)
        if value is None or value == "" or value != value:
            continue
        if isinstance(value, bool):
            sheet.write_boolean(number, place, value)
        elif isinstance(value, int | float) and -_EXACT <= value <= _EXACT:
            sheet.write_number(number, place, value)
        else:
            sheet.write_string(number, place, _checked(as_text(value), number + 1, name))


def _checked(text: str, row: int, column: str) -> str:
    """Return a text that a cell holds; Excel counts the characters as UTF-16 does."""
    text = replace_lone_surrogates(text)
    if 2 * len(text) > LONGEST_CELL and len(text.encode("utf-16-le")) > 2 * LONGEST_CELL:
        raise ExemplarError(
            f"a cell of Excel holds {LONGEST_CELL:,} characters, and row {row:,} has {len(text):,} in the column "
            f"'{column[:100]}'; {_INSTEAD}"
        )
    return text


def _write_about(sheet: Any, export: Export) -> None:
    for number, (name, value) in enumerate(export.about.items()):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        sheet.write_string(number, 0, name)
        for place, start in enumerate(range(0, max(1, len(text)), LONGEST_CELL // 2), 1):
            sheet.write_string(number, place, replace_lone_surrogates(text[start : start + LONGEST_CELL // 2]))
