"""The formats that are read, and which of them a file has: by what it begins with, else by the suffix of its name."""

import json
import mimetypes
import re
import zipfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import text_of
from exemplar.data.files.file import UNREADABLE, File
from exemplar.data.files.options import DEFAULTS, ReadOptions
from exemplar.data.tabular.delimiters import is_delimited

_HEAD = 2**16  # bytes by which a format is recognised
_FEW_LINES = 5  # that show whether a text is a table
_LONGEST_NAME = 100  # characters of a column
_MAY_BE_TEXT = ".xls"  # a suffix of workbooks that programs give to tables in text, too, so that Excel opens them
_PROSE = frozenset({"markdown"})  # such a text may begin with an example of any format
_ZIPPED = frozenset({"xlsx", "docx", "ods", "epub"})


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files.

    Attributes
    ----------
    name
        What ``--format`` takes.
    title
        What people call it.
    suffixes
        Of files that have this format if their content does not say otherwise, in lower case.
    is_table
        Whether a file has rows, each a document; else the file is one document.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    is_table: bool = True


FORMATS = (
    Format("csv", "CSV", (".csv",)),
    Format("tsv", "TSV", (".tsv", ".tab")),
    Format("jsonl", "JSON Lines", (".jsonl", ".ndjson")),
    Format("json", "JSON", (".json",)),
    Format("parquet", "Parquet", (".parquet",)),
    Format("arrow", "Arrow", (".arrow", ".feather", ".ipc")),
    Format("orc", "ORC", (".orc",)),
    Format("xlsx", "Excel", (".xlsx", ".xlsm", ".xlsb", ".xls")),
    Format("ods", "ODS", (".ods",)),
    Format("ris", "RIS", (".ris",)),
    Format("medline", "MEDLINE", (".nbib", ".medline")),
    Format("wos", "Web of Science", (".ciw",)),
    Format("endnote", "EndNote", (".enw",)),
    Format("endnote-xml", "EndNote XML", ()),
    Format("bibtex", "BibTeX", (".bib", ".bibtex")),
    Format("stackexchange", "Stack Exchange XML", ()),
    Format("xml", "XML", (".xml",)),
    Format("mbox", "mbox", (".mbox",)),
    Format("sqlite", "SQLite", (".sqlite", ".sqlite3", ".db")),
    Format("duckdb", "DuckDB", (".duckdb",)),
    Format("lance", "Lance", (".lance",)),
    Format("text", "text", (".txt", ".text"), is_table=False),
    Format("markdown", "Markdown", (".md", ".markdown", ".rst"), is_table=False),
    Format("lines", "lines", ()),
    Format("html", "HTML", (".html", ".htm", ".xhtml"), is_table=False),
    Format("email", "e-mail", (".eml", ".emlx")),
    Format("docx", "Word", (".docx",), is_table=False),
    Format("epub", "EPUB", (".epub",), is_table=False),
    Format("pdf", "PDF", (".pdf",), is_table=False),
)

BY_NAME: Mapping[str, Format] = {format.name: format for format in FORMATS}
BY_SUFFIX: Mapping[str, Format] = {suffix: format for format in FORMATS for suffix in format.suffixes}

