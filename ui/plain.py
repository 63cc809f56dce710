"""Text from documents on the page: always as text, never as HTML or Markdown."""

import html
import re

import streamlit as st


def element(tag: str, css_class: str, *content: str) -> str:
    """Return an HTML element around already safe content; what comes from outside goes through ``text`` first."""
    return f'<{tag} class="ex-{css_class}" dir="auto">{"".join(content)}</{tag}>'


def text(raw: str) -> str:
    """Return raw text as HTML that shows it as it is."""
    return html.escape(raw)


def markdown(raw: str) -> str:
    """Return raw text as Markdown that shows it as it is, for messages that have no other way."""
    one_line = " ".join(raw.split())
    no_emoji_code = re.sub(r":(?=[\w+-]+:)", ":\N{WORD JOINER}", one_line)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", no_emoji_code)


def excerpt(raw: str, n_characters: int) -> str:
    """Return the start of a text in one paragraph, cut at a word."""
    line = " ".join(with_line_breaks(raw[: 4 * n_characters]).split())
    return line if len(line) <= n_characters else f"{line[:n_characters].rsplit(None, 1)[0]} …"


def with_line_breaks(raw: str) -> str:
    """Return a text with line breaks where a review has ``<br />``."""
    return re.sub(r"<br\s*/?>", "\n", raw)


def show_error(message: str) -> None:
    """Show what went wrong, and what to do, as one sentence."""
    st.error(markdown(message[:1].upper() + message[1:]), icon=":material/error:")
