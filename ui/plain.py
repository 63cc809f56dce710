"""Text from documents on the page: always as text, never as HTML or Markdown."""

import html
import re
from pathlib import Path
from typing import Literal

import streamlit as st

STYLE = Path(__file__).with_name("style.css")

_SIGNS = {
    "error": "\N{WARNING SIGN}\N{VARIATION SELECTOR-15}",
    "warning": "\N{RIGHTWARDS ARROW}",
    "success": "\N{CHECK MARK}",
}


def element(tag: str, css_class: str, *content: str) -> str:
    """Return an HTML element around already safe content; what comes from outside goes through ``text`` first."""
    return f'<{tag} class="ex-{css_class}" dir="auto">{"".join(content)}</{tag}>'


def text(raw: str) -> str:
    """Return raw text as HTML that shows it as it is."""
    return html.escape(raw)


def excerpt(raw: str, n_characters: int) -> str:
    """Return the start of a text in one paragraph, cut at a word."""
    line = " ".join(with_line_breaks(raw[: 4 * n_characters]).split())
    return line if len(line) <= n_characters else f"{line[:n_characters].rsplit(None, 1)[0]} …"


def with_line_breaks(raw: str) -> str:
    """Return a text with line breaks where a review has ``<br />``."""
    return re.sub(r"<br\s*/?>", "\n", raw)


def show_message(kind: Literal["error", "warning", "success"], message: str) -> None:
    """Show a sentence to act on; it may quote what comes from outside, so it is no Markdown either."""
    sentence = message[:1].upper() + message[1:]
    st.html(f'<div class="ex-message ex-{kind}" role="alert"><b>{_SIGNS[kind]}</b> {text(sentence)}</div>')
