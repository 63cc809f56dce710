"""Libraries that EndNote exports as XML, read record by record."""

from collections.abc import Collection, Iterator
from typing import Any

from exemplar.data.bibliographies.fields import columns_of, record_row
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table
from exemplar.data.files.xml_stream import elements

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


def endnote_xml_table(file: File) -> Table:
    """Return a library of EndNote as a table with the columns of ``fields.FIELDS``."""

    def rows(needed: Collection[str] = ()) -> Iterator[Row]:
        return map(_endnote_row, elements(file, "record"))

    columns = columns_of(rows())
    if not columns:
        raise ExemplarError("it has no element <record> with content")
    return Table(columns, rows)


def _endnote_row(element: Any) -> dict[str, str]:
    def texts(path: str) -> list[str]:
        return ["".join(found.itertext()) for found in element.findall(path)]

    fields = {name: next((found for path in paths if any(found := texts(path))), []) for name, paths in _PATHS.items()}
    kind = element.find("ref-type")
    fields["type"] = [kind.get("name", "")] if kind is not None else []
    notes = [text for path in ("notes", "research-notes", "custom1") for text in texts(path)]
    return record_row(fields, notes)
