"""The rows of an export as references: which columns are a title, an abstract, authors, and so on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exemplar.data.bibliographies.exported_note import read_note, written_note
from exemplar.data.bibliographies.people import people_in
from exemplar.data.files.usual_names import TITLE_COLUMNS, plain_name
from exemplar.data.tabular.own_columns import own_column
from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.csv_file import as_text
from exemplar.retrieval.exports.formats.details import Tags, tags_of

# Usual names of columns, the most telling first; those of ``fields.FIELDS``, as bibliographies are read, come first.
_USUAL: Mapping[str, Sequence[str]] = {
    "id": ("id", "accession number", "pmid", "eid", "ut (unique wos id)", "paperid", "record id"),
    "title": ("title", "primary title", *TITLE_COLUMNS),
    "abstract": ("abstract", "abstract note", "abstract text", "text", "content", "description", "body"),
    "authors": ("authors", "author", "author full names", "creators", "creator"),
    "year": ("year", "publication year", "pubyear", "date", "published"),
    "journal": ("journal", "source title", "journal/book", "journal name", "publication title", "venue", "booktitle"),
    "doi": ("doi",),
    "keywords": ("keywords", "author keywords", "keyword"),
    "url": ("url", "urls", "link", "fulltext", "web address"),
    "type": ("type", "document type", "item type", "publication type"),
}
_OWN = ("mark", "mark_state", "note", "reason", "reader", "marked", "doc_id", "text_hash")
_NOTES = frozenset({"n1", "%z", "note", "annote", "notes"})
# What the reader of bibliographies makes of notes, which are written again as they are.
_FROM_NOTES = re.compile(r"decision|asreview_\w+")
_TYPE_OF_RIS = re.compile(r"[A-Z]{3,7}")
_BETWEEN_KEYWORDS = re.compile(r"\s*[;\n]\s*")


@dataclass(frozen=True, slots=True)
class References:
    """How the columns of an export become the fields of references.

    Attributes
    ----------
    fields
        The column of each field: id, title, abstract, authors, year, journal, doi, keywords, url and type.
    others
        The other columns of the source.
    """

    fields: Mapping[str, str]
    others: tuple[str, ...]
    own: Mapping[str, str]
    lists: tuple[str, ...]

    @classmethod
    def of(cls, export: Export) -> "References":
        """Return how the columns of an export become fields."""
        columns = [name for name in export.columns if name not in export.own]
        known = {plain_name(name): name for name in reversed(columns)}
        roles = {"id": export.roles.id, "title": export.roles.title, "abstract": export.roles.text}
        fields: dict[str, str] = {}
        for field, usual in _USUAL.items():
            named = [known.get(plain_name(name)) for name in usual]
            # A column called as the field is it; then what the corpus takes for it, whatever its name.
            found = next(filter(None, (named[0], roles.get(field), *named[1:])), None)
            if found is not None and found not in fields.values():
                fields[field] = found
        others = tuple(each for each in columns if each not in fields.values() and not _FROM_NOTES.fullmatch(each))
        own = {name: column for name in _OWN if (column := own_column(name, export.columns)) in export.own and column}
        lists = tuple(name for name in export.own if name.split("_")[-1] in ("rank", "score", "passes"))
        return cls(fields, others, own, lists)

    def texts(self, row: Row, field: str) -> list[str]:
        """Return the values of a field: of authors and keywords each, of others all in one; empty ones are left out."""
        value = row.get(self.fields.get(field, ""))
        if isinstance(value, list) and field in ("authors", "keywords"):
            return [text for each in value if (text := _text(each))]
        text = _text(value)
        if field == "authors":
            return people_in(text)
        if field == "keywords":
            return [each for each in _BETWEEN_KEYWORDS.split(text) if each]
        return text.split() if field == "url" else [text] if text else []

    def cells(self, row: Row) -> dict[str, str]:
        """Return the other cells of a row that are not blank, without the notes of earlier exports."""
        found = {name: _text(row.get(name)) for name in self.others}
        found |= {name: without_own_notes(found[name]) for name in found if plain_name(name) in _NOTES}
        return {name: text for name, text in found.items() if text}

    def tags(self, row: Row) -> Tags:
        """Return whose tags the columns of a row are, if they are tags; a corpus may be of several files."""
        if _TYPE_OF_RIS.fullmatch(" ".join(self.texts(row, "type"))):
            return "ris"
        own = tags_of(self.cells(row))
        return tags_of(self.others) if own == "ris" else own

    def note(self, row: Row) -> str:
        """Return the note with what Exemplar knows of a row; empty for one that it left out."""
        values = {name: _text(row.get(column)) for name, column in self.own.items()}
        if not any(values.values()):
            return ""
        return written_note(values, {name: _text(row.get(name)) for name in self.lists})


def without_own_notes(text: str) -> str:
    """Return notes, a line each, without those of earlier exports."""
    return "\n".join(line for line in text.split("\n") if read_note(line) is None)


def _text(value: Any) -> str:
    return "" if value is None or value != value else as_text(value).strip()
