"""Bibliographies whose lines begin with tags, read record by record.

A byte order mark or a missing end of the last record loses nothing, and all tags count as often as they occur.
"""

from collections.abc import Iterator
from typing import NamedTuple

from exemplar.data.bibliographies.dialects import DIALECTS, Dialect
from exemplar.data.bibliographies.fields import columns_of, record_row
from exemplar.data.documents import Problem
from exemplar.data.files.encodings import decoded_lines, numbered_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row

_MOST_RECORD = 2**24  # characters
_OTHER_ABSTRACT = "a second abstract, in another language, is the column {}"

TAGGED = tuple(DIALECTS)


def tagged_table(file: File, name: str) -> Table:
    """Return a bibliography as a table; ``name`` is that of its format: ris, medline, wos or endnote.

    Columns are those of ``fields.FIELDS`` that the first 1,000 records have, then their other tags.

    Raises
    ------
    ExemplarError
        It has no record.
    """
    dialect = DIALECTS[name]
    start = " or ".join(dialect.starts)
    columns = columns_of(_rows(file, dialect), f"it has no record: in {dialect.title} each begins with {start}")
    return Table(columns, lambda needed: _rows(file, dialect))


def _rows(file: File, dialect: Dialect) -> Iterator[Row | Problem]:
    for record in _records(file, dialect):
        if isinstance(record, Problem):
            yield record
            continue
        values = {tag: ["".join(parts) for parts in texts] for tag, texts in record.values.items()}
        if values.get("AB") and values.get(dialect.second_abstract):
            reason = _OTHER_ABSTRACT.format(dialect.second_abstract)
            yield Problem(file.at(f"line {record.line}"), reason, left_out=False)
        yield placed_row(record_row(values, dialect.roles, values.get(dialect.notes, ())), record.line)


class _Record:
    """The values of a record by their tags, each as the parts of its text."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.values: dict[str, list[list[str]]] = {}
        self.n_characters = 0
        self._tag = ""

    def add(self, line: "_Line", a_line_each: frozenset[str]) -> None:
        """Add a line: a value of its tag; without a tag more of the value before it, as a paragraph after a gap."""
        self.n_characters += len(line.text) + 1
        if line.tag is not None:
            self._tag = line.tag
            self.values.setdefault(line.tag, []).append([line.text])
        elif self._tag in a_line_each:
            self.values[self._tag].append([line.text])
        else:
            parts = self.values[self._tag][-1]
            parts += (("\n\n" if line.after_gap else " "), line.text) if parts[0] else (line.text,)


class _Line(NamedTuple):
    """A line that is not blank, without its tag."""

    number: int
    tag: str | None
    text: str
    after_gap: bool


def _records(file: File, dialect: Dialect) -> Iterator[_Record | Problem]:
    """Yield the records of a file; one without its first or last line is a record too."""
    record: _Record | None = None
    starts, is_skipping = dialect.starts, False
    for line in _lines(file, dialect):
        if isinstance(line, Problem):
            yield line
            continue
        is_start = line.tag in starts
        if is_start or line.tag in dialect.end:
            if record is not None:
                yield record
            record, is_skipping = None, False
        if line.tag in dialect.end or is_skipping or (record is None and line.tag is None):
            continue
        if is_start and line.tag:
            starts = (line.tag,)
        record = record or _Record(line.number)
        record.add(line, dialect.a_line_each)
        if record.n_characters > _MOST_RECORD:
            where, reason = file.at(f"line {record.line}"), f"a record of more than {_MOST_RECORD:,} characters"
            yield Problem(where, reason, True, {}, file.name, record.line)
            record, is_skipping = None, True
    if record is not None:
        yield record


def _lines(file: File, dialect: Dialect) -> Iterator[_Line | Problem]:
    gap, pattern = False, dialect.tag
    with file.open() as opened:
        for each in numbered_lines(decoded_lines(opened, file.name, file.options.encoding)):
            if isinstance(each, Problem):
                yield each
                continue
            number, line = each
            text = line.lstrip("\ufeff").rstrip()
            if not text:
                gap = True
                continue
            if dialect.odd_start is not None and dialect.odd_start.match(text):
                pattern = dialect.tag if dialect.tag.match(text) else dialect.odd_tag
            match = pattern.match(text)
            if match is None and dialect.numbering is not None and dialect.numbering.match(text):
                continue
            if match is None:
                yield _Line(number, None, text.strip(), gap)
            elif (tag := match[match.lastindex or 0]) not in dialect.ignored:
                yield _Line(number, tag, text[match.end() :].strip(), gap)
            gap = False
