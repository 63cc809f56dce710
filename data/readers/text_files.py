"""Files that become one document: plain text, Markdown, HTML, PDF, Word and EPUB."""

import os
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.values import MOST_CHARACTERS, TOO_LONG
from exemplar.data.readers.formats import format_of
from exemplar.data.text import LONE_SURROGATE, replace_lone_surrogates
from exemplar.data.texts.docx import docx_text
from exemplar.data.texts.epub import epub_text
from exemplar.data.texts.html import html_file, html_text, html_title
from exemplar.data.texts.pdf import pdf_text
from exemplar.data.texts.written import Written

_MOST_BYTES = 4 * MOST_CHARACTERS  # no encoding takes more bytes for a character


def read_text_file(file: File) -> Iterator[Document | Problem]:
    """Yield the document of a file, with the file's name as its id, after any problems.

    Raises
    ------
    file.UNREADABLE
        The file has no text, is too long, or can't be read.
    """
    found = format_of(file)
    written = _READERS.get(found.name if found else "", _plain)(file)
    yield from written.problems
    text, title = replace_lone_surrogates(written.text), written.title and replace_lone_surrogates(written.title)
    if text != written.text:
        yield Problem(file.name, LONE_SURROGATE, left_out=False)
    if not text.strip():
        raise ExemplarError("no text")
    if len(text) > MOST_CHARACTERS:
        raise ExemplarError(TOO_LONG)
    metadata = {name: replace_lone_surrogates(value) for name, value in written.metadata.items()}
    yield Document(file.name, text, metadata=metadata, title=title, file=file.name)


def _plain(file: File) -> Written:
    content = file.known.pop("content", None)
    if content is None:
        with file.open() as opened:
            content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ExemplarError(TOO_LONG)
    lines = list(decoded_lines(BytesIO(content), file.name, file.options.encoding))
    text = "".join(line for line in lines if isinstance(line, str))
    return Written(text, problems=tuple(line for line in lines if isinstance(line, Problem)))


def _html(file: File) -> Written:
    problems, html = html_file(file)
    return Written(html_text(html), html_title(html), problems=tuple(problems))


def _pdf(file: File) -> Written:
    # pypdf seeks, so a packed file has to be in memory; a file on disk does not.
    with file.path.open("rb") if file.path else BytesIO(file.content()) as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(0)
        text, metadata = pdf_text(opened, size)
    return Written(text, metadata=metadata)


_READERS: Mapping[str, Callable[[File], Written]] = {
    "pdf": _pdf,
    "docx": docx_text,
    "epub": epub_text,
    "html": _html,
}
