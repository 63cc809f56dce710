"""Sheets of workbooks: Excel's, old and new, and OpenDocument's; read in a process of their own."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table
from exemplar.data.files.zipped import check_zip
from exemplar.data.readers import sheet_worker
from exemplar.data.readers.headers import header_of

_MOST_BYTES = 2**28  # of a workbook
_MOST_UNPACKED = 2**30  # bytes of what is in it, without pictures
_MOST_NAMES = 20  # of sheets in a message
_PICTURES = ("xl/media/", "xl/embeddings/", "xl/drawings/", "Pictures/", "Object ", "Thumbnails/")
_PIECE = 2**20
_OLE = b"\xd0\xcf\x11\xe0"
_IN_OLE = (  # names of streams, in the order in which they decide
    ("__properties_version1.0", "an Outlook message; save it as .eml or .mbox"),
    ("EncryptedPackage", "it has a password; save it without one"),
    ("Workbook", None),
    ("Book", None),
    ("WordDocument", "an old Word document; save it as .docx"),
    ("PowerPoint Document", "an old PowerPoint file; save its text as .txt or .pdf"),
)


def spreadsheet_table(file: File) -> Table:
    """Return a sheet of a workbook as a table: the chosen one, else the first visible one with cells.

    The problems before its rows name the sheet where others have cells too, and the rows above the header.

    Raises
    ------
    ExemplarError
        The workbook can't be read, has a password, has no such sheet, or is too large.
    """
    with _sheet(file) as sheet:
        header = header_of(sheet.rows, file.options, sheet.first)
    return Table(header.columns, lambda needed: _rows(file))


def sheet_names(file: File) -> list[str]:
    """Return the names of a workbook's sheets, charts left out; raises ExemplarError as ``spreadsheet_table`` does."""
    with _sheet(file, is_needed=False) as sheet:
        return sheet.names


@dataclass(slots=True)
class _Sheet:
    """A sheet that is read.

    Attributes
    ----------
    names, others
        All sheets of its workbook; those that have cells too, where none was chosen.
    first
        The number of its first row with a cell, counted from 1.
    rows
        Its rows from there.
    """

    name: str
    names: list[str]
    others: list[str]
    first: int
    rows: Iterator[list[Any]]


def _rows(file: File) -> Iterator[Row | Problem]:
    with _sheet(file) as sheet:
        header = header_of(sheet.rows, file.options, sheet.first)
        where = file.at(f"the sheet '{sheet.name}'")
        if sheet.others:
            others = _listed(sheet.others)
            yield Problem(
                where, f"the first sheet with cells; not read were {others}, which --table chooses", left_out=False
            )
        if header.n_above:
            yield Problem(where, f"{_counted(header.n_above)} above the header left out", left_out=False)
        yield from header.rows()


@contextmanager
def _sheet(file: File, *, is_needed: bool = True) -> Iterator[_Sheet]:
    """Open a sheet; a second process reads it without a look at the others if that was too much for the first."""
    package("python_calamine", "office", "spreadsheets")
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(_on_disk(file))
        lines = stack.enter_context(_worker(opened, file, "others"))
        head = next(lines, None)
        if head is None:
            lines = stack.enter_context(_worker(opened, file, "alone"))
            head = next(lines, None)
            if head and file.options.table is None:
                head["others"] = [name for name in head.get("sheets", ()) if name != head["name"]]
        if head is None:
            raise ExemplarError(
                "its cells lie too far apart, or it is too large; delete what lies beyond the table, or save it as CSV"
            )
        yield _checked(head, lines, file.options.table, is_needed=is_needed)


def _checked(head: dict[str, Any], lines: Iterator[Any], chosen: str | None, *, is_needed: bool) -> _Sheet:
    if error := head.get("error"):
        raise ExemplarError(_reason(error))
    names = head["sheets"]
    if is_needed and chosen is not None and chosen not in names:
        raise ExemplarError(f"it has no sheet '{chosen[:50]}'; its sheets are {_listed(names)}")
    if is_needed and head["name"] is None:
        raise ExemplarError(f"the sheet '{chosen[:50]}' is empty" if chosen else "it has no sheet with cells")
    return _Sheet(head["name"] or "", names, head["others"], head["first"], _until_end(lines))


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
def _worker(opened: IO[bytes], file: File, looks: str) -> Iterator[Iterator[Any]]:
    """Yield what the process writes, line by line; nothing more after it was ended."""
    opened.seek(0)
    command = [sys.executable, "-I", sheet_worker.__file__, json.dumps(file.options.table), looks]
    with subprocess.Popen(command, stdin=opened, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            yield _parsed(process.stdout)
        finally:
            process.kill()


def _parsed(output: IO[bytes] | None) -> Iterator[Any]:
    for line in output or ():
        if line.endswith(b"\n"):
            yield json.loads(line)


@contextmanager
def _on_disk(file: File) -> Iterator[IO[bytes]]:
    """Yield a workbook as an open file that another process can read, after a look at its size and kind."""
    with file.path.open("rb") if file.path else _copied(file) as opened:
        size = opened.seek(0, 2)
        if size > _MOST_BYTES:
            raise ExemplarError(f"it is larger than {_MOST_BYTES:,} bytes; save its sheets as CSV")
        opened.seek(0)
        if opened.read(len(_OLE)) == _OLE:
            _check_ole(opened)
        elif not _begins_as_zip(opened):
            raise ExemplarError("it is no workbook; if it is text, name its format, such as csv or tsv (--format)")
        else:
            check_zip(opened, _MOST_UNPACKED, _PICTURES)
        yield opened


def _begins_as_zip(opened: IO[bytes]) -> bool:
    opened.seek(0)
    return opened.read(2) == b"PK"


@contextmanager
def _copied(file: File) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as copy, file.open() as packed:
        while (piece := packed.read(_PIECE)) and copy.tell() <= _MOST_BYTES:
            copy.write(piece)
        yield copy


def _check_ole(opened: IO[bytes]) -> None:
    """Raise ExemplarError if an old document of Office is no workbook, or has a password."""
    content = opened.read()
    for name, reason in _IN_OLE:
        if name.encode("utf-16-le") + b"\0\0" in content:
            if reason:
                raise ExemplarError(reason)
            return


def _reason(error: str) -> str:
    kind, _, message = error.partition(": ")
    if kind == "PasswordError":
        return "it has a password; save it without one"
    if kind == "MemoryError":
        return "it is too large; save it as CSV"
    return f"a workbook that can't be read: {' '.join(message.split())[:200]}"


def _listed(names: list[str]) -> str:
    more = f", and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _counted(n_rows: int) -> str:
    return "1 row" if n_rows == 1 else f"{n_rows:,} rows"
