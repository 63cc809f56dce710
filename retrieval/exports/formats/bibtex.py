"""Exports as BibTeX: the verdict is an annotation, which no style prints and reference managers show as a note."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from exemplar.data.bibliographies.people import people_in
from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.details import (
    Details,
    dashed_pages,
    detail_of,
    details_of,
    is_misleading,
    tags_of,
)
from exemplar.retrieval.exports.formats.references import References

NOTES = ("annote", "note", "notes")  # fields for the verdict: the first one that the entry does not have itself
_NAMES = {
    "title": "title",
    "abstract": "abstract",
    "authors": "author",
    "year": "year",
    "journal": "journal",
    "doi": "doi",
    "keywords": "keywords",
    "url": "url",
}
_VERBATIM = frozenset({"doi", "url", "file", "eprint"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# Zotero discards an entry of a type that it does not know.
_KNOWN = (
    "article, book, booklet, collection, conference, dataset, electronic, inbook, incollection, inproceedings, manual, "
    "mastersthesis, misc, online, patent, phdthesis, proceedings, software, techreport, unpublished, www"
)
_OTHER_NAMES = {  # of RIS and Zotero
    "article": "jour, jfull, mgzn, news, ejour, journal article, journalarticle, j",
    "book": "ebook, edbook, b",
    "incollection": "chap, echap, booksection, book section",
    "inproceedings": "conf, cpaper, conferencepaper, conference paper",
    "phdthesis": "thes, thesis",
    "techreport": "rprt, report",
    "unpublished": "unpb",
}
_KNOWN_TYPES = frozenset(_KNOWN.split(", "))
_TYPES = {name: name for name in _KNOWN_TYPES}
_TYPES |= {name: kind for kind, names in _OTHER_NAMES.items() for name in names.split(", ")}
_OF_RIS = {  # the types of RIS that say no more than those of BibTeX
    "article": "JOUR", "inproceedings": "CONF", "book": "BOOK", "incollection": "CHAP", "phdthesis": "THES",
    "techreport": "RPRT",
    "mastersthesis": "THES", "conference": "CONF", "inbook": "CHAP",
}  # fmt: skip
_PUBLISHERS = {"phdthesis": "school", "mastersthesis": "school", "techreport": "institution"}
_IN_BOOKS = frozenset({"inproceedings", "conference", "incollection", "inbook"})
_NOT_OF_KEYS = re.compile(r"[^\w:./+-]+")
_SPECIAL = {
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "{": "\\textbraceleft{}",
    "}": "\\textbraceright{}",
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
_ENCODED = str.maketrans(_SPECIAL)
_LIGATURE = re.compile("([-'`])(?=\\1)")  # TeX makes dashes and quotes of two
_BRACES = str.maketrans({"{": "%7B", "}": "%7D"})


def write_bibtex(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows as entries of BibTeX, whose keys are the ids of the file, or those of Exemplar.

    Details are fields, as are columns whose names can be those of one; ``unwritten_columns`` has the others.
    """
    references, keys = References.of(export), set[str]()
    with path.open("x", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
        for row in rows:
            file.writelines(_entry(row, references, keys))


def unwritten_columns(export: Export) -> tuple[str, ...]:
    """Return the columns of an export for which BibTeX has no place."""
    others = References.of(export).others
    tags = tags_of(others)
    return tuple(
        name for name in others if not detail_of(name, tags) and (is_misleading(name, tags) or not _is_field(name))
    )


def _is_field(name: str) -> bool:
    """Return whether a column can be a field of its own."""
    return bool(_NAME.fullmatch(name)) and name.casefold() not in _NAMES.values()


def _entry(row: Row, references: References, keys: set[str]) -> Iterator[str]:
    named, cells = " ".join(references.texts(row, "type")), references.cells(row)
    kinds = (_TYPES[each] for each in map(str.strip, named.casefold().split(";")) if each in _TYPES)
    kind = next(kinds, "article" if references.texts(row, "journal") else "misc")
    if re.fullmatch("[A-Z]{3,7}", named):  # of RIS
        first, _, rest = cells.get("M3", "").partition("\n")
        if first in _KNOWN_TYPES:  # through RIS
            kind, cells["M3"] = first, rest
        if named != _OF_RIS.get(kind, "GEN"):
            cells["ty"] = named
    yield f"@{kind}{{{_key(row, references, keys)},\n"
    fields = dict(_fields(row, references, kind, cells))
    own = [name for name in cells if _is_field(name) and (name in NOTES or (named in _KNOWN_TYPES and name.islower()))]
    others = {name: text for name, text in cells.items() if name not in own}
    details = details_of(others, " ".join(references.texts(row, "year")), references.tags(row))
    for name, text in (*_own(cells, own), *_others(details, kind)):
        if text:
            fields.setdefault(name, text)
    if note := references.note(row):
        fields[next((each for each in NOTES if each not in fields), NOTES[0])] = _encoded("note", note)
    yield from (f"  {name} = {{{text}}},\n" for name, text in fields.items())
    yield "}\n\n"


def _fields(row: Row, references: References, kind: str, cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field, name in _NAMES.items():
        texts = references.texts(row, field)
        if field == "authors":
            yield from ((name, " and ".join(map(_person, texts))) for _ in texts[:1])
        elif texts:
            between = " " if field == "url" else "; "
            if field == "journal" and kind in _IN_BOOKS and "booktitle" not in cells:
                name = "booktitle"
            elif field == "journal" and kind == "book" and not {"T3", "series"} & cells.keys():
                name = "series"
            yield name, _encoded(name, between.join(texts))


def _own(cells: Mapping[str, str], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the fields that BibTeX has, as they came."""
    for name in names:
        text = cells[name]
        if name == "editor":
            yield name, " and ".join(map(_person, people_in(text)))
        else:
            yield name, dashed_pages(text) if name == "pages" else _encoded(name, text)


def _others(details: Details, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of other cells, by what they say."""
    for name, text in _named(details.named, kind):
        yield name, text if name in ("pages", "editor") else _encoded(name, text)
    for name, text in details.others.items():
        if _is_field(name):
            yield name.casefold(), _encoded(name.casefold(), text)


def _named(named: Mapping[str, Sequence[str]], kind: str) -> Iterator[tuple[str, str]]:
    """Yield details as fields."""
    for name, values in named.items():
        if name == "first page":
            yield "pages", "--".join(map(_encoded_text, (*values, *named.get("last page", ()))))
        elif name == "last page":
            if "first page" not in named:
                yield "ep", values[0]
        elif name == "editor":
            yield name, " and ".join(map(_person, values))
        elif name == "season":
            yield "month", values[0]
        elif name == "publisher":
            yield _PUBLISHERS.get(kind, name), "; ".join(values)
        else:
            yield name, ("\n\n" if name in ("note", "affiliation") else "; ").join(values)


def _key(row: Row, references: References, keys: set[str]) -> str:
    """Return a key for an entry that no earlier one has."""
    own = row.get(references.own["doc_id"]) if "doc_id" in references.own else None
    key = _NOT_OF_KEYS.sub("_", " ".join(references.texts(row, "id")) or str(own or "row")).strip("_") or "row"
    number, free = 1, key
    while free in keys:
        number += 1
        free = f"{key}-{number}"
    keys.add(free)
    return free


def _person(name: str) -> str:
    encoded = _encoded("author", name)
    return f"{{{encoded}}}" if " and " in encoded else encoded


def _encoded(name: str, text: str) -> str:
    return text.translate(_BRACES) if name in _VERBATIM else _encoded_text(text)


def _encoded_text(text: str) -> str:
    return _LIGATURE.sub(r"\1{}", text.translate(_ENCODED))
