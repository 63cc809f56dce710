"""The formats that are read, and which of them a file has: by what it begins with, else by the suffix of its name."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import text_of
from exemplar.data.files.file import UNREADABLE, File

_HEAD = 2**16  # bytes by which a format is recognised
_FEW_LINES = 5  # that show whether a text is a table
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
    Format("text", "text", (".txt", ".text"), is_table=False),
    Format("markdown", "Markdown", (".md", ".markdown", ".rst"), is_table=False),
    Format("lines", "lines", ()),
    Format("html", "HTML", (".html", ".htm", ".xhtml"), is_table=False),
    Format("email", "e-mail", (".eml", ".emlx")),
    Format("docx", "Word", (".docx",), is_table=False),
    Format("epub", "EPUB", (".epub",), is_table=False),
    Format("pdf", "PDF", (".pdf",), is_table=False),
)

MARKS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")  # suffixes of files that marks are imported from

BY_NAME: Mapping[str, Format] = {format.name: format for format in FORMATS}
BY_SUFFIX: Mapping[str, Format] = {suffix: format for format in FORMATS for suffix in format.suffixes}

_MAGIC = (
    (b"PAR1", "parquet"),
    (b"%PDF-", "pdf"),
    (b"ARROW1\0\0", "arrow"),
    (b"FEA1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),  # a stream of Arrow
    (b"ORC", "orc"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\xd0\xcf\x11\xe0", "xlsx"),  # the old Excel
)
_IN_ZIP = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsx"),
    ("word/document.xml", "docx"),
    ("META-INF/container.xml", "epub"),
    ("content.xml", "ods"),
)
# What a text begins with; only blank lines, or lines of a comment, stand before it.
_SIGNATURES = (
    (re.compile(r"(?s).{0,2000}?^TY {1,2}- ?[A-Z]+[ \t]*\r?$", re.MULTILINE), "ris"),
    (re.compile(r"PMID- ?\d+[ \t]*\r?$", re.MULTILINE), "medline"),
    (re.compile(r"FN (?:Clarivate|Thomson|ISI)\b"), "wos"),
    (re.compile(r"%0 [A-Z][\w ]+\r?$", re.MULTILINE), "endnote"),
    (re.compile(r"(?:%.*\s+)*@[a-zA-Z]+\s*\{[^,{}=]*,\s*[\w-]+\s*="), "bibtex"),
    (re.compile(r"(?:<\?xml[^>]*>\s*)?<xml>\s*<records>\s*<record\b"), "endnote-xml"),
    (re.compile(r"<\?xml[^>]*>\s*<(\w+)>\s*<row [A-Z]\w*="), "stackexchange"),
    (re.compile(r"(?is)(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b"), "html"),
    (re.compile(r"<\?xml\b"), "xml"),
    (re.compile(r"From \S+@?\S* .*\d{4}\s*$", re.MULTILINE), "mbox"),
)
_MAIL_HEAD = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*:.*\r?\n(?:[ \t]+.*\r?\n)*)+\r?\n")
_MAIL_FIELD = re.compile(r"(?im)^(From|To|Subject|Date|Message-ID|MIME-Version|Received):")
_MAIL_FIELDS = 3  # that show an e-mail


def format_of(file: File) -> Format | None:
    """Return the format of a file: the chosen one, else by its content, else by its name; None for an unknown one.

    Raises
    ------
    file.UNREADABLE
        The file can't be read, or there is no format of the chosen name.
    """
    if file.options.format is not None:
        return named_format(file.options.format)
    named = BY_SUFFIX.get(file.kind)
    if file.options.lines and (named is None or not named.is_table):
        return BY_NAME["lines"]
    if named is not None and named.name in _PROSE:
        return named
    with file.open() as opened:
        head = opened.read(_HEAD)
    found = _by_magic(head, file) or _by_text(text_of(head), named)
    return BY_NAME[found] if found else named


def has_rows(file: File) -> bool:
    """Return whether a file is a table, after looking at its content; raises UNREADABLE as ``format_of`` does."""
    found = format_of(file)
    return found is not None and found.is_table


def named_format(name: str) -> Format:
    """Return the format of a name, as ``--format`` takes it; raises ExemplarError if there is none."""
    plain = name.strip().lower().removeprefix(".")
    found = BY_NAME.get(plain) or BY_SUFFIX.get(f".{plain}")
    if found is None:
        raise ExemplarError(f"there is no format '{name[:50]}'; the formats are {', '.join(BY_NAME)}")
    return found


def is_readable(file: File) -> bool:
    """Return whether a file of a folder is read: its suffix is known, or its content is beyond doubt."""
    if file.options.format is not None or file.kind in BY_SUFFIX:
        return True
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
    if head[8:12] == b"DUCK":
        return "duckdb"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def _in_zip(file: File) -> str | None:
    """Return the format of a document that is a zip, by the names of its members."""
    named = BY_SUFFIX.get(file.kind)
    if named is not None and named.name in _ZIPPED:
        return named.name
    try:
        with zipfile.ZipFile(file.path or BytesIO(file.content())) as opened:
            members = set(opened.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ExemplarError(f"it begins as a zip and is none: {error}") from error
    return next((name for member, name in _IN_ZIP if member in members), None)


def _by_text(text: str, named: Format | None) -> str | None:
    """Return the format that the beginning of a text shows; None if it shows none beyond its suffix."""
    begin = text.lstrip("\ufeff \t\r\n")
    if found := next((name for pattern, name in _SIGNATURES if pattern.match(begin)), None):
        return None if named is not None and found == "xml" else found
    if named is not None and named.name not in ("text", "email"):
        return None
    if _is_mail(begin):
        return "email"
    if named is None and begin[:1] in ("{", "["):
        return "jsonl"
    return "tsv" if _has_tabs(text) else None


def _is_mail(text: str) -> bool:
    found = _MAIL_HEAD.match(text)
    return found is not None and len({each.lower() for each in _MAIL_FIELD.findall(found[0])}) >= _MAIL_FIELDS


def _has_tabs(text: str) -> bool:
    """Return whether lines have the same number of tabs, at least one."""
    lines = [line for line in text.splitlines()[:-1][:_FEW_LINES] if line.strip()]
    counts = {line.count("\t") for line in lines}
    return len(lines) > 1 and len(counts) == 1 and counts != {0}
