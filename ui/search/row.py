"""Draw the row of a document: its best passage and its buttons."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from exemplar.data.encoders.base import Span
from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.ranking import Result
from exemplar.retrieval.sessions.events import Marked
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.ui import html
from exemplar.ui.state import ROWS_OPENED, change, query_document

_EXCERPT = 300  # characters
_MOST_FIELDS = 4
_LONGEST_FIELD = 80  # characters
_WORDS_MEANING = "The words that add most to the score of this document"
_MOST_WHOLE = 100_000  # characters; millions would overload a browser for minutes


@dataclass(frozen=True, slots=True)
class Note:
    """A word next to a row's rank, and a sentence that explains it."""

    text: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Row:
    """A document in a list.

    Attributes
    ----------
    place
        The list, as a part of widget keys; a document may be in several lists.
    text_hash
        Of the document's text, as the corpus has it.
    share
        The filled share of the score's bar, 0 to 1.
    spans
        The best sentences of its passage; empty until they are known.
    opposed
        Whether copies of its text have different marks.
    near
        Whether its text is a near copy of that of the row above.
    words
        The words that add most to its score.
    """

    place: str
    result: Result
    text_hash: str
    mark: Mark | None
    share: float
    spans: Sequence[Span] = ()
    note: Note | None = None
    opposed: bool = False
    near: bool = False
    words: Sequence[str] = ()


def show_row(row: Row) -> DeltaGenerator:
    """Draw a row; return the element of its text, which is drawn again once the best sentences are known."""
    # Keys contain the doc_id, never the rank: a click then belongs to the row that the person saw.
    doc_id, key = row.result.doc_id, f"{row.place} {html.widget_key(row.result.doc_id)}"
    with st.container(border=True, key=f"row {key}", gap="xsmall"):
        text = st.html(row_html(row))
        with st.container(horizontal=True, gap="small"):
            _mark_button("Relevant", "positive", row, key)
            _mark_button("Not relevant", "negative", row, key)
            st.button(
                "More like this",
                key=f"more {key}",
                type="tertiary",
                help="Use this document as the query",
                on_click=query_document,
                args=(doc_id, row.text_hash),
            )
            if len(row.result.text) > _EXCERPT:
                _whole_button(key)
        if key in _opened():
            st.html(_whole_text(row.result, row.spans))
    return text


def row_html(row: Row) -> str:
    """Return a row as HTML: head, some other columns, best passage with the best sentences marked, and words."""
    result, spans = row.result, row.spans
    before = "… " if result.start and not (spans and spans[0][0] > _EXCERPT // 3) else ""
    text = html.element("div", "text ex-lines", before, html.excerpt_with(result.passage, spans, _EXCERPT))
    return _head(row) + html.title_element(result.title, result.doc_id) + _fields(result) + text + _words(row.words)


def _opened() -> set[str]:
    """Return the keys of the rows that show their full text; an expander a row would take a third more time."""
    opened: set[str] = st.session_state.setdefault(ROWS_OPENED, set())
    return opened


def _whole_button(key: str) -> None:
    is_open = key in _opened()
    st.button(
        "Less" if is_open else "Whole text",
        key=f"whole {key}",
        type="tertiary",
        icon=":material/expand_less:" if is_open else ":material/expand_more:",
        on_click=_opened().symmetric_difference_update,
        args=({key},),
    )


def _mark_button(label: str, own: Mark, row: Row, key: str) -> None:
    icon = ":material/thumb_up:" if own == "positive" else ":material/thumb_down:"
    pressed = row.mark == own
    st.button(
        label,
        key=f"{own} {key}",
        icon=":material/check:" if pressed else icon,
        type="primary" if pressed else "secondary",
        help="Take this mark back" if pressed else None,
        on_click=change,
        args=(_marked(row, None if pressed else own),),
    )


def _marked(row: Row, mark: Mark | None) -> Marked:
    """Return the event of a mark, with the text that the person sees and the place where it was found."""
    text = MarkedText(row.result.title, row.result.text).with_hash(row.text_hash)
    found = {"list": row.place} | ({"rank": row.result.rank} if row.result.rank else {})
    return Marked(row.result.doc_id, mark, row.text_hash, text, found=found)


def _head(row: Row) -> str:
    result, mark, note = row.result, row.mark, row.note
    bar = f'<span class="ex-bar" aria-hidden="true"><span style="width: {100 * row.share:.0f}%"></span></span>'
    parts = [
        html.element("span", "rank", str(result.rank)) if result.rank else "",
        html.element("span", f"note ex-{note.kind}", html.text(note.text), title=note.meaning) if note else "",
        html.element("span", "score", bar, f"{result.score:.3f}"),
        *html.label_elements(result.labels),
        html.name_element("id", result.doc_id),
        html.element("span", f"marked ex-{mark}", MARK_NAMES[mark]) if mark else "",
        html.element("span", "lost", "marked in different ways") if row.opposed else "",
        _copies(len(result.copies) + 1) if result.copies else "",
        html.element("span", "near", "nearly the same as the row above") if row.near else "",
    ]
    return html.element("div", "head", *parts)


def _copies(n: int) -> str:
    meaning = "Documents with the same title and text; a mark counts for all of them"
    return html.element("span", "copies", f"{n:,} copies", title=meaning)


def _words(words: Sequence[str]) -> str:
    """Return the words that carry a row as HTML."""
    if not words:
        return ""
    shown = (html.element("span", "word", html.text(html.shortened(word, _LONGEST_FIELD))) for word in words)
    return html.element("div", "words", "words: ", " · ".join(shown), title=_WORDS_MEANING)


def _fields(result: Result) -> str:
    """Return the first short values of the source's other columns as HTML."""
    short = [(name, value) for name, value in result.metadata.items() if len(value) <= _LONGEST_FIELD]
    if not short:
        return ""
    return html.element("div", "fields", *(html.field(name, value) for name, value in short[:_MOST_FIELDS]))


def _whole_text(result: Result, spans: Sequence[Span]) -> str:
    """Return the full text as HTML with its best passage set off; a very long text is cut around that passage."""
    start, end = result.start, result.start + len(result.passage)
    first = max(0, min(start - _MOST_WHOLE // 2, len(result.text) - _MOST_WHOLE))
    last = first + _MOST_WHOLE
    before, after = result.text[first:start], result.text[end:last]
    shown = [(a, min(b, last - start)) for a, b in spans if a < last - start]
    passage = html.with_marks(result.passage[: last - start], shown)
    if before or after:
        passage = html.element("span", "passage", passage)
    text = html.element("div", "text ex-whole", _lines(before), passage, _lines(after))
    return text if len(result.text) <= _MOST_WHOLE else _cut_note(first, len(result.text)) + text


def _cut_note(first: int, n_characters: int) -> str:
    last = first + _MOST_WHOLE
    return html.quiet_line(f"Characters {first + 1:,} to {last:,} of {n_characters:,}; an export has them all.")


def _lines(raw: str) -> str:
    return html.text(html.with_line_breaks(raw))
