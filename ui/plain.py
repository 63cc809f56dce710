"""Text from documents on the page: always as text, never as HTML or Markdown."""

import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

STYLE = Path(__file__).with_name("style.css")

_SIGNS = {
    "error": "\N{WARNING SIGN}\N{VARIATION SELECTOR-15}",
    "warning": "\N{RIGHTWARDS ARROW}",
    "success": "\N{CHECK MARK}",
}


def element(tag: str, css_class: str, *content: str, title: str = "") -> str:
    """Return an HTML element around already safe content; what comes from outside goes through ``text`` first."""
    hint = f' title="{html.escape(title)}"' if title else ""
    return f'<{tag} class="ex-{css_class}" dir="auto"{hint}>{"".join(content)}</{tag}>'


def text(raw: str) -> str:
    """Return raw text as HTML that shows it as it is."""
    return html.escape(raw)


def with_line_breaks(raw: str) -> str:
    """Return a text with line breaks where a review has ``<br />``."""
    return re.sub(r"<br\s*/?>", "\n", raw)


def spoken(raw: str) -> str:
    """Return what of a name can be a widget's label, which is Markdown: its words, for those who hear the page."""
    return " ".join(re.sub(r"[^\w -]", " ", raw).split())


def excerpt(raw: str, n_characters: int) -> str:
    """Return the start of a text in one paragraph, cut at a word."""
    line = " ".join(with_line_breaks(raw[: 4 * n_characters]).split())
    return line if len(line) <= n_characters else f"{line[:n_characters].rsplit(None, 1)[0]} …"


def excerpt_with(raw: str, spans: Sequence[tuple[int, int]], n_characters: int) -> str:
    """Return the part of a text where its marked spans begin, as HTML, with those marked.

    It is cut at words, and blanks and empty lines in it are drawn together.
    """
    first = spans[0][0] if spans else 0
    start = first if first > n_characters // 3 else 0
    end = min(len(raw), start + n_characters)
    if end < len(raw) and (at_word := raw.rfind(" ", start, end)) > start + n_characters // 2:
        end = at_word
    shown = [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]
    before, after = "… " if start else "", " …" if end < len(raw) else ""
    return before + with_marks(raw[start:end], [(a - start, b - start) for a, b in shown], _drawn_together) + after


def with_marks(raw: str, spans: Sequence[tuple[int, int]], prepared: Callable[[str], str] = with_line_breaks) -> str:
    """Return raw text as HTML with some spans of it marked; they are in order and don't overlap."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text(prepared(raw[last:start])), element("mark", "carried", text(prepared(raw[start:end])))]
        last = end
    return "".join([*parts, text(prepared(raw[last:]))])


def _drawn_together(raw: str) -> str:
    broken = with_line_breaks(raw)
    return re.sub(r"\s+", lambda blanks: "\n" if "\n" in blanks[0] else " ", broken)


def show_message(kind: Literal["error", "warning", "success"], message: str) -> None:
    """Show a sentence to act on; it may quote what comes from outside, so it is no Markdown either."""
    sentence = message[:1].upper() + message[1:]
    st.html(f'<div class="ex-message ex-{kind}" role="alert"><b>{_SIGNS[kind]}</b> {text(sentence)}</div>')
