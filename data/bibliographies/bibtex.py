"""BibTeX, read as a whole by the library ``bibtexparser``."""

from collections.abc import Iterator
from typing import Any

from exemplar.data.bibliographies.fields import columns_of, record_row
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.encodings import decoded_text
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row
from exemplar.data.text import one_line

_MOST_BYTES = 2**27
_NAMES = {  # of fields that are called otherwise in other bibliographies
    "author": "authors",
    "journaltitle": "journal",
    "booktitle": "journal",
    "date": "year",
    "keyword": "keywords",
    "mendeley-tags": "keywords",
}


def bibtex_table(file: File) -> Table:
    """Return a BibTeX file as a table with the columns of ``fields.FIELDS``; an entry's key is its id."""
    columns = columns_of(_rows(file))
    if not columns:
        raise ExemplarError("it has no entry, such as @article{key, title = {...}}")
    return Table(columns, lambda needed: _rows(file))


def _rows(file: File) -> Iterator[Row | Problem]:
    bibtexparser: Any = package("bibtexparser", "bib", "BibTeX files")
    from bibtexparser.middlewares import LatexDecodingMiddleware

    content = file.content()
    if len(content) > _MOST_BYTES:
        raise ExemplarError(f"it is larger than {_MOST_BYTES:,} bytes; export RIS, which is read entry by entry")
    problems, text = decoded_text(content, file.name)
    yield from problems
    try:
        library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    except Exception as error:  # the parser and its middlewares raise many kinds
        raise ExemplarError(f"BibTeX that can't be read: {one_line(error)}") from error
    for block in library.failed_blocks:
        line = (block.start_line or 0) + 1
        reason = "an entry that can't be read"
        yield Problem(file.at(f"line {line}"), reason, True, {"entry": block.raw or ""}, file.name, line)
    for entry in library.entries:
        fields: dict[str, list[str]] = {"id": [entry.key], "type": [entry.entry_type]}
        for field in entry.fields:
            name = field.key.lower()
            fields.setdefault(_NAMES.get(name, name), []).append(_value(name, str(field.value)))
        yield placed_row(record_row(fields, fields.get("note", ())), (entry.start_line or 0) + 1)


def _value(name: str, value: str) -> str:
    plain = " ".join(value.split()) if name != "abstract" else value.strip()
    return "; ".join(plain.split(" and ")) if name in ("author", "editor") else plain
