"""White space that comes from the width of a page: line breaks within sentences, and blanks around a text."""

import re

_WIDEST = 100  # characters of a line that was broken by hand or by a tool; longer ones are paragraphs
_NARROWEST = 40
_BETWEEN_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*|\n(?=[ \t]{2})")
_END_OF_SENTENCE = (".", "!", "?", ":", ";")


def one_line_title(title: str) -> str:
    """Return a title in one line, without blanks around it."""
    return " ".join(title.split()) if "\n" in title or "\r" in title else title.strip()


def without_hard_wraps(abstract: str) -> str:
    """Return an abstract without blanks around it, and each paragraph in one line if its lines are hard-wrapped.

    Lines are hard-wrapped if they are between 40 and 100 characters long, all but the last of a paragraph, and most of
    them end within a sentence. Empty lines, and lines that begin with two blanks, begin a paragraph.
    """
    abstract = abstract.strip()
    if "\n" not in abstract:
        return abstract
    paragraphs = [each.split("\n") for each in _BETWEEN_PARAGRAPHS.split(abstract.replace("\r\n", "\n"))]
    broken = [line.rstrip() for lines in paragraphs for line in lines[:-1]]
    if not broken:
        return abstract
    ends = sum(line.endswith(_END_OF_SENTENCE) for line in broken)
    is_wrapped = all(_NARROWEST <= len(line) <= _WIDEST for line in broken) and 2 * ends < len(broken)
    if not is_wrapped or any(len(lines[-1].rstrip()) > _WIDEST for lines in paragraphs):
        return abstract
    return "\n".join(" ".join(map(str.strip, lines)) for lines in paragraphs)
