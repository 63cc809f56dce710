"""Text from documents on a page: always as text, never as HTML or Markdown, and no more than a browser bears."""

import hashlib
import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from exemplar.data.text import replace_lone_surrogates

STYLE = Path(__file__).with_name("style.css")

_LONGEST_NAME = 200  # characters of an id, a label, a column's name, that are shown
_LONGEST_SENTENCE = 2_000
# What has the text behind it run the other way until something closes it.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")

MessageKind = Literal["error", "warning", "success"]

_SIGNS: dict[MessageKind, str] = {
    "error": "\N{WARNING SIGN}\N{VARIATION SELECTOR-15}",
    "warning": "\N{RIGHTWARDS ARROW}",
    "success": "\N{CHECK MARK}",
}


def element(tag: str, css_class: str, *content: str, title: str = "") -> str:
    """Return an HTML element around already safe content; what comes from outside goes through ``text`` first."""
    hint = f' title="{html.escape(title)}"' if title else ""
    return f'<{tag} class="ex-{css_class}" dir="auto"{hint}>{"".join(content)}</{tag}>'


def text(raw: str) -> str:
    """Return raw text as HTML that shows it as it is, but for halves of surrogate pairs, which are no text."""
    return html.escape(replace_lone_surrogates(raw))


def name(raw: str) -> str:
    """Return what is shown of an id, a label or another name: all of it, or of a very long one the beginning.

    What is left out is told by its length and a checksum, so that two of them are not taken for each other.
    """
    if len(raw) <= _LONGEST_NAME:
        return replace_lone_surrogates(raw)
    return f"{replace_lone_surrogates(raw[:_LONGEST_NAME])} … ({len(raw):,} characters, {_checksum(raw)[:8]})"


def key_of(raw: str) -> str:
    """Return what stands for an id in the key of a widget, which goes to the browser several times a row."""
    return raw if len(raw) <= _LONGEST_NAME else f"{raw[:_LONGEST_NAME]} {_checksum(raw)}"


def shortened(raw: str, n_characters: int = _LONGEST_SENTENCE) -> str:
    """Return a sentence, or another line that may quote anything, cut in its middle where it is very long.

    Nothing that it quotes turns the words behind it around.
    """
    return _TURNS.sub("\N{REPLACEMENT CHARACTER}", replace_lone_surrogates(_cut(raw, n_characters)))


def called(css_class: str, raw: str) -> str:
    """Return an id, a label or another name as HTML."""
    return element("span", css_class, text(name(raw)))


def field(of: str, value: str) -> str:
    """Return as HTML what something is and what it is called: a column of a document, a fact of a corpus."""
    return element("span", "field", called("name", of), " ", text(_cut(value, _LONGEST_SENTENCE)))


def quiet(line: str) -> str:
    """Return a line that is said beside things as HTML."""
    return element("div", "quiet", text(shortened(line)))


def with_line_breaks(raw: str) -> str:
    """Return a text with line breaks where a review has ``<br />``."""
    return re.sub(r"<br\s*/?>", "\n", raw)


def spoken(raw: str) -> str:
    """Return what of a name can be a widget's label, which is Markdown: its words, for those who hear the page."""
    return " ".join(re.sub(r"[^\w -]|_", " ", name(raw)).split())


def excerpt(raw: str, n_characters: int) -> str:
    """Return the start of a text in one paragraph, cut at a word."""
    line = " ".join(with_line_breaks(replace_lone_surrogates(raw[: 4 * n_characters])).split())
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


def show_message(kind: MessageKind, message: str) -> None:
    """Show a sentence to act on; it may quote what comes from outside, so it is no Markdown either."""
    sentence = shortened(message[:1].upper() + message[1:])
    st.html(f'<div class="ex-message ex-{kind}" role="alert"><b>{_SIGNS[kind]}</b> {text(sentence)}</div>')


def _checksum(raw: str) -> str:
    return hashlib.sha256(raw.encode(errors="surrogatepass")).hexdigest()


def _cut(raw: str, n_characters: int) -> str:
    if len(raw) <= n_characters:
        return raw
    return f"{raw[: 3 * n_characters // 4]} … {raw[-n_characters // 4 :]}"
