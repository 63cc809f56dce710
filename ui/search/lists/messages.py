"""What the browser's lists say: all acts that are not yet confirmed, and what they show."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.rankers import RANKERS, Ranker

MOST_ACTS = 2_000  # in a message; the browser sends the others once these are confirmed
MOST_MARKED = 10_000  # rows of a range
LONGEST_NOTE = 10_000  # characters
LONGEST_REASON = 200
_LONGEST_KEY = 100
_MOST_SHOWN = 1_000_000
_MOST_NEEDED = 1_000

Kind = Literal["mark", "note", "undo", "redo", "fold", "ranker", "like"]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as the person saw it: the document, the hash of its text, the list and the rank there."""

    doc_id: str
    text_hash: str
    list: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did in the lists.

    Attributes
    ----------
    key
        Unique to the act; the log keeps an act once, however often the browser sends it.
    session_id, corpus, corpus_id
        Where it was done.
    rows
        The rows that were marked: several if it was a range.
    verdict
        Their mark; None takes marks back.
    reason
        As for ``Noted``; None if the browser has an earlier version.
    """

    key: str
    session_id: str
    corpus: str
    corpus_id: str
    kind: Kind
    rows: tuple[ShownRow, ...] = ()
    verdict: Mark | None = None
    note: str = ""
    reason: str | None = None
    on: bool = False
    side: int = 0
    ranker: Ranker = "knn"


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the browser.

    Attributes
    ----------
    number, tab
        The browser's count of its messages, and its own name.
    opened
        The open row; None if no row is open.
    shown
        How many rows the lists reach to.
    lacks
        Whether the browser lacks the text of the open row.
    needed
        The rows whose texts the browser lacks.
    unreadable
        The keys of acts that this version does not know.
    """

    number: int = 0
    tab: str = ""
    place: str = ""
    opened: int | None = None
    lacks: bool = False
    shown: int = 0
    needed: frozenset[int] = frozenset()
    acts: tuple[Act, ...] = ()
    unreadable: tuple[str, ...] = ()


def name_of_check(number: int) -> str:
    """Return what the list of a random check calls itself in acts, as others name their rankers."""
    return f"random {number}"


def number_of_check(name: str) -> int | None:
    """Return the number of the random check whose list has a name; None for other lists."""
    match = re.fullmatch(r"random ([1-9][0-9]{0,5})", name)
    return int(match[1]) if match else None


def message_from(content: Any) -> Message:
    """Return a message from what a browser sent; whatever is not of the right kind is left out."""
    if not isinstance(content, Mapping):
        return Message()
    said = content.get("acts")
    acts, unreadable = [], []
    for each in said[:MOST_ACTS] if isinstance(said, list) else ():
        if act := _act(each):
            acts.append(act)
        elif isinstance(each, Mapping) and (key := _text(each, "key", _LONGEST_KEY)):
            unreadable.append(key)
    shown, needed = content.get("shown"), content.get("need")
    return Message(
        _whole(content.get("message")) or 0,
        _text(content, "tab", _LONGEST_KEY),
        _text(content, "place"),
        _whole(content.get("open")),
        content.get("lacks") is True,
        min(_MOST_SHOWN, max(map(_count, shown), default=0) if isinstance(shown, list) else _count(shown)),
        frozenset(row for each in needed[:_MOST_NEEDED] if (row := _whole(each)) is not None)
        if isinstance(needed, list)
        else frozenset(),
        tuple(acts),
        tuple(unreadable),
    )


def _act(content: Any) -> Act | None:
    if not isinstance(content, Mapping):
        return None
    kind: Any = content.get("act")
    key, session_id = _text(content, "key", _LONGEST_KEY), _text(content, "session")
    if kind not in get_args(Kind) or not key or not session_id:
        return None
    rows = content.get("rows") if kind == "mark" else [content] if kind in ("note", "like") else []
    shown = [_row(row) for row in rows[:MOST_MARKED]] if isinstance(rows, list) else []
    verdict: Any = content.get("verdict")
    side: Any = content.get("side")
    ranker: Any = content.get("ranker")
    if None in shown or (kind in ("mark", "note", "like") and not shown):
        return None
    if kind == "mark" and verdict is not None and verdict not in MARK_NAMES:
        return None
    if kind == "ranker" and (ranker not in RANKERS or side not in (0, 1)):
        return None
    return Act(
        key,
        session_id,
        _text(content, "corpus"),
        _text(content, "corpus_id"),
        kind,
        tuple(row for row in shown if row),
        verdict,
        _text(content, "text", LONGEST_NOTE),
        _text(content, "reason", LONGEST_REASON) if "reason" in content else None,
        content.get("on") is True,
        side if kind == "ranker" else 0,
        ranker if kind == "ranker" else "knn",
    )


def _row(content: Any) -> ShownRow | None:
    if not isinstance(content, Mapping) or not isinstance(content.get("id"), str):
        return None
    return ShownRow(
        content["id"],
        _text(content, "hash", _LONGEST_KEY),
        _text(content, "list", _LONGEST_KEY),
        _count(content.get("rank")),
    )


def _text(content: Mapping[Any, Any], name: str, longest: int | None = None) -> str:
    value = content.get(name)
    return value[:longest].encode(errors="replace").decode() if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    """Return a whole number of at least 0; JavaScript's numbers may arrive as floats."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)


def _count(value: Any) -> int:
    return _whole(value) or 0
