"""Rows of a ranking as HTML for a notebook; whatever comes from the data is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from exemplar.data.encoders.base import Span

_EXCERPT, _BEFORE = 400, 100  # characters: of a text, and before its first highlight
_LONGEST_NAME = 200  # characters of a label or a title
_CELL = 'style="text-align: left; vertical-align: top"'


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of a ranking.

    Attributes
    ----------
    mark
        Its name; empty without one.
    label
        Of the row in the frame's index.
    spans
        The parts of the passage to highlight, in order.
    """

    rank: int
    score: float
    mark: str
    label: str
    title: str
    passage: str
    spans: tuple[Span, ...] = ()


def table(rows: Sequence[Shown], n: int, caption: str) -> str:
    """Return the first rows of a ranking of n as a table."""
    heads = "".join(f"<th {_CELL}>{name}</th>" for name in ("rank", "score", "mark", "row", "text"))
    more = f"<p>{n - len(rows):,} more in <code>to_frame()</code></p>" if n > len(rows) else ""
    body = "".join(map(_row, rows))
    # MathJax would take what stands between two dollar signs for a formula.
    return (
        f'<div class="mathjax_ignore tex2jax_ignore"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}</div>"
    )


def excerpt(text: str, spans: Sequence[Span], most: int = _EXCERPT) -> tuple[str, list[Span]]:
    """Return a part of a text that begins a little before the first span, and the spans in it."""
    start = max(0, spans[0][0] - _BEFORE) if spans else 0
    start = text.rfind(" ", 0, start) + 1 if start else 0
    end = min(len(text), start + most)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    moved = len(before) - start
    inside = [(first + moved, min(last, end) + moved) for first, last in spans if first < end]
    return f"{before}{text[start:end]}{after}", inside


def _row(row: Shown) -> str:
    text, spans = excerpt(row.passage, row.spans)
    parts, at = [], 0
    for first, last in spans:
        parts += [escape(text[at:first]), f"<mark>{escape(text[first:last])}</mark>"]
        at = last
    title = f"<b>{escape(_short(row.title))}</b><br>" if row.title else ""
    cells = (
        str(row.rank),
        f"{row.score:.3f}",
        escape(row.mark),
        escape(_short(row.label)),
        f'<div dir="auto">{title}{"".join(parts)}{escape(text[at:])}</div>',
    )
    return f"<tr>{''.join(f'<td {_CELL}>{cell}</td>' for cell in cells)}</tr>"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]} …"
