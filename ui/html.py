"""Put text from documents on a page: never as HTML or Markdown, and cut where a browser would be overloaded."""

import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from exemplar.data.text import replace_lone_surrogates

STYLE = Path(__file__).with_name("style.css")

_LONGEST_NAME = 200  # characters of an id, a label or a column's name
_LONGEST_SENTENCE = 2_000
_MOST_LABELS = 20  # of a document
# Characters that change the direction of the text that follows them.
_DIRECTION_CHARACTERS = re.compile("[\u202a-\u202e\u2066-\u2069]")

MessageKind = Literal["error", "warning", "success"]

_SIGNS: dict[MessageKind, str] = {
    "error": "\N{WARNING SIGN}\N{VARIATION SELECTOR-15}",
    "warning": "\N{RIGHTWARDS ARROW}",
    "success": "\N{CHECK MARK}",
}


def element(tag: str, css_class: str, *content: str, title: str = "") -> str:
    """Return an HTML element around safe content; pass text from outside through ``text`` first."""
    hint = f' title="{html.escape(title)}"' if title else ""
    return f'<{tag} class="ex-{css_class}" dir="auto"{hint}>{"".join(content)}</{tag}>'


def text(raw: str) -> str:
    """Return HTML that shows a raw text unchanged, except lone surrogates, which it replaces."""
    return html.escape(replace_lone_surrogates(raw))


def name(raw: str) -> str:
    """Return an id, a label or another name to show; a very long name is cut.

    The length and a checksum follow the cut, so that two long names remain different.
    """
    if len(raw) <= _LONGEST_NAME:
        return replace_lone_surrogates(raw)
    return f"{replace_lone_surrogates(raw[:_LONGEST_NAME])} … ({len(raw):,} characters, {_checksum(raw)[:8]})"


def widget_key(raw: str) -> str:
    """Return an id for the key of a widget; a long id is cut, since keys go to the browser several times a row."""
    return raw if len(raw) <= _LONGEST_NAME else f"{raw[:_LONGEST_NAME]} {_checksum(raw)}"


def shortened(raw: str, n_characters: int = _LONGEST_SENTENCE) -> str:
    """Return a line that may quote text from outside, cut in its middle if it is very long.

    Quoted characters that would change the direction of the following text are replaced.
    """
    return _DIRECTION_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", replace_lone_surrogates(_cut(raw, n_characters)))


def name_element(css_class: str, raw: str) -> str:
    """Return an id, a label or another name as HTML."""
    return element("span", css_class, text(name(raw)))


def label_elements(labels: Sequence[str]) -> list[str]:
    """Return the labels of a document as HTML; of very many the first ones, and how many more there are."""
    more = [element("span", "label", f"+ {len(labels) - _MOST_LABELS:,}")] if len(labels) > _MOST_LABELS else []
    return [name_element("label", label) for label in labels[:_MOST_LABELS]] + more


def title_element(title: str | None, doc_id: str) -> str:
    """Return the title of a document as HTML; empty without one, and if it is the id, which is shown anyway."""
    return element("div", "title", text(_cut(title, _LONGEST_SENTENCE))) if title and title != doc_id else ""


def field(field_name: str, value: str) -> str:
    """Return a name and its value as HTML: a column of a document, or a fact about a corpus."""
    return element("span", "field", name_element("name", field_name), " ", text(_cut(value, _LONGEST_SENTENCE)))


def quiet_line(line: str) -> str:
    """Return a line in a quiet style as HTML."""
    return element("div", "quiet", text(shortened(line)))


def with_line_breaks(raw: str) -> str:
    """Return a text with line breaks in place of ``<br />``, which some data sets contain."""
    return re.sub(r"<br\s*/?>", "\n", raw)


def widget_label(raw: str) -> str:
    """Return the words of a name: a widget's label is Markdown, and screen readers read it aloud."""
    return " ".join(re.sub(r"[^\w -]|_", " ", name(raw)).split())


def excerpt(raw: str, n_characters: int) -> str:
    """Return the start of a text as one paragraph, cut between words."""
    line = " ".join(with_line_breaks(replace_lone_surrogates(raw[: 4 * n_characters])).split())
    return line if len(line) <= n_characters else f"{line[:n_characters].rsplit(None, 1)[0]} …"


def show_message(kind: MessageKind, message: str) -> None:
    """Show a message; it may quote text from outside, so it is not Markdown either."""
    sentence = shortened(message[:1].upper() + message[1:])
    st.html(f'<div class="ex-message ex-{kind}" role="alert"><b>{_SIGNS[kind]}</b> {text(sentence)}</div>')


def _checksum(raw: str) -> str:
    return hashlib.sha256(raw.encode(errors="surrogatepass")).hexdigest()


def _cut(raw: str, n_characters: int) -> str:
    if len(raw) <= n_characters:
        return raw
    return f"{raw[: 3 * n_characters // 4]} … {raw[-n_characters // 4 :]}"