# Suffixes of files that are not read, such as pictures and programs, and not looked at.
_OTHERS = frozenset(
    suffix
    for known in mimetypes.MimeTypes().types_map
    for suffix, kind in known.items()
    if suffix not in BY_SUFFIX and not kind.startswith("message/")
)
_DELIMITED, _SHEETS = ("csv", "tsv"), ("xlsx", "ods")
_OF_BYTES = (*_SHEETS, *("parquet", "arrow", "orc", "lance", "duckdb", "docx", "epub", "pdf", "email", "mbox"))
_CHOICES: Mapping[str, tuple[Collection[str], str]] = {  # the formats that each is about, and why no other is
    "delimiter": (_DELIMITED, "has no delimiter to choose"),
    "no_header": ((*_DELIMITED, *_SHEETS), "has no header to leave out"),
    "skip_lines": ((*_DELIMITED, *_SHEETS), "has no lines to skip above a header"),
    "table": (("json", "jsonl", *_SHEETS, "sqlite", "duckdb"), "holds one table alone, so none can be chosen"),
    "lines": (("lines",), "is not read line by line"),
    "encoding": ([each.name for each in FORMATS if each.name not in _OF_BYTES], "says its encoding itself"),
}
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"ARROW1\0\0", "arrow"),
    (b"SQLite format 3\0", "sqlite"),
)
_WORDS = (  # with their places; a text may have them there too
    (0, b"PAR1", "parquet"),
    (0, b"FEA1", "arrow"),
    (0, b"ORC", "orc"),
    (8, b"DUCK", "duckdb"),
)
_MOST_METADATA = 2**26  # bytes
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STREAM = b"\xff\xff\xff\xff"  # of Arrow, before the length of the first message
_COMPOUND = b"\xd0\xcf\x11\xe0"  # a file of the old Excel, Word and others
_IN_ZIP = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsx"),
    ("word/document.xml", "docx"),
    ("META-INF/container.xml", "epub"),
    ("content.xml", "ods"),
)
# What a text begins with; only blank lines, or lines of a comment, stand before it. No part of a pattern can match in
# two ways: a text that fits none would be looked at without end.
_BEFORE = r"(?:(?:[A-Z][\w ./-]{0,40}:[^\n]*|\d{0,6}\.?[ \t]*)\n){0,20}"  # what programs write above records
_ENTRIES = (  # of BibTeX and BibLaTeX
    "article|book|booklet|collection|conference|data|dataset|electronic|in(?:book|collection|proceedings|reference)|manual|"
    "masterthesis|mastersthesis|misc|mvbook|online|patent|periodical|phdthesis|proceedings|reference|report|software|"
    "techreport|thesis|unpublished|url|www"
)
_SIGNATURES = (
    (re.compile(rf"{_BEFORE}[ \t]*TY[ \t]*-[ \t]*[A-Z]+[ \t]*\n\s*[A-Z][A-Z0-9][ \t]*-"), "ris"),
    (re.compile(rf"{_BEFORE}PMID ?- ?\d+[ \t]*(?:\n[A-Z]{{2,4}} *- |$)", re.MULTILINE), "medline"),
    (re.compile(r"(?:<1>[ \t]*\n\s*)?(?:PMC - PMC\d|UI  - \d|VN  - Ovid)[^\n]*\n[A-Z]{2,4} *- "), "medline"),
    (re.compile(r"(?:FN .*\n(?:VR .*\n)?\s*)?PT [A-Z][ \t]*\n[A-Z][A-Z0-9] |FN (?:Clarivate|Thomson|ISI)\b"), "wos"),
    (re.compile(r"%0 [A-Z][\w ]+\n%[A-Z0-9@] "), "endnote"),
    (re.compile(r"PT\tAU\t(?:[A-Z][A-Z0-9]\t){5}"), "tsv"),  # Web of Science
    (
        re.compile(
            r"(?:Scopus\nEXPORT DATE:[^\n]*\n\s*)?(?:%[^\n]*\n\s*)*"
            rf"@(?:{_ENTRIES})\s*[{{(][^,{{}}()=\n]*,\s*[\w-]+\s*=\s*[\w{{\"]",
            re.IGNORECASE,
        ),
        "bibtex",
    ),
    (re.compile(r"@string\s*[{(]\s*\w+\s*=", re.IGNORECASE), "bibtex"),
    (re.compile(r"(?:<\?xml[^>]*>\s*)?<xml>\s*<records>\s*<record\b"), "endnote-xml"),
    (re.compile(r"<\?xml[^>]*>\s*<(\w+)>\s*<row [A-Z]\w*="), "stackexchange"),
    (re.compile(r"(?is)(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)\b"), "html"),
    (re.compile(r"<\?xml\b|<(?:rss|feed|rdf:RDF|PubmedArticleSet)\b"), "xml"),
    (re.compile(r"window\.YTD\.\w+\.part\d+\s*=\s*\["), "json"),  # an archive of X
    (
        re.compile(
            r"From (?:\S+@\S+ |[^\n]*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b[^\n]*\d:\d\d)"
            r"[^\n]*\d{4}(?: [+-]\d{4})?[ \t]*\n>?[A-Za-z][\w-]*:"
        ),
        "mbox",
    ),
)
_MAY_BE_JSON_LINES = frozenset({"text", "csv", "tsv"})
_OBJECT = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:')  # as it begins
_JSON = re.compile(r"""\{\s*["}]|\[\s*[\[{"\]]""")
_MAIL_HEAD = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*:[^\r\n]*\r?\n(?:[ \t]+[^\s][^\r\n]*\r?\n)*)+\r?\n")
_MAIL_FIELD = re.compile(r"(?im)^(From|To|Subject|Date|Message-ID|MIME-Version|Received):")
_MAIL_FIELDS = 3  # that show an e-mail; From and Subject do where the name says nothing


