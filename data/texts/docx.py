"""The text of Word documents."""

from io import BytesIO
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.file import File
from exemplar.data.text import one_line

_MOST_BYTES = 2**27


def docx_text(file: File) -> str:
    """Return the text of a Word document, its paragraphs with an empty line between; raises UNREADABLE."""
    mammoth: Any = package("mammoth", "office", "Word documents")
    content = file.content()
    if len(content) > _MOST_BYTES:
        raise ExemplarError(f"it is larger than {_MOST_BYTES:,} bytes")
    try:
        return str(mammoth.extract_raw_text(BytesIO(content)).value).strip()
    except Exception as error:  # a broken document can raise anything
        raise ExemplarError(f"a Word document that can't be read: {one_line(error)}") from error
