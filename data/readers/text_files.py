"""Files that become one document: plain text, Markdown, PDF."""

import os
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines, decoded_text
from exemplar.data.files.file import File
from exemplar.data.files.values import MOST_CHARACTERS, TOO_LONG
from exemplar.data.readers.formats import format_of
from exemplar.data.text import LONE_SURROGATE, replace_lone_surrogates
from exemplar.data.texts.docx import docx_text
from exemplar.data.texts.html import html_text, html_title
from exemplar.data.texts.pdf import pdf_text

_MOST_BYTES = 4 * MOST_CHARACTERS  # no encoding takes more bytes for a character


def read_text_file(file: File) -> Iterator[Document | Problem]:
    """Yield the document of a file, with the file's name as its id, after any problems.

    Raises
    ------
    file.UNREADABLE
        The file has no text, is too long, or can't be read.
    """
    found = format_of(file)
    match found.name if found else "text":
        case "pdf":
            yield from _read_pdf(file)
            return
        case "docx":
            yield _document(file, replace_lone_surrogates(docx_text(file)), {})
            return
        case "html":
            problems, text = decoded_text(file.content(), file.name)
            yield from problems
            yield replace(_document(file, html_text(text), {}), title=html_title(text))
            return
    content = file.known.pop("content", None)
    if content is None:
        with file.open() as opened:
            content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ExemplarError(TOO_LONG)
    lines = []
    for line in decoded_lines(BytesIO(content), file.name):
        if isinstance(line, Problem):
            yield line
        else:
            lines.append(line)
    yield _document(file, "".join(lines), {})


def _document(file: File, text: str, metadata: dict[str, str]) -> Document:
    if not text.strip():
        raise ExemplarError("no text")
    if len(text) > MOST_CHARACTERS:
        raise ExemplarError(TOO_LONG)
    return Document(file.name, text, metadata=metadata, file=file.name)


def _read_pdf(file: File) -> Iterator[Document | Problem]:
    # pypdf seeks, so a packed file has to be in memory; a file on disk does not.
    with file.path.open("rb") if file.path else BytesIO(file.content()) as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(0)
        text, metadata = pdf_text(opened, size)
    unicode_text = replace_lone_surrogates(text)
    if unicode_text != text:
        yield Problem(file.name, LONE_SURROGATE, left_out=False)
    yield _document(file, unicode_text, metadata)
