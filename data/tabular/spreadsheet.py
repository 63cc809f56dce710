"""Sheets of workbooks: Excel's, old and new, and OpenDocument's."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError, TableUnknown
from exemplar.data.extras import package
from exemplar.data.files.file import File
from exemplar.data.files.table import HoldsText, Row, Table
from exemplar.data.tabular import sheet_worker
from exemplar.data.tabular.headers import Header, header_of
from exemplar.data.tabular.sheet_bounds import MOST_CELLS, cells_of_ods, cells_of_sheets, unpacked
from exemplar.data.text import listed

_MOST_BYTES = 2**28  # of a workbook
_MOST_UNPACKED = 2**29  # bytes of what is in it, without pictures
_OLE = b"\xd0\xcf\x11\xe0"
_IN_OLE = (  # names of streams, in the order in which they decide
    ("__properties_version1.0", "an Outlook message; save it as .eml or .mbox"),
    ("EncryptedPackage", "it has a password; save it without one"),
    ("Workbook", None),
    ("Book", None),
    ("WordDocument", "an old Word document; save it as .docx"),
    ("PowerPoint Document", "an old PowerPoint file; save its text as .txt or .pdf"),
)
_TOO_FAR = "its cells lie too far apart, or it is too large; delete what lies beyond the table, or save it as CSV"


def spreadsheet_table(file: File, holds_text: HoldsText = bool) -> Table:
    """Return a sheet of a workbook as a table.

    It is the chosen one, else the first visible one with cells, or, if that holds no documents, the first visible one
    that does. The problems before its rows name the sheet where others have cells too, and count the rows above the
    header.

    Parameters
    ----------
    holds_text
        Whether a table with columns of such names holds documents.

    Raises
    ------
    ExemplarError
        The workbook can't be read, has a password, has no such sheet, or is too large.
    """
    sheet, header = _looked_at(file, file.options.table)
    others, why = sheet.others, "the first sheet with cells"
    if others and not holds_text(header.columns) and (found := _with_text(file, sheet.name, holds_text)):
        others = [sheet.name, *(name for name in others if name != found)]
        why = "the first sheet with a usual name for the text"
        sheet, header = _looked_at(file, found)
    told = f"{why}; not read were {listed(others)}, which can be chosen" if others else ""
    return Table(
        header.columns,
        lambda needed: _rows(file, sheet.name, told),
        tables=(sheet.name, *others) if others else (),
        hint=header.hint,
        questions=header.questions,
    )


@dataclass(slots=True)
class _Sheet:
    """A sheet that is read.

    Attributes
    ----------
    others
        The other sheets that have cells, where none was chosen.
    first
        The number of its first row with a cell, counted from 1.
    rows
        Its rows from there.
    """

    name: str
    others: list[str]
    first: int
    rows: Iterator[list[Any]]


def _looked_at(file: File, chosen: str | None) -> tuple[_Sheet, Header]:
    """Return a sheet and its header; their rows can't be read any more."""
    with _sheet(file, chosen) as sheet:
        return sheet, header_of(sheet.rows, file.options, sheet.first)


def _with_text(file: File, besides: str, holds_text: HoldsText) -> str | None:
    """Return the name of the first other visible sheet that holds documents; None without one that can be read."""
    with _lines(file, besides, first_rows=True) as sheets:
        for sheet in sheets:
            if "error" in sheet:
                return None
            with suppress(ExemplarError):
                if holds_text(header_of(sheet["rows"], file.options, sheet["first"]).columns):
                    return str(sheet["name"])
    return None


def _rows(file: File, name: str, told: str) -> Iterator[Row | Problem]:
    with _sheet(file, name) as sheet:
        header = header_of(sheet.rows, file.options, sheet.first)
        where = file.at(f"the sheet '{name}'")
        if told:
            yield Problem(where, told, left_out=False)
        if header.n_above:
            n_rows = "1 row" if header.n_above == 1 else f"{header.n_above:,} rows"
            yield Problem(where, f"{n_rows} above the header left out", left_out=False)
        yield from header.rows(file)


