"""XML files of records, read as a stream: dumps of Stack Exchange, and libraries of EndNote."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.readers.bibliography import FIELDS, record_row
from exemplar.data.readers.file import File
from exemplar.data.readers.html import html_text
from exemplar.data.readers.table import Row, Table, check_names
from exemplar.data.text import one_line

_N_FIRST = 1000  # records whose fields are the columns
_HTML = frozenset({"Body", "Text", "AboutMe"})  # columns of Stack Exchange
_TAGS = re.compile(r"[<|]([^<>|]+)(?=[>|])")
_PATHS = {  # of EndNote
    "title": ("titles/title",),
    "abstract": ("abstract",),
    "authors": ("contributors/authors/author",),
    "year": ("dates/year",),
    "journal": ("periodical/full-title", "titles/secondary-title"),
    "doi": ("electronic-resource-num",),
    "keywords": ("keywords/keyword",),
    "url": ("urls/related-urls/url", "urls/web-urls/url"),
    "id": ("rec-number", "accession-num"),
}


def stack_exchange_table(file: File) -> Table:
    """Return a dump of Stack Exchange as a table: a row an element, its attributes the columns, HTML as text."""
    return _table(file, "row", _stack_exchange_row)


def endnote_xml_table(file: File) -> Table:
    """Return a library of EndNote as a table with the columns of ``bibliography.FIELDS``."""
    return _table(file, "record", _endnote_row)


def _table(file: File, element: str, row_of: Any) -> Table:
    columns: dict[str, None] = {}
    for row in itertools.islice(_rows(file, element, row_of), _N_FIRST):
        columns |= dict.fromkeys(row if not isinstance(row, Problem) else ())
        check_names(len(columns), sum(map(len, columns)))
    if not columns:
        raise ExemplarError(f"it has no element <{element}> with content")
    first = [name for name in FIELDS if name in columns]
    return Table(
        (*first, *(name for name in columns if name not in first)), lambda needed: _rows(file, element, row_of)
    )


def _rows(file: File, element: str, row_of: Any) -> Iterator[Row | Problem]:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    with file.open() as opened:
        number = 0
        try:
            parents: list[Any] = []
            for event, found in iterparse(opened, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    parents.append(found)
                    continue
                parents.pop()
                if found.tag == element:
                    yield row_of(found)
                    number += 1
                    if parents:
                        parents[-1].remove(found)  # what was read is not kept
        except DefusedXmlException as error:
            raise ExemplarError("it declares entities, which no such file needs") from error
        except SyntaxError as error:  # that of the parser
            raise ExemplarError(f"broken XML after {number:,} records: {one_line(error)}") from error


def _stack_exchange_row(element: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict(element.attrib)
    for name in _HTML.intersection(row):
        row[name] = html_text(row[name])
    if "Tags" in row:
        row["Tags"] = _TAGS.findall(row["Tags"])
    return row


def _endnote_row(element: Any) -> dict[str, str]:
    def texts(path: str) -> list[str]:
        return ["".join(found.itertext()) for found in element.findall(path)]

    fields = {name: next((found for path in paths if any(found := texts(path))), []) for name, paths in _PATHS.items()}
    kind = element.find("ref-type")
    fields["type"] = [kind.get("name", "")] if kind is not None else []
    notes = [text for path in ("notes", "research-notes", "custom1") for text in texts(path)]
    return record_row(fields, notes)
