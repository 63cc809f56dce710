"""Exports as RIS, which Zotero, EndNote and Rayyan read: the verdict is a note."""

import re
from collections.abc import Iterator
from pathlib import Path

from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.csv_file import as_text
from exemplar.retrieval.exports.formats.references import References, without_own_notes

NOTES = "N1"
_TAGS = {
    "title": "TI",
    "abstract": "AB",
    "authors": "AU",
    "year": "PY",
    "journal": "T2",
    "doi": "DO",
    "keywords": "KW",
    "url": "UR",
    "id": "ID",
}
_TAG = re.compile(r"[A-Z][A-Z0-9]")
_TYPE = re.compile(r"[A-Z]{3,7}")
_TYPES = {
    name: kind
    for kind, names in {
        "JOUR": "article, journal article, journalarticle",
        "CONF": "inproceedings, conference, conferencepaper, conference paper",
        "BOOK": "book",
        "CHAP": "incollection, inbook, booksection, book section",
        "THES": "phdthesis, mastersthesis, thesis",
        "RPRT": "techreport, report",
    }.items()
    for name in names.split(", ")
}
_VALUES = re.compile(r"(?<!\n)\n(?!\n)")  # a gap of a line parts paragraphs, a break alone values


def write_ris(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows as RIS.

    Columns with the name of a tag, as files of RIS have them, are written as this tag; ``unwritten_columns`` has those
    for which RIS has no place.
    """
    references = References.of(export)
    with path.open("x", encoding="utf-8", newline="\r\n", errors="backslashreplace") as file:
        for row in rows:
            file.writelines(f"{line}\n" for line in _record(row, references))


def unwritten_columns(export: Export) -> tuple[str, ...]:
    """Return the columns of an export for which RIS has no place."""
    return tuple(name for name in References.of(export).others if not _TAG.fullmatch(name))


def _record(row: Row, references: References) -> Iterator[str]:
    kind = " ".join(references.texts(row, "type"))
    usual = "JOUR" if references.texts(row, "journal") else "GEN"
    yield f"TY  - {kind if _TYPE.fullmatch(kind) else _TYPES.get(kind.casefold(), usual)}"
    if kind and not _TYPE.fullmatch(kind):
        yield from _lines("M3", kind)
    for field, tag in _TAGS.items():
        if tag == "T2" and row.get("T2"):
            tag = "JF"  # the file has both, and a reader would take one of two T2
        for text in references.texts(row, field):
            yield from _lines(tag, text)
    for name in references.others:
        if _TAG.fullmatch(name) and row.get(name) is not None:
            text = as_text(row[name])
            yield from _lines(name, without_own_notes(text) if name == NOTES else text)
    yield from _lines(NOTES, references.note(row))
    yield "ER  - "
    yield ""


def _lines(tag: str, text: str) -> Iterator[str]:
    """Yield the lines of a tag: a tag for each value, and its paragraphs behind blank lines."""
    for value in _VALUES.split(text.replace("\r\n", "\n").replace("\r", "\n")):
        paragraphs = [paragraph for part in value.split("\n") if (paragraph := " ".join(part.split()))]
        yield from (f"{tag}  - {first}" for first in paragraphs[:1])
        for paragraph in paragraphs[1:]:
            yield from ("", f"      {paragraph}")