@contextmanager
def _sheet(file: File, chosen: str | None) -> Iterator[_Sheet]:
    with _lines(file, chosen) as lines:
        head: dict[str, Any] = next(lines, {"error": f"TooFar: {file.name}"})
        names = head.get("sheets", [])
        if names and chosen is not None and chosen not in names:
            raise TableUnknown(f"it has no sheet '{chosen[:50]}'; its sheets are {listed(names)}", names)
        if error := head.get("error"):
            raise ExemplarError(_reason(error))
        if head["name"] is None:
            raise ExemplarError(f"the sheet '{chosen[:50]}' is empty" if chosen else "it has no sheet with cells")
        yield _Sheet(head["name"], head["others"], head["first"], _until_end(lines))


@contextmanager
def _lines(file: File, sheet: str | None, *, first_rows: bool = False) -> Iterator[Iterator[Any]]:
    """Yield what ``sheet_lines`` or ``first_lines`` yields of a workbook, after a look at its size and kind."""
    package("python_calamine", "office", "spreadsheets")
    with file.open() as opened:
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ExemplarError(f"it is larger than {_MOST_BYTES:,} bytes; save its sheets as CSV")
    if content.startswith(_OLE):
        _check_ole(content)
        with _worker(content, sheet, first_rows) as lines:
            yield lines
        return
    if not content.startswith(b"PK"):
        raise ExemplarError("it is no workbook; if it is text, name its format, such as csv or tsv", hint="format")
    content, parts = unpacked(content, _MOST_UNPACKED)
    if "xl/workbook.bin" in parts:
        with _worker(content, sheet, first_rows) as lines:
            yield lines
        return
    n_cells = cells_of_sheets(parts) if "xl/workbook.xml" in parts else None
    if n_cells is None and cells_of_ods(parts.get("content.xml", b"<none/>")) > MOST_CELLS:
        raise ExemplarError(_TOO_FAR)
    del parts
    read = sheet_worker.first_lines if first_rows else sheet_worker.sheet_lines
    with closing(read(content, sheet, n_cells, MOST_CELLS)) as lines:
        yield lines


def _until_end(lines: Iterator[Any]) -> Iterator[list[Any]]:
    for line in lines:
        if isinstance(line, list):
            yield line
        elif line:
            raise ExemplarError(_reason(line["error"]))
        else:
            return
    raise ExemplarError("it can't be read to its end; save it as CSV")


@contextmanager
def _worker(content: bytes, sheet: str | None, first_rows: bool) -> Iterator[Iterator[Any]]:
    """Yield what a process of its own reads of a workbook; nothing more after that was ended."""
    request = json.dumps({"sheet": sheet, "first_rows": first_rows})
    command = [sys.executable, "-I", sheet_worker.__file__, request]
    with tempfile.TemporaryFile() as copy:
        copy.write(content)
        copy.seek(0)
        with subprocess.Popen(command, stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                yield _parsed(process.stdout)
            finally:
                process.kill()


def _parsed(output: IO[bytes] | None) -> Iterator[Any]:
    return (json.loads(line) for line in output or () if line.endswith(b"\n"))


def _check_ole(content: bytes) -> None:
    """Raise ExemplarError if an old document of Office is no workbook, or has a password."""
    for name, reason in _IN_OLE:
        if name.encode("utf-16-le") + b"\0\0" in content:
            if reason:
                raise ExemplarError(reason)
            return


def _reason(error: str) -> str:
    kind, _, message = error.partition(": ")
    match kind:
        case "PasswordError":
            return "it has a password; save it without one"
        case "TooFar" | "MemoryError":
            return _TOO_FAR
    return f"a workbook that can't be read: {' '.join(message.split())[:200]}"
