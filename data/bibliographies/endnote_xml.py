"""Libraries that EndNote exports as XML, read record by record."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from exemplar.data.bibliographies.fields import columns_of, record_row
from exemplar.data.bibliographies.readable_xml import ReadableXml
from exemplar.data.documents import Problem
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table
from exemplar.data.files.xml_stream import elements

_ROLES = {
    "id": ("rec-number",),
    "title": ("title",),
    "abstract": ("abstract",),
    "authors": ("author",),
    "year": ("year", "date"),
    "journal": ("full-title", "secondary-title", "abbr-1"),
    "doi": ("electronic-resource-num",),
    "keywords": ("keyword",),
    "url": ("url",),
    "type": ("ref-type",),
}
_GROUPS = frozenset(
    (
        *("titles", "periodical", "alt-periodical", "keywords", "dates", "pub-dates", "copyright-dates"),
        *("contributors", "urls", "related-urls", "web-urls", "text-urls"),
    )
)
_PEOPLE = {"authors": "author", "secondary-authors": "editor"}  # other groups of people go by their own name
_DEEPEST = 5  # elements within each other
_NOTES = ("notes", "research-notes", "custom1")
_LEFT_OUT = frozenset(  # of the library and its attachments, not of the record
    ("database", "source-app", "foreign-keys", "pdf-urls", "image-urls", "modified-date", "added-date")
)


def endnote_xml_table(file: File) -> Table:
    """Return a library of EndNote as a table with the columns of ``fields.FIELDS``, then its other fields.

    Raises
    ------
    ExemplarError
        It has no record, or is no XML, or a record is too large.
    """
    columns = columns_of(_rows(file), "it has no element <record> with content")
    return Table(columns, lambda needed: _rows(file))


def _rows(file: File) -> Iterator[Row | Problem]:
    readable = ReadableXml(file)
    for element in elements(replace(file, open=readable.open), "record"):
        readable.begin_record()
        yield _row(element)
    if readable.n_removed:
        yield Problem(file.name, "control characters, which XML does not allow, are left out", left_out=False)


def _row(element: Any) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    for name, text in _texts(element):
        values.setdefault(name, []).append(text)
    return record_row(values, _ROLES, [text for name in _NOTES for text in values.get(name, ())])


def _texts(element: Any, depth: int = 1) -> Iterator[tuple[str, str]]:
    """Yield the fields of a record and their texts, in which pieces of other styles are joined."""
    for field in element:
        if field.tag in _GROUPS and depth < _DEEPEST:
            yield from _texts(field, depth + 1)
        elif field.tag.endswith("authors"):
            for person in field:
                yield _PEOPLE.get(field.tag, field.tag), _text(person)
        elif field.tag == "ref-type":
            yield field.tag, field.get("name") or _text(field)
        elif field.tag not in _LEFT_OUT:
            yield field.tag, _text(field)


def _text(element: Any) -> str:
    return "".join(element.itertext()).replace("\r\n", "\n").replace("\r", "\n").strip()
