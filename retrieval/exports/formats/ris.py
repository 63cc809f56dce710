"""Exports as RIS, which Zotero, EndNote and Rayyan read: the verdict is a note."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.details import RIS, Tags, detail_of, details_of, tag_of, tags_of
from exemplar.retrieval.exports.formats.references import References

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
_TYPE = re.compile(r"[A-Z]{3,7}")
_TYPES = {
    name: kind
    for kind, names in {
        "JOUR": "article, journal article, journalarticle, j",
        "CONF": "inproceedings, conference, conferencepaper, conference paper",
        "BOOK": "book, b",
        "CHAP": "incollection, inbook, booksection, book section",
        "THES": "phdthesis, mastersthesis, thesis",
        "RPRT": "techreport, report",
    }.items()
    for name in names.split(", ")
}
_BIBTEX = {  # what BibTeX calls the types of RIS, which says no more than they do
    "JOUR": "article", "CONF": "inproceedings", "BOOK": "book", "CHAP": "incollection", "THES": "phdthesis",
    "RPRT": "techreport",
}  # fmt: skip
_IN_BOOKS = frozenset({"CHAP", "CONF", "CPAPER", "ECHAP"})  # whose editors are A2
_VALUES = re.compile(r"(?<!\n)\n(?!\n)")  # a gap of a line parts paragraphs, a break alone values


def write_ris(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows as RIS.

    Columns with the name of a tag, as files of RIS have them, are written as this tag, and details as that of their
    kind; ``unwritten_columns`` has those for which RIS has no place.
    """
    references = References.of(export)
    with path.open("x", encoding="utf-8", newline="\r\n", errors="backslashreplace") as file:
        for row in rows:
            file.writelines(f"{line}\n" for line in _record(row, references))


def unwritten_columns(export: Export) -> tuple[str, ...]:
    """Return the columns of an export for which RIS has no place."""
    others = References.of(export).others
    tags = tags_of(others)
    return tuple(name for name in others if not (detail_of(name, tags) or tag_of(name, tags)))


def _record(row: Row, references: References) -> Iterator[str]:
    named, cells = " ".join(references.texts(row, "type")), references.cells(row)
    usual = "JOUR" if references.texts(row, "journal") else "GEN"
    kept = cells.pop("ty") if _TYPE.fullmatch(cells.get("ty", "")) else named  # through BibTeX
    kind = kept if _TYPE.fullmatch(kept) else _TYPES.get(named.casefold(), usual)
    yield f"TY  - {kind}"
    if kept == named and named not in (kind, _BIBTEX.get(kind, "misc")):
        yield from _lines("M3", named)
    for field, tag in _TAGS.items():
        if tag == "T2" and cells.get("T2"):
            tag = "JF"  # the file has both, and a reader would take one of two T2
        texts = references.texts(row, field)
        if field == "keywords" and len(texts) == 1 and named.isalpha() and named.islower():  # of BibTeX
            texts = [text for each in texts[0].split(",") if (text := each.strip())]
        for text in texts:
            yield from _lines(tag, text)
    yield from _others(cells, " ".join(references.texts(row, "year")), kind, references.tags(row))
    yield from _lines(NOTES, references.note(row))
    yield "ER  - "
    yield ""


def _others(cells: Mapping[str, str], year: str, kind: str, tags: Tags) -> Iterator[str]:
    """Yield the lines of other cells: those of RIS as they came, others by the tags of what they say."""
    own = {name: tag for name in cells if (tag := tag_of(name, tags)) and (tags == "ris" or not detail_of(name, tags))}
    for name, tag in own.items():
        yield from _lines(tag, cells[name])
    details = details_of({name: text for name, text in cells.items() if name not in own}, year, tags)
    for name, values in _tagged(details.named, year):
        tag = "ED" if name == "editor" and kind not in _IN_BOOKS else RIS[name]
        for value in values:
            yield from _lines(tag, value)


def _tagged(named: Mapping[str, Sequence[str]], year: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield details by their names in ``RIS``."""
    for name, values in named.items():
        if name in ("issn", "isbn"):
            yield "serial", values
        elif name in ("date", "urldate"):
            year, month, day = (*values[0].split("-"), "", "")[:3]
            yield name, [f"{year}/{month}/{day}/"]
        elif name == "season":
            yield "date", [f"{year}///{values[0]}"]
        else:
            yield name, values


def _lines(tag: str, text: str) -> Iterator[str]:
    """Yield the lines of a tag: a tag for each value, and its paragraphs behind blank lines."""
    for value in _VALUES.split(text.replace("\r\n", "\n").replace("\r", "\n")):
        paragraphs = [paragraph for part in value.split("\n") if (paragraph := " ".join(part.split()))]
        yield from (f"{tag}  - {first}" for first in paragraphs[:1])
        for paragraph in paragraphs[1:]:
            yield from ("", f"      {paragraph}")
