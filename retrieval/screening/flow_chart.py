"""The flow of a review as an SVG picture, in the look of the PRISMA 2020 flow diagram (Page et al. 2021)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from exemplar.retrieval.screening.flow import Flow

# What XML can't hold, and what changes the direction of the text behind it.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")
_LONGEST = 160  # characters of a reason or a name
_WIDEST = 44  # characters of a line; those of East Asia count double

_LEFT, _RIGHT, _WIDTH = 60, 440, 320  # pixels: where the columns begin, and how wide a box is
_LINE, _PADDING, _GAP = 18, 12, 28
_LEAST = (104, 0, 0, 76)  # of the rows, so that the names of the phases, which stand upright, fit
_PHASES = ("Identification", "Screening", "Included")
_STYLE = (
    "text{font:13px Helvetica,Arial,sans-serif;fill:#111}rect{fill:#fff;stroke:#333}.phase rect{fill:#cfe0f3}"
    ".phase text{font-weight:bold;text-anchor:middle}path{fill:none;stroke:#333;marker-end:url(#head)}"
)


def flow_svg(flow: Flow) -> bytes:
    """Return the diagram: the records that go on in the left column, those that do not in the right one."""
    rows = [
        (_counted(f"Records identified from {_short(flow.corpus)}", flow.n_identified), _removed(flow)),
        (_counted("Records to screen", flow.n_to_screen), _counted("Records not screened", flow.n_not_screened)),
        (_counted("Records screened", flow.n_screened), _excluded(flow)),
        (_counted("Records included", flow.n_included), []),
    ]
    needed = [2 * _PADDING + _LINE * max(len(left), len(right)) for left, right in rows]
    heights = [max(pair) for pair in zip(needed, _LEAST, strict=True)]
    tops = [_GAP + sum(heights[:n]) + _GAP * n for n in range(len(rows))]
    parts = [_phase(_PHASES[0], tops[0], heights[0])]
    parts += [_phase(_PHASES[1], tops[1], tops[2] + heights[2] - tops[1])]
    parts += [_phase(_PHASES[2], tops[3], heights[3])]
    for n, ((left, right), top, height) in enumerate(zip(rows, tops, heights, strict=True)):
        parts.append(_box(left, _LEFT, top, height))
        if right:
            parts += [
                _box(right, _RIGHT, top, height),
                _arrow(_LEFT + _WIDTH, top + height / 2, _RIGHT - _LEFT - _WIDTH, 0),
            ]
        if n:
            parts.append(_arrow(_LEFT + _WIDTH / 2, top - _GAP, 0, _GAP))
    return _picture(
        parts, _RIGHT + _WIDTH + _GAP, tops[-1] + heights[-1] + _GAP, f"PRISMA flow of {_short(flow.session)}"
    )


def _removed(flow: Flow) -> list[str]:
    outside = {"Outside the filters": flow.n_outside} if flow.n_outside else {}
    parts = {"Duplicate records": flow.n_duplicates, "Left out of the corpus": flow.n_left_out}
    lines = ["Records removed before screening:"]
    lines += [line for name, n in parts.items() for line in _counted(name, n)]
    lines += [line for reason, n in flow.left_out.items() for line in _counted(f"\u2013 {_short(reason)}", n)]
    return [*lines, *(line for name, n in outside.items() for line in _counted(name, n))]


def _excluded(flow: Flow) -> list[str]:
    lines = _counted("Records excluded", flow.n_excluded)
    lines += [line for reason, n in flow.excluded.items() for line in _counted(f"\u2013 {_short(reason)}", n)]
    return [*lines, *_counted("Records unsure", flow.n_unsure)]


def _counted(words: str, n: int) -> list[str]:
    """Return words and a number as lines that fit into a box."""
    return list(_wrapped(f"{words} (n\u00a0=\u00a0{n:,})"))


def _short(text: str) -> str:
    line = " ".join(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", text[: 4 * _LONGEST]).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _wrapped(text: str) -> Iterable[str]:
    """Yield a text in lines, broken at blanks, and within words that are wider than a line."""
    line = ""
    for word in re.findall(r"[^ ]+ ?", text):
        if line and _width_of(line + word.rstrip(" ")) > _WIDEST:
            yield line.rstrip(" ")
            line = ""
        for character in word:
            if _width_of(line + character) > _WIDEST and character != " ":
                yield line.rstrip(" ")
                line = ""
            line += character
    yield line.rstrip(" ")


def _width_of(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _box(lines: Sequence[str], x: float, y: float, height: float) -> str:
    first = y + (height - _LINE * len(lines)) / 2 + 13
    texts = (
        f'<text x="{x + _PADDING:g}" y="{first + _LINE * n:g}">{escape(line)}</text>' for n, line in enumerate(lines)
    )
    return f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{height:g}"/>{"".join(texts)}'


def _phase(name: str, y: float, height: float) -> str:
    return (
        f'<g class="phase"><rect x="16" y="{y:g}" width="28" height="{height:g}" rx="6"/>'
        f'<text transform="translate(35 {y + height / 2:g}) rotate(-90)">{escape(name)}</text></g>'
    )


def _arrow(x: float, y: float, right: float, down: float) -> str:
    return f'<path d="M{x:g} {y:g}l{right:g} {down:g}"/>'


def _picture(parts: Sequence[str], width: float, height: float, title: str) -> bytes:
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    head = (
        '<marker id="head" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L10 5L0 10z" style="fill:#333;stroke:none;marker-end:none"/></marker>'
    )
    content = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(title)}</title>'
        f"<defs><style>{_STYLE}</style>{head}</defs>"
        f'<rect width="100%" height="100%" style="stroke:none"/>{"".join(parts)}</svg>\n'
    )
    return content.encode()
