"""The cells of a table as text."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from exemplar.data.errors import ExemplarError

MOST_CHARACTERS = 10_000_000
TOO_LONG = f"longer than {MOST_CHARACTERS:,} characters"

_MOST_NESTED_CHARACTERS = 10_000
_WHOLE_FLOAT = re.compile(r"-?\d+\.0+")
_PLAIN = (str, int, float, Decimal, date, time, timedelta, UUID, bytes, type(None))


class Joined(str):
    """The cells of several columns of the same name as one text, a line each.

    Attributes
    ----------
    parts
        The cells, which are labels by themselves.
    """

    __slots__ = ("parts",)

    def __new__(cls, parts: Sequence[str]) -> "Joined":
        """Return the joined parts."""
        joined = super().__new__(cls, "\n".join(parts))
        joined.parts = tuple(parts)
        return joined

    def __getnewargs__(self) -> tuple[tuple[str, ...]]:  # type: ignore[override]
        """Return what a copy is made of."""
        return (self.parts,)

    parts: tuple[str, ...]


def is_plain(cell: Any) -> bool:
    """Return whether a cell is a single value, whose text is obvious."""
    return isinstance(cell, _PLAIN)


def is_plain_list(cell: Any) -> bool:
    """Return whether a cell is a list of single values."""
    return isinstance(cell, list | tuple) and all(map(is_plain, cell))


def plain_text(cell: Any, what: str) -> str | None:
    """Return a plain cell as text, None for a missing or blank one.

    Raises
    ------
    ExemplarError
        The cell is a list, a dict, or bytes that are not UTF-8; the message begins with ``what``.
    """
    if isinstance(cell, str):
        return cell if cell and not cell.isspace() else None
    if cell is None or cell != cell:  # NaN is the only value unequal to itself
        return None
    if isinstance(cell, bytes):
        try:
            return plain_text(cell.decode(), what)
        except UnicodeDecodeError:
            raise ExemplarError(f"{what} is bytes that are not UTF-8") from None
    if not is_plain(cell):
        raise ExemplarError(f"{what} is a {type(cell).__name__}")
    return str(cell)


def id_text(cell: Any, what: str, *, are_floats: bool = False) -> str | None:
    """Return the cell of an id as text without blanks around it, None for a missing or blank one.

    Parameters
    ----------
    are_floats
        Whether all ids are whole numbers with a fraction of zero, as spreadsheets write those of a column with gaps:
        1.0 is 1. A number, which is no text, needs no such rule.

    Raises
    ------
    ExemplarError
        As for ``plain_text``.
    """
    text = plain_text(int(cell) if isinstance(cell, float) and cell.is_integer() else cell, what)
    stripped = text and text.strip()
    return stripped.partition(".")[0] if stripped and are_floats and is_float_of_whole(stripped) else stripped


def is_float_of_whole(cell: Any) -> bool:
    """Return whether a cell is a text such as 1.0."""
    return isinstance(cell, str) and _WHOLE_FLOAT.fullmatch(cell.strip()) is not None


def listed_texts(cell: Any, what: str) -> tuple[str, ...]:
    """Return a plain cell, or the different plain cells of a list, as texts without blanks around them.

    Missing and blank ones are left out.

    Raises
    ------
    ExemplarError
        ``plain_text`` raises it for the cell, or for one of the list.
    """
    if isinstance(cell, Joined):
        return tuple(dict.fromkeys(part.strip() for part in cell.parts if part.strip()))
    if isinstance(cell, str):
        stripped = cell.strip()
        return (stripped,) if stripped else ()
    texts = _plain_texts(cell if is_plain_list(cell) else [cell], what)
    return tuple(dict.fromkeys(text.strip() for text in texts))


def _plain_texts(cells: Sequence[Any], what: str) -> Iterator[str]:
    return filter(None, (plain_text(cell, what) for cell in cells))


def metadata_text(cell: Any) -> str | None:
    """Return any cell as text; None for a missing, blank or huge cell, and for bytes that are not UTF-8."""
    if isinstance(cell, str):
        return cell if cell and not cell.isspace() else None
    try:
        if is_plain(cell):
            return plain_text(cell, "it")
        text = ", ".join(_plain_texts(cell, "it")) if is_plain_list(cell) else cell and _compact_json(cell)
    except (ValueError, TypeError, RecursionError):
        return None
    return text if text and len(text) <= _MOST_NESTED_CHARACTERS else None


def _compact_json(cell: Any) -> str:
    return json.dumps(cell, ensure_ascii=False, separators=(",", ":"), default=str)
