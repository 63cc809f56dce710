"""How far the cells of a workbook's sheets reach, before a library makes room for all cells between them."""

import posixpath
import re
import zipfile
from io import BytesIO
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.text import one_line

MOST_CELLS = 2**25  # of a sheet, blank ones between others included: 32 columns down to the last row of Excel
_SKIPPED = ("xl/media/", "xl/embeddings/", "xl/drawings/", "xl/pivotCache/", "Pictures/", "Object ", "Thumbnails/")
_LAST_ROW, _WIDE = 1_048_576, 32  # whose product is the bound

_START = rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"']"
_FULL = rb"[^>]*(?<!/)>(?!</|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"  # the rest of a tag, with content behind it
_CELL = re.compile(_START + rb"([A-Za-z]+)(\d+)[\"']" + _FULL)
_FAR = re.compile(  # beyond column AF, or the last row
    _START + rb"(?:[A-Za-z]{3,}|A[G-Zg-z]|[B-Zb-z][A-Za-z]|a[G-Zg-z]"
    rb"|[A-Za-z]+(?:\d{8}|[2-9]\d{6}|1[1-9]\d{5}|10[5-9]\d{4}))"
)
_BARE = re.compile(rb"<(?:\w+:)?c(?:\s(?![^>]*\br\s*=)[^>]*)?(?<!/)>")  # a cell behind the one before
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])")
_ROW_NUMBER = re.compile(rb"<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*[\"'](\d{1,12})")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def unpacked(content: bytes, most: int) -> tuple[bytes, dict[str, bytes]]:
    """Return a workbook as a zip that does not expand, and its parts; pictures and the like are left out.

    Raises
    ------
    ExemplarError
        It is damaged, has a password, or has more than ``most`` bytes without these.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = {each.filename: each for each in archive.infolist() if not each.filename.startswith(_SKIPPED)}
            if any(member.flag_bits & 1 for member in members.values()):
                raise ExemplarError("it has a password; save it without one")
            if sum(member.file_size for member in members.values()) > most:
                raise ExemplarError(f"it is larger than {most:,} bytes when unpacked; save its sheets as CSV")
            parts = {name: archive.read(member) for name, member in members.items()}
    except ExemplarError:
        raise
    except Exception as error:  # the modules of Python raise many kinds
        raise ExemplarError(f"it is damaged, or no workbook: {one_line(error)}") from error
    with zipfile.ZipFile(plain := BytesIO(), "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return plain.getvalue(), parts


def cells_of_sheets(parts: dict[str, bytes]) -> dict[str, int]:
    """Return the number of cells of each sheet of an XLSX workbook, blank ones between others included.

    Parameters
    ----------
    parts
        The parts of the workbook by name.
    """
    numbers = {name: _n_cells(part) for name, part in parts.items() if name.lower().startswith("xl/worksheets/")}
    paths = _paths(parts)
    unknown = max((n for path, n in numbers.items() if path not in paths.values()), default=0)
    return {name: numbers.get(path, unknown) for name, path in paths.items()}


def cells_of_ods(content: bytes) -> int:
    """Return the number of cells of the largest sheet of an ODS workbook, blank ones between others included."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    most, row, width, height, column, has_cell = 0, 0, 0, 0, 0, False
    try:
        for event, element in iterparse(BytesIO(content), events=("start", "end")):
            name = str(element.tag).rpartition("}")[2]
            if event == "start":
                if name == "table":
                    row, width, height = 0, 0, 0
                elif name == "table-row":
                    column, has_cell = 0, False
            elif name == "table-row":
                row += _repeated(element, "rows")
                height = row if has_cell else height
                element.clear()
            elif name in ("table-cell", "covered-table-cell"):
                column += _repeated(element, "columns")
                if len(element) or any(key.endswith("}value-type") for key in element.attrib):
                    has_cell, width = True, max(width, column)
            elif name == "table":
                most = max(most, width * height)
                element.clear()
    except (DefusedXmlException, SyntaxError, ValueError, LookupError) as error:
        raise ExemplarError(f"a workbook that can't be read: {one_line(error)}") from error
    return most


def _repeated(element: Any, what: str) -> int:
    found = next((value for key, value in element.attrib.items() if key.endswith(f"}}number-{what}-repeated")), "1")
    return int(found) if found.isdigit() and len(found) < 12 else 1


def _n_cells(sheet: bytes) -> int:
    """Return the cells between the first row and column and the last ones with content; quickly if they are few."""
    if b"\0" in sheet[:100]:
        raise ExemplarError("a sheet that is not in UTF-8; save the workbook again")
    if _BARE.search(sheet) is not None:
        rows = [sum(1 for _ in _BARE.finditer(row)) for row in _ROW.split(sheet)]
        last = max((int(found[1]) for found in _ROW_NUMBER.finditer(sheet)), default=0)
        return max(rows) * max(last, len(rows) - 1) + _exact(sheet)
    if _FAR.search(sheet) is None:
        return _LAST_ROW * _WIDE if _CELL.search(sheet) else 0
    return _exact(sheet)


def _exact(sheet: bytes) -> int:
    n_rows, columns = 0, set()
    for found in _CELL.finditer(sheet):
        columns.add(found[1].upper())
        n_rows = max(n_rows, int(found[2]) if len(found[2]) < 12 else 10**12)
    return n_rows * max(map(_column, columns), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters[:9]:
        number = number * 26 + letter - 64
    return number


def _paths(parts: dict[str, bytes]) -> dict[str, str]:
    """Return the part of each sheet, by its name."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        workbook = fromstring(parts["xl/workbook.xml"])
        relations = fromstring(parts["xl/_rels/workbook.xml.rels"])
    except (KeyError, DefusedXmlException, SyntaxError, ValueError, LookupError) as error:
        raise ExemplarError(f"a workbook that can't be read: {one_line(error)}") from error
    targets = {each.get("Id", ""): each.get("Target", "") for each in relations}
    sheets = [each for each in workbook.iter() if str(each.tag).rpartition("}")[2] == "sheet"]
    return {
        each.get("name", ""): posixpath.normpath(posixpath.join("/xl", targets.get(each.get(_RELATION, ""), "")))[1:]
        for each in sheets
    }