def format_of(file: File) -> Format | None:
    """Return the format of a file: the chosen one, else by its content, else by its name; None for an unknown one.

    Raises
    ------
    file.UNREADABLE
        The file can't be read, or there is no format of the chosen name.
    """
    if "format" not in file.known:
        file.known["format"] = _format_of(file)
    found: Format | None = file.known["format"]
    return found


def _format_of(file: File) -> Format | None:
    if file.options.format is not None:
        return named_format(file.options.format)
    named = BY_SUFFIX.get(file.kind)
    are_lines = file.options.lines and (named is None or not named.is_table)
    if named is not None and not are_lines and (named.name in _PROSE or named.name == "lance"):  # a folder
        return named
    head = _head(file)
    of_text = "lines" if are_lines else _by_text(text_of(head), file, is_cut=len(head) >= _HEAD)
    found = _by_magic(head, file) or of_text
    if found is None and named is not None and named.name == "text" and len(head) < _HEAD:
        file.known["content"] = head  # a short text is opened once
    return BY_NAME[found] if found else named


def _head(file: File) -> bytes:
    """Return the beginning of a file; of one that is damaged there, what lies before the damage."""
    with suppress(*UNREADABLE), file.open() as opened:
        return opened.read(_HEAD)
    head = bytearray()
    try:
        with file.open() as opened:
            while len(head) < _HEAD and (piece := opened.read(1)):
                head += piece
    except UNREADABLE:
        if not head:
            raise
    return bytes(head)


def check_options(found: Format, options: ReadOptions) -> None:
    """Raise ExemplarError if a choice says nothing about files of a format.

    It is for one file: those of a folder may have different formats.
    """
    for name, (formats, reason) in _CHOICES.items():
        if getattr(options, name) != getattr(DEFAULTS, name) and found.name not in formats:
            raise ExemplarError(f"{found.title} {reason}")


def has_rows(file: File) -> bool:
    """Return whether a file is a table, after looking at its content; raises UNREADABLE as ``format_of`` does."""
    found = format_of(file)
    return found is not None and found.is_table


def is_taken_for_table(file: File) -> bool:
    """Return whether only its delimiters, or the JSON in it, make a text a table, so that it may be none."""
    found = format_of(file)
    if found is None or file.options.format is not None:
        return False
    is_text = file.kind in BY_NAME["text"].suffixes
    is_named = file.kind in found.suffixes
    return (found.name in ("csv", "tsv") and not is_named) or (found.name == "jsonl" and is_text)


def named_format(name: str) -> Format:
    """Return the format of a name, as ``--format`` takes it; raises ExemplarError if there is none."""
    plain = name.strip().lower().removeprefix(".")
    found = BY_NAME.get(plain) or BY_SUFFIX.get(f".{plain}")
    if found is None:
        raise ExemplarError(f"there is no format '{name[:50]}'; the formats are {', '.join(BY_NAME)}")
    return found


def is_readable(file: File) -> bool:
    """Return whether a file of a folder is read: its suffix is known, or its content is beyond doubt.

    A file with the suffix of another kind is not looked at, nor what Spark and the like keep beside tables.
    """
    if file.options.format is not None or file.kind in BY_SUFFIX:
        return True
    if file.kind in _OTHERS or PurePosixPath(file.name).name.startswith("_"):
        return False
    try:
        return format_of(file) is not None
    except UNREADABLE:
        return False


def is_table_by_name(file: File) -> bool:
    """Return whether a file has rows, as far as its suffix or the chosen format tells."""
    named = _by_name(file)
    return named is not None and named.is_table


def may_be_table(file: File) -> bool:
    """Return whether a file may have rows, as far as its suffix or the chosen format tells."""
    named = _by_name(file)
    return named is None or named.is_table or named.name == "text"


