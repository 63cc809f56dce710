"""Exports as BibTeX: the verdict is an annotation, which no style prints and reference managers show as a note."""

import re
from collections.abc import Iterator
from pathlib import Path

from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.csv_file import as_text
from exemplar.retrieval.exports.formats.references import References, without_own_notes

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
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")
# Zotero discards an entry of a type that it does not know.
_KNOWN = (
    "article, book, booklet, collection, conference, dataset, electronic, inbook, incollection, inproceedings, manual, "
    "mastersthesis, misc, online, patent, phdthesis, proceedings, software, techreport, unpublished, www"
)
_OTHER_NAMES = {  # of RIS and Zotero
    "article": "jour, jfull, mgzn, news, ejour, journal article, journalarticle",
    "book": "ebook, edbook",
    "incollection": "chap, echap, booksection, book section",
    "inproceedings": "conf, cpaper, conferencepaper, conference paper",
    "phdthesis": "thes, thesis",
    "techreport": "rprt, report",
    "unpublished": "unpb",
}
_TYPES = {name: name for name in _KNOWN.split(", ")}
_TYPES |= {name: kind for kind, names in _OTHER_NAMES.items() for name in names.split(", ")}
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

    Columns whose names can be those of a field are fields; ``unwritten_columns`` has the others.
    """
    references, keys = References.of(export), set[str]()
    with path.open("x", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
        for row in rows:
            named = " ".join(references.texts(row, "type")).casefold().split(";")
            kind = next((_TYPES[each.strip()] for each in named if each.strip() in _TYPES), "misc")
            file.write(f"@{kind}{{{_key(row, references, keys)},\n")
            file.writelines(f"  {name} = {{{text}}},\n" for name, text in _fields(row, references, kind))
            file.write("}\n\n")


def unwritten_columns(export: Export) -> tuple[str, ...]:
    """Return the columns of an export for which BibTeX has no place."""
    return tuple(name for name in References.of(export).others if not _is_field(name))


def _is_field(name: str) -> bool:
    """Return whether a column can be a field of its own."""
    return bool(_NAME.fullmatch(name)) and name.casefold() not in _NAMES.values()


def _fields(row: Row, references: References, kind: str) -> Iterator[tuple[str, str]]:
    for field, name in _NAMES.items():
        texts = references.texts(row, field)
        if field == "authors":
            yield from ((name, " and ".join(map(_person, texts))) for _ in texts[:1])
        elif texts:
            between = " " if field == "url" else "; "
            if field == "journal" and kind in _IN_BOOKS and not row.get("booktitle"):
                name = "booktitle"
            yield name, _encoded(name, between.join(texts))
    noted = set()
    for name in filter(_is_field, references.others):
        text = as_text(row[name]).strip() if row.get(name) is not None else ""
        if name.casefold() in NOTES:
            text = without_own_notes(text)
            noted |= {name.casefold()} if text else set()
        if text:
            yield name, _encoded(name.casefold(), text)
    if note := references.note(row):
        field = next((each for each in NOTES if each not in noted), NOTES[0])
        yield field, _encoded(field, note)


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
    if name in _VERBATIM:
        return text.translate(_BRACES)
    return _LIGATURE.sub(r"\1{}", text.translate(_ENCODED))
