"""The text of Word documents."""

import zipfile
from io import BytesIO
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.file import File
from exemplar.data.files.zipped import check_zip, read_member
from exemplar.data.text import one_line
from exemplar.data.texts.html import html_text
from exemplar.data.texts.written import Written

_MOST_UNPACKED = 2**27  # bytes, without pictures
_PICTURES = ("word/media/", "word/embeddings/", "word/fonts/", "docProps/thumbnail")
_CORE = "docProps/core.xml"
_BACK = "\N{UPWARDS ARROW}"  # with which mammoth ends a footnote


def docx_text(file: File) -> Written:
    """Return the text of a Word document, footnotes at its end, and the title and author that it names.

    Raises
    ------
    file.UNREADABLE
        It can't be read, is no Word document, is too large, or the extra is not installed.
    """
    mammoth: Any = package("mammoth", "office", "Word documents")
    content = file.content()
    names = check_zip(BytesIO(content), _MOST_UNPACKED, _PICTURES)
    try:
        html = str(mammoth.convert_to_html(BytesIO(content), convert_image=lambda image: []).value)
    except Exception as error:  # a broken document can raise anything
        raise ExemplarError(f"a Word document that can't be read: {one_line(error)}") from error
    text = html_text(html.replace(f">{_BACK}</a>", "></a>"))
    properties = _properties(content) if _CORE in names else {}
    return Written(text, properties.pop("title", None), properties)


def _properties(content: bytes) -> dict[str, str]:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            core = fromstring(read_member(archive, _CORE))
    except (DefusedXmlException, SyntaxError, ValueError, zipfile.BadZipFile):  # ExemplarError is a ValueError
        return {}  # the text is what counts
    names = {"title": "title", "creator": "author"}
    texts = {names.get(each.tag.rpartition("}")[2], ""): " ".join((each.text or "").split()) for each in core}
    return {name: text for name, text in texts.items() if name and text}