def listed_suffixes(*, tables: bool = False) -> str:
    """Return the suffixes of all formats, or of those with rows, for a message."""
    return ", ".join(suffix for suffix, format in BY_SUFFIX.items() if format.is_table or not tables)


def _by_name(file: File) -> Format | None:
    return named_format(file.options.format) if file.options.format else BY_SUFFIX.get(file.kind)


def _by_magic(head: bytes, file: File) -> str | None:
    if head.startswith(b"PK\3\4"):
        return _in_zip(file)
    if head.startswith(_COMPOUND):  # the reader of workbooks says what else it may be
        return "xlsx"
    if head.startswith(_STREAM) and 0 < int.from_bytes(head[4:8], "little", signed=True) < _MOST_METADATA:
        return "arrow"
    if found := next((name for magic, name in _MAGIC if head.startswith(magic)), None):
        return found
    found = next((name for place, word, name in _WORDS if head.startswith(word, place)), None)
    return found if found and _NO_TEXT.search(head) else None


def _in_zip(file: File) -> str | None:
    """Return the format of a document that is a zip, by the names of its members."""
    named = BY_SUFFIX.get(file.kind)
    if named is not None and named.name in _ZIPPED:
        return named.name
    try:
        with file.open() as content, zipfile.ZipFile(content) as opened:
            members = set(opened.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise ExemplarError(f"it begins as a zip and is none: {error}") from error
    return next((name for member, name in _IN_ZIP if member in members), None)


def _by_text(text: str, file: File, *, is_cut: bool) -> str | None:
    """Return the format that the beginning of a text shows; None if it shows none beyond its suffix."""
    named = BY_SUFFIX.get(file.kind)
    begin = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff \t\n")
    if found := next((name for pattern, name in _SIGNATURES if pattern.match(begin)), None):
        return None if named is not None and found == "xml" else found
    if named is not None and named.name in _MAY_BE_JSON_LINES and _are_json_lines(begin, is_cut=is_cut):
        return "jsonl"
    if named is not None and named.name != "text" and file.kind != _MAY_BE_TEXT:
        return None
    if _is_mail(begin, is_named=named is not None):
        return "email"
    if named is None and _JSON.match(begin):
        return "jsonl"
    if (named is not None or not file.kind) and _is_tabbed(text):
        return "tsv"
    return "csv" if named is not None and is_delimited(text.lstrip("\ufeff"), is_cut=is_cut) else None


def _are_json_lines(text: str, *, is_cut: bool) -> bool:
    """Return whether the first two lines that are not blank, or the only one, are JSON objects.

    A line that goes on behind the beginning of a file that is looked at is one if it begins as one.
    """
    if not text.startswith("{"):
        return False
    lines = [line for each in text.split("\n") if (line := each.strip())]
    is_cut = is_cut and not text.endswith("\n")
    for number, line in enumerate(lines[:2], 1):
        if not line.startswith("{"):
            return False
        if is_cut and number == len(lines):
            return _OBJECT.match(line) is not None
        try:
            if not isinstance(json.loads(line), dict):
                return False
        except (ValueError, RecursionError):
            return False
    return bool(lines)


def _is_mail(text: str, *, is_named: bool) -> bool:
    match = _MAIL_HEAD.match(text)
    fields = {each.lower() for each in _MAIL_FIELD.findall(match[0])} if match else set()
    return len(fields) >= _MAIL_FIELDS or (not is_named and {"from", "subject"} <= fields)


def _is_tabbed(text: str) -> bool:
    """Return whether a text is a table: its first line names columns, and the next ones have as many tabs.

    Names are different, do not begin with a digit or end with a colon, and do not stand as cells in their own column.
    """
    lines = text.split("\n", _FEW_LINES)[:-1]
    rows = [line.rstrip("\r").split("\t") for line in lines if line.strip()]
    if len(rows) < 2 or len(rows[0]) < 2 or len({*map(len, rows)}) > 1:
        return False
    names = [name.strip().strip('"') for name in rows[0]]
    are_names = all(name and not name[0].isdigit() and len(name) <= _LONGEST_NAME and name[-1] != ":" for name in names)
    are_cells = any(name == cell.strip() for row in rows[1:] for name, cell in zip(rows[0], row, strict=True))
    return are_names and len(set(names)) == len(names) and not are_cells
