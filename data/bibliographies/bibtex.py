"""BibTeX, split into entries by the library ``bibtexparser``; what it refuses is a problem, or is put right here."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from exemplar.data.bibliographies.fields import columns_of, record_row
from exemplar.data.bibliographies.latex import plain_text_of
from exemplar.data.bibliographies.people import joined_people
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row
from exemplar.data.text import one_line

_MOST_BYTES = 2**26
_MOST_ENTRIES = 200_000
_MOST_EQUALS = 4_000_000  # about as many as fields
_MOST_JOINED = 10_000_000  # characters of an expression, which may repeat names that repeat names
_NO_ENTRY = "it has no entry, such as @article{key, title = {...}}"
_BROKEN = "an entry whose braces or quotes do not match, or that lacks a comma or an equals sign"
_OUTSIDE = "fields behind the closing brace of an entry are left out; a brace too many stands before them"
_REPEATED = "a field occurs twice; its other values are kept as another column"

_ROLES = {
    "id": ("key of the entry",),
    "title": ("title",),
    "abstract": ("abstract",),
    "authors": ("author",),
    "year": ("year", "date"),
    "journal": ("journal", "journaltitle", "booktitle"),
    "doi": ("doi",),
    "keywords": ("keywords", "keyword", "author_keywords", "mendeley-tags"),
    "url": ("url",),
    "type": ("type of the entry",),
}
_URL = re.compile(r"\\url\s*\{([^{}]*)\}")
_VERBATIM = frozenset({"doi", "url", "file", "eprint"})  # fields in which % and ~ are letters
_NOT_INHERITED = frozenset({"title", "booktitle", "crossref", "abstract", "doi", "url", "note", "keywords"})

_ENTRY = re.compile(r"@\w*[ \t]*[{(]")
_EXPRESSION = re.compile(r'\\.|[{}"#]', re.DOTALL)
_BETWEEN_PEOPLE = re.compile(r"\\.|[{}]|(?<=\s)and(?=\s)", re.DOTALL | re.IGNORECASE)
_FIELD = re.compile(r'(?m)^[ \t]*,?[ \t]*[A-Za-z][\w-]{0,50}[ \t]*=[ \t]*["{\w]')
_ESCAPED = re.compile(r"\\([%&_#$~{}])")


def bibtex_table(file: File) -> Table:
    """Return a BibTeX file as a table with the columns of ``fields.FIELDS``; an entry's key is its id.

    Raises
    ------
    ExemplarError
        It has no entry, too many, or more than 64 MB.
    """
    return Table(columns_of(_rows(file), _NO_ENTRY), lambda needed: _rows(file))


def _rows(file: File) -> Iterator[Row | Problem]:
    blocks, problems = _blocks(file)
    yield from problems
    strings: dict[str, str] = {}
    parents = {entry.key.lower(): entry for entry in map(_entry_in, blocks) if entry is not None}
    for block in blocks:
        line = (block.start_line or 0) + 1
        entry = _entry_in(block)
        if entry is not None:
            yield from _entry_rows(entry, parents, strings, file, line)
        elif type(block).__name__ == "String":
            strings[block.key.lower()] = _evaluated(block.value, strings)
        elif type(block).__name__ == "ImplicitComment":
            if _FIELD.search(block.comment):
                yield Problem(file.at(f"line {line}"), _OUTSIDE, False, {}, file.name, line)
        elif hasattr(block, "ignore_error_block"):
            yield Problem(file.at(f"line {line}"), _BROKEN, True, {"entry": block.raw or ""}, file.name, line)


def _blocks(file: File) -> tuple[Sequence[Any], list[Problem]]:
    """Return the blocks of a file as the library splits it, and the problems of its text."""
    bibtexparser: Any = package("bibtexparser", "bib", "BibTeX files")
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # its warnings are problems here
    content = file.content()
    if len(content) > _MOST_BYTES:
        raise ExemplarError(f"it is larger than {_MOST_BYTES:,} bytes; export RIS, which is read entry by entry")
    lines = list(decoded_lines(BytesIO(content), file.name, file.options.encoding))
    text = "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n").replace("\r", "\n")
    if len(_ENTRY.findall(text)) > _MOST_ENTRIES or text.count("=") > _MOST_EQUALS:
        raise ExemplarError(f"it has more than {_MOST_ENTRIES:,} entries; export RIS, which is read entry by entry")
    try:
        library = bibtexparser.parse_string(text.replace("\ufeff", ""), parse_stack=[])
    except Exception as error:
        raise ExemplarError(f"BibTeX that can't be read: {one_line(error)}; export RIS instead") from error
    return library.blocks, [line for line in lines if isinstance(line, Problem)]


def _entry_in(block: Any) -> Any:
    """Return the entry of a block, also one that the library refuses as its key or a field occurs twice; else None."""
    for _ in range(3):  # an entry with a repeated field may have a repeated key
        if hasattr(block, "entry_type"):
            return block
        block = getattr(block, "ignore_error_block", None)
    return None


def _entry_rows(
    entry: Any, parents: Mapping[str, Any], strings: Mapping[str, str], file: File, line: int
) -> Iterator[Row | Problem]:
    values = _values(entry, strings)
    if len({field.key.lower() for field in entry.fields}) < len(entry.fields):
        yield Problem(file.at(f"line {line}"), _REPEATED, False, {}, file.name, line)
    crossref = next(iter(values.get("crossref", ())), "")
    parent = parents.get(crossref.lower()) if crossref else None
    if parent is not None and parent is not entry:
        inherited = _values(parent, strings)
        values = {name: texts for name, texts in inherited.items() if name not in _NOT_INHERITED} | values
        values.setdefault("booktitle", inherited.get("title", inherited.get("booktitle", [])))
    values = {"key of the entry": [entry.key], "type of the entry": [entry.entry_type], **values}
    notes = [_evaluated(str(field.value), strings) for field in entry.fields if field.key.lower() == "note"]
    yield placed_row(record_row(values, _ROLES, notes), line)


def _values(entry: Any, strings: Mapping[str, str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for field in entry.fields:
        name = field.key.lower()
        value = _evaluated(str(field.value), strings)
        if name == "author":
            values.setdefault(name, []).extend(map(plain_text_of, _people(value)))
            continue
        if name in _VERBATIM:
            text = _ESCAPED.sub(r"\1", _URL.sub(r"\1", value).strip().strip("{}"))
        elif name == "editor":
            text = joined_people(map(plain_text_of, _people(value)))
        else:
            text = plain_text_of(value)
        values.setdefault(name, []).append(text)
    return values


def _evaluated(expression: str, strings: Mapping[str, str]) -> str:
    """Return the value of an expression: texts in braces or quotes, and names of @string, with # between them."""
    if "#" not in expression:
        return _part(expression, strings)
    parts, begin, depth, in_quotes = [], 0, 0, False
    for match in _EXPRESSION.finditer(expression):
        depth += (match[0] == "{") - (match[0] == "}")
        in_quotes ^= match[0] == '"' and depth == 0
        if match[0] == "#" and depth == 0 and not in_quotes:
            parts.append(expression[begin : match.start()])
            begin = match.end()
    found = [_part(part, strings) for part in (*parts, expression[begin:])]
    return "".join(found) if sum(map(len, found)) <= _MOST_JOINED else expression


def _part(part: str, strings: Mapping[str, str]) -> str:
    part = part.strip()
    if len(part) > 1 and part[0] + part[-1] in ("{}", '""'):
        return part[1:-1]
    return strings.get(part.lower(), part)


def _people(value: str) -> Iterator[str]:
    """Yield the names in a value, which stand between ``and`` outside of braces."""
    begin = depth = 0
    for match in _BETWEEN_PEOPLE.finditer(value):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0 and match[0].lower() == "and":
            yield value[begin : match.start()]
            begin = match.end()
    yield value[begin:]
