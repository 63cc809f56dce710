"""Choose how a file is read, where its content does not say it or says it wrongly: its format, delimiter, encoding."""

import zlib
from collections.abc import Callable

import streamlit as st

from exemplar.data.files.options import DELIMITERS
from exemplar.data.readers.formats import BY_NAME, FORMATS
from exemplar.data.sources.preview import Preview
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html
from exemplar.ui.corpora.form_memory import fresh_key

_RECOGNISED = "Recognised"
_DELIMITED = ("csv", "tsv")
_SHEETS = ("xlsx", "ods")
_BINARY = (*_SHEETS, "parquet", "arrow", "orc", "sqlite", "duckdb", "docx", "epub", "pdf", "mbox", "email")
_ENCODINGS = {
    "utf-8": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "cp1252": "Western (Windows-1252)",
    "mac-roman": "Western (Mac)",
    "cp850": "Western (DOS 850)",
    "cp1250": "Central European (Windows-1250)",
    "iso-8859-2": "Central European (ISO-8859-2)",
    "cp852": "Central European (DOS 852)",
    "cp1257": "Baltic (Windows-1257)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "koi8-u": "Cyrillic (KOI8-U)",
    "cp866": "Cyrillic (DOS 866)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp1258": "Vietnamese (Windows-1258)",
    "cp874": "Thai (Windows-874)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "cp932": "Japanese (Shift JIS)",
    "euc-jp": "Japanese (EUC)",
    "cp949": "Korean (Windows-949)",
}


def choose_options(spec: SourceSpec, look: Callable[[SourceSpec], Preview]) -> SourceSpec:
    """Draw the pickers that the format of a source has; return the spec with the choices, defaults for all others.

    The choices belong to the source, and come back with it.

    Parameters
    ----------
    look
        Returns the preview of a source.
    """
    source, first = spec.source, look(spec)
    title = f": {BY_NAME[first.format].title}" if first.format else ""
    with (
        st.expander(
            f"How it is read{title}",
            expanded=first.hint is not None,  # something has to be chosen here
            key=_key("build_format_form", source),
            icon=":material/tune:",
        ),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        spec = spec.with_options(format=_choose_format(source))
        return _choose_more(spec, look(spec))


def _choose_more(spec: SourceSpec, preview: Preview) -> SourceSpec:
    found, source = preview.format, spec.source
    table = _choose_table(preview.tables, source) if len(preview.tables) > 1 else None
    delimiter = _choose_delimiter(source) if found in ("", *_DELIMITED) else None
    encoding = _choose_encoding(source) if found not in _BINARY else None
    skip_lines, no_header = _choose_head(found, source) if found in ("", *_DELIMITED, *_SHEETS) else (0, False)
    lines = _choose_lines(source) if found in ("", "text", "lines") else False
    return spec.with_options(
        table=table, delimiter=delimiter, encoding=encoding, skip_lines=skip_lines, no_header=no_header, lines=lines
    )


def _choose_format(source: str) -> str | None:
    return st.selectbox(
        "Format",
        [None, *(each.name for each in FORMATS)],
        format_func=lambda name: BY_NAME[name].title if name else _RECOGNISED,
        key=_key("build_format", source),
        persist_state="session",
        width=200,
        help="Recognised by what the file begins with, else by its name.",
    )


def _choose_table(names: tuple[str, ...], source: str) -> str | None:
    number = st.selectbox(
        "Table",
        [None, *range(len(names))],
        format_func=lambda number: _RECOGNISED if number is None else html.name(names[number]),
        key=_key("build_table", f"{source} {names}"),
        persist_state="session",
        width=200,
        help="The sheet of a workbook, the table of a database, or the list in a JSON file that holds the documents.",
    )
    return None if number is None else names[number]


def _choose_delimiter(source: str) -> str | None:
    return st.selectbox(
        "Delimiter",
        [None, *DELIMITERS],
        format_func=lambda name: name.capitalize() if name else _RECOGNISED,
        key=_key("build_delimiter", source),
        persist_state="session",
        width=160,
        help="What stands between the cells of a table.",
    )


def _choose_encoding(source: str) -> str | None:
    return st.selectbox(
        "Encoding",
        [None, *_ENCODINGS],
        format_func=lambda name: _ENCODINGS.get(name, name) if name else _RECOGNISED,
        key=_key("build_encoding", source),
        persist_state="session",
        accept_new_options=True,
        width=280,
        help="How bytes stand for letters; choose another where letters look wrong. Any encoding that Python knows can "
        "be typed.",
    )


def _choose_head(found: str, source: str) -> tuple[int, bool]:
    skipped = st.number_input(
        "Lines to skip" if found not in _SHEETS else "Rows to skip",
        min_value=0,
        value=0,
        key=_key("build_skip_lines", source),
        persist_state="session",
        width=140,
        help="Before the header.",
    )
    no_header = st.checkbox(
        "No header",
        key=_key("build_no_header", source),
        persist_state="session",
        help="The first row is one like the others; columns are numbered.",
    )
    return int(skipped), bool(no_header)


def _choose_lines(source: str) -> bool:
    return bool(
        st.checkbox(
            "Each line a document",
            key=_key("build_lines", source),
            persist_state="session",
            help="Without it a text file is one document.",
        )
    )


def _key(name: str, source: str) -> str:
    return f"{fresh_key(name)} {zlib.crc32(source.encode(errors='replace'))}"
