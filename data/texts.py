"""Files that are one document each: plain text, Markdown, PDF."""

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from data.cells import MENDED, MOST_CHARACTERS, TOO_LONG, mended
from data.decoding import decoded_lines
from data.documents import Document, Problem
from data.files import PDF, File, one_line

_MOST_BYTES = 4 * MOST_CHARACTERS  # no encoding takes more for a character


def read_text_file(file: File) -> Iterator[Document | Problem]:
    """Yield the file's document; its name is the id.

    Raises
    ------
    files.UNREADABLE
        There is no text in it, or it can't be read; the message says why.
    """
    if file.kind == PDF:
        yield from _read_pdf(file)
        return
    with file.open() as opened:
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(TOO_LONG)
    lines = []
    for line in decoded_lines(BytesIO(content), file.name):
        if isinstance(line, Problem):
            yield line
        else:
            lines.append(line)
    yield _document(file, "".join(lines), {})


def _document(file: File, text: str, metadata: dict[str, str]) -> Document:
    if not text.strip():
        raise ValueError("no text")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(TOO_LONG)
    return Document(file.name, text, metadata=metadata)


def _read_pdf(file: File) -> Iterator[Document | Problem]:
    try:
        import pypdf
    except ImportError:
        raise ValueError("PDF files need pypdf: pip install 'exemplar[pdf]'") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity that it gets over
    # A PDF is read by its parts, so a file on disk is never held; what is packed has to be.
    with file.open() if file.path else BytesIO(file.whole()) as opened:
        try:
            text, metadata = _pdf_text(pypdf.PdfReader(opened))
        except pypdf.errors.FileNotDecryptedError:
            raise ValueError("encrypted") from None
        except Exception as error:  # a broken PDF can break any part of its reader
            raise ValueError(f"a PDF that can't be read: {one_line(error)}") from error
    whole = mended(text)
    if whole != text:
        yield Problem(file.name, MENDED, left_out=False)
    yield _document(file, whole, metadata)


def _pdf_text(reader: Any) -> tuple[str, dict[str, str]]:
    pages: list[str] = []
    n_characters = 0
    for page in reader.pages:
        pages.append(page.extract_text().strip())
        n_characters += len(pages[-1])
        if n_characters > MOST_CHARACTERS:
            break
    title = mended(str((reader.metadata or {}).get("/Title") or "")).strip()
    metadata = {"pages": str(len(reader.pages))} | ({"title": title} if title else {})
    return "\n\n".join(filter(None, pages)), metadata
