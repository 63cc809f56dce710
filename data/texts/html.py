"""The text of HTML: of files, of cells, and of the parts of e-mails."""

import re
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package

_TAGS = "a|abbr|b|blockquote|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|span|strong|sub|sup|table|tbody|td|th|tr|u|ul"
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|nbsp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")


def is_html(text: str) -> bool:
    """Return whether a text has a tag or an entity of HTML."""
    return ("<" in text and _TAG.search(text) is not None) or ("&" in text and _ENTITY.search(text) is not None)


def has_tags(text: str) -> bool:
    """Return whether a text has a tag of HTML."""
    return "<" in text and _TAG.search(text) is not None


def html_text(html: str) -> str:
    """Return the text of HTML: no tags and entities, scripts and styles left out, a line for each block.

    Raises
    ------
    ExemplarError
        It can't be parsed, or the extra is not installed.
    """
    inscriptis: Any = package("inscriptis", "web", "HTML texts")
    try:
        text = inscriptis.get_text(html.replace("\0", ""))
    except Exception as error:  # lxml raises several, for HTML that no browser would show either
        raise ExemplarError(f"HTML that can't be read: {error}") from error
    lines = (_BLANKS.sub(" ", line).strip() for line in text.splitlines())
    return _LINES.sub("\n\n", "\n".join(lines)).strip()


def html_title(html: str) -> str | None:
    """Return the title of an HTML document."""
    found = _TITLE.search(html[:100_000])
    return html_text(found[1]) or None if found else None
