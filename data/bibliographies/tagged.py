"""Bibliographies whose lines begin with tags: RIS, MEDLINE, Web of Science and EndNote; read record by record.

A byte order mark or a missing end of the last record loses nothing, and all tags count as often as they occur.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exemplar.data.bibliographies.fields import columns_of, record_row
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row

_MOST_RECORD = 2**24  # characters
_END = "ER"


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How the lines of a format are tagged.

    Attributes
    ----------
    title
        What people call it.
    start
        The tag that begins a record.
    tag
        Matches the beginning of a line with a tag, the only group.
    fields
        The tags that a column of ``fields.FIELDS`` is read from, the most telling first.
    notes
        The tag of notes, in which programs for screening leave decisions.
    a_line_each
        Tags whose further lines are further values.
    """

    title: str
    start: str
    tag: re.Pattern[str]
    fields: Mapping[str, tuple[str, ...]]
    notes: str = ""
    a_line_each: frozenset[str] = frozenset()


_DIALECTS = {
    "ris": _Dialect(
        "RIS",
        "TY",
        re.compile(r"([A-Z][A-Z0-9])  ?-(?: |$)"),
        {
            "title": ("TI", "T1", "CT", "BT"),
            "abstract": ("AB", "N2"),
            "authors": ("AU", "A1"),
            "year": ("PY", "Y1", "DA"),
            "journal": ("JO", "JF", "T2", "JA", "J2"),
            "doi": ("DO",),
            "keywords": ("KW",),
            "url": ("UR", "LK"),
            "id": ("AN", "ID"),
            "type": ("TY",),
        },
        notes="N1",
    ),
    "medline": _Dialect(
        "MEDLINE",
        "PMID",
        re.compile(r"([A-Z][A-Z0-9]{1,3}) *- "),
        {
            "title": ("TI", "BTI", "TT"),
            "abstract": ("AB", "OAB"),
            "authors": ("FAU", "AU", "CN"),
            "year": ("DP", "EDAT"),
            "journal": ("JT", "TA"),
            "doi": ("LID", "AID"),
            "keywords": ("OT", "MH"),
            "id": ("PMID",),
            "type": ("PT",),
        },
    ),
    "wos": _Dialect(
        "Web of Science",
        "PT",
        re.compile(r"([A-Z][A-Z0-9])(?: |$)"),
        {
            "title": ("TI",),
            "abstract": ("AB",),
            "authors": ("AF", "AU"),
            "year": ("PY",),
            "journal": ("SO",),
            "doi": ("DI",),
            "keywords": ("DE", "ID"),
            "id": ("UT",),
            "type": ("DT", "PT"),
        },
        a_line_each=frozenset({"AF", "AU"}),
    ),
    "endnote": _Dialect(
        "EndNote",
        "%0",
        re.compile(r"(%.)(?: |$)"),
        {
            "title": ("%T",),
            "abstract": ("%X",),
            "authors": ("%A",),
            "year": ("%D",),
            "journal": ("%J", "%B"),
            "doi": ("%R",),
            "keywords": ("%K",),
            "url": ("%U",),
            "id": ("%M", "%F"),
            "type": ("%0",),
        },
        notes="%Z",
    ),
}

TAGGED = tuple(_DIALECTS)


def tagged_table(file: File, name: str) -> Table:
    """Return a bibliography as a table; ``name`` is that of its format: ris, medline, wos or endnote.

    Columns are those of ``fields.FIELDS`` that the first 1,000 records have, then their other tags.
    """
    dialect = _DIALECTS[name]
    columns = columns_of(_rows(file, dialect))
    if not columns:
        raise ExemplarError(f"it has no record: in {dialect.title} each begins with {dialect.start}")
    return Table(columns, lambda needed: _rows(file, dialect))


def _rows(file: File, dialect: _Dialect) -> Iterator[Row | Problem]:
    known = {tag for tags in dialect.fields.values() for tag in tags}
    for record in _records(file, dialect):
        if isinstance(record, Problem):
            yield record
            continue
        line, values = record
        fields = {
            field: [text for tag in tags for text in values.get(tag, ())]
            if field in ("year", "doi")
            else next((values[tag] for tag in tags if any(map(str.strip, values.get(tag, ())))), [])
            for field, tags in dialect.fields.items()
        }
        others = {tag: texts for tag, texts in values.items() if tag not in known}
        yield placed_row(record_row(fields | others, values.get(dialect.notes, ())), line)


def _records(file: File, dialect: _Dialect) -> Iterator[tuple[int, dict[str, list[str]]] | Problem]:
    """Yield the line on which each record begins, and the values of its tags."""
    values: dict[str, list[str]] | None = None
    begins = number = n_characters = 0
    last: list[str] | None = None
    last_tag = ""
    with file.open() as opened:
        for line in decoded_lines(opened, file.name):
            if isinstance(line, Problem):
                yield line
                continue
            number += 1
            match = dialect.tag.match(line)
            tag = match[1] if match else None
            if tag in (dialect.start, _END):
                if values:
                    yield begins, values
                values, last = None, None
            if tag == dialect.start:
                values, begins, n_characters = {}, number, 0
            if values is None:
                continue
            n_characters += len(line)
            if n_characters > _MOST_RECORD:
                raise ExemplarError(
                    f"the record that begins on line {begins} has more than {_MOST_RECORD:,} characters"
                )
            if match is not None:
                last_tag, last = match[1], values.setdefault(match[1], [])
                last.append(line[match.end() :].strip())
            elif last is not None and line.strip():
                if last_tag in dialect.a_line_each:
                    last.append(line.strip())
                else:
                    last[-1] = f"{last[-1]} {line.strip()}".lstrip()
    if values:
        yield begins, values
