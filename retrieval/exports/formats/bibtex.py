"""Exports as BibTeX: the verdict is an annotation, which no style prints and reference managers show as a note."""

import re
from collections.abc import Iterator
from pathlib import Path

from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.csv_file import as_text
from exemplar.retrieval.exports.formats.references import References, without_own_notes

NOTES = "annote"
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
_BRACES = str.maketrans({"{": "%7B", "}": "%7D"})


def write_bibtex(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows as entries of BibTeX, whose keys are the ids of the file, or those of Exemplar.

    Columns whose names can be those of a field are fields; ``unwritten_columns`` has the others.
    """
    references, keys = References.of(export), set[str]()
    with path.open("x", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
        for row in rows:
            kind = " ".join(references.texts(row, "type")).casefold()
            file.write(f"@{kind if _NAME.fullmatch(kind) else 'misc'}{{{_key(row, references, keys)},\n")
            file.writelines(f"  {name} = {{{text}}},\n" for name, text in _fields(row, references))
            file.write("}\n\n")


def unwritten_columns(export: Export) -> tuple[str, ...]:
    """Return the columns of an export for which BibTeX has no place."""
    return tuple(name for name in References.of(export).others if not _NAME.fullmatch(name))


def _fields(row: Row, references: References) -> Iterator[tuple[str, str]]:
    for field, name in _NAMES.items():
        texts = references.texts(row, field)
        if field == "authors":
            yield from ((name, " and ".join(map(_person, texts))) for _ in texts[:1])
        elif texts:
            between = " " if field == "url" else "; "
            yield name, _encoded(name, between.join(texts))
    for name in references.others:
        text = as_text(row[name]).strip() if row.get(name) is not None and _NAME.fullmatch(name) else ""
        if name.casefold() == NOTES:
            text = without_own_notes(text)
        if text and name.casefold() not in _NAMES.values():
            yield name, _encoded(name.casefold(), text)
    if note := references.note(row):
        yield NOTES, _encoded(NOTES, note)


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
    return text.translate(_BRACES) if name in _VERBATIM else text.translate(_ENCODED)
