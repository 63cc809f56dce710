"""The tables that parsed JSON may hold, and what lies nested in a row."""

import ast
import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from exemplar.data.errors import ExemplarError

_DEEPEST = 3  # objects within each other whose lists and columns are looked at
_MOST_KEYS = 200  # of an object whose keys are columns; more are values
_MOST_INDEX = 1_000_000  # characters of an inverted index
_MOST_NAMES = 20  # in a message
_CONTENTS = ("content", "text", "value", "message", "body")  # of a message in a conversation
_SPEAKERS = ("role", "from", "speaker", "author", "name", "user")


def rows_in(parsed: Any, chosen: str | None = None) -> Iterable[Any] | None:
    """Return the rows of parsed JSON, None if it has no table's layout.

    Rows are the objects of a list, or its texts; those of a list in an object, or deeper; the values of an object of
    objects, or of objects that are columns; of lists that are columns; or what pandas writes as ``split``.

    Parameters
    ----------
    chosen
        The name of the list that holds the rows, with dots between the names of objects.

    Raises
    ------
    ExemplarError
        Several lists may hold the rows, or none has the chosen name.
    """
    if isinstance(parsed, list):
        return _rows_of_list(parsed)
    if not isinstance(parsed, dict):
        return None
    lists = dict(_lists(parsed))
    if chosen is not None:
        if chosen not in lists:
            raise ExemplarError(f"it has no list '{chosen[:50]}' of objects; its lists are {_named(lists)}")
        return lists[chosen]
    if len(lists) == 1:
        return next(iter(lists.values()))
    if lists:
        raise ExemplarError(f"it has several lists: {_named(lists)}; say which holds the documents (--table NAME)")
    return _split(parsed) or _columns(parsed) or _objects(parsed)


def _rows_of_list(values: list[Any]) -> Iterable[Any] | None:
    if values and all(isinstance(value, str) for value in values):
        return ({"text": value} for value in values)
    return values if any(isinstance(value, dict) for value in values) else None


def _lists(parsed: dict[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, list[Any]]]:
    """Yield all lists of objects within objects, by their names; of those with such lists, none deeper."""
    if len(parsed) > _MOST_KEYS:
        return
    found = [(f"{prefix}{name}", value) for name, value in parsed.items() if _is_list_of_objects(value)]
    yield from found
    if not found and depth < _DEEPEST:
        for name, value in parsed.items():
            if isinstance(value, dict):
                yield from _lists(value, f"{prefix}{name}.", depth + 1)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _split(parsed: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of ``{"columns": [...], "data": [[...], ...]}``."""
    names, data = parsed.get("columns"), parsed.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not data:
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in data]


def _columns(parsed: dict[str, Any]) -> Iterable[Any] | None:
    """Return the rows of columns: lists of equal length, or objects with the same keys, which are row numbers."""
    values = list(parsed.values())
    if values and all(isinstance(value, list) for value in values):
        return _zipped(parsed, values) if values[0] and len({*map(len, values)}) == 1 else None
    if len(values) > _MOST_KEYS or not values or not all(isinstance(value, dict) and value for value in values):
        return None
    keys = values[0].keys()
    if any(value.keys() != keys for value in values) or not all(key.isdecimal() for key in keys):
        return None
    return _zipped(parsed, [list(value.values()) for value in values])


def _zipped(names: Iterable[str], columns: Sequence[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    names = list(names)
    return (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))


def _objects(parsed: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of an object of objects, whose keys are ids."""
    if len(parsed) < 2 or not all(isinstance(value, dict) for value in parsed.values()):
        return None
    return [value if "id" in value or "_id" in value else {"id": key, **value} for key, value in parsed.items()]


def _named(lists: Mapping[str, Any]) -> str:
    return ", ".join(list(lists)[:_MOST_NAMES]) or "none"


def column_names(row: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[str]:
    """Yield the columns of a row: its keys, and those of objects in it after the name of the object and a dot."""
    for name, cell in row.items():
        if depth < _DEEPEST and isinstance(cell, dict) and 0 < len(cell) <= _MOST_KEYS and not is_inverted_index(cell):
            yield from column_names(cell, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}"


def cell_at(row: Mapping[str, Any], name: str) -> Any:
    """Return a cell by the name of its column, which may lie in objects within the row; None if there is none."""
    if name in row or "." not in name:
        return row.get(name)
    first, _, rest = name.partition(".")
    while rest:
        within = row.get(first)
        if isinstance(within, dict):
            return cell_at(within, rest)
        more, _, rest = rest.partition(".")
        first = f"{first}.{more}"
    return None


def is_inverted_index(cell: Any) -> bool:
    """Return whether a cell lists the positions of each word, as OpenAlex gives abstracts."""
    return (
        isinstance(cell, dict)
        and bool(cell)
        and all(
            isinstance(places, list) and places and all(type(place) is int for place in places)
            for places in cell.values()
        )
    )


def inverted_index_in(cell: Any) -> Any:
    """Return an inverted index that a CSV file holds as JSON, or as Python writes it; another cell unchanged."""
    if not (isinstance(cell, str) and cell.lstrip().startswith("{") and len(cell) <= _MOST_INDEX):
        return cell
    for parse in (json.loads, ast.literal_eval):
        with contextlib.suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            if is_inverted_index(found := parse(cell)):
                return found
    return cell


def text_in(cell: Any) -> Any:
    """Return the text of an abstract that is an inverted index, or of a conversation, a line each; others unchanged."""
    if is_inverted_index(cell):
        words = sorted((place, word) for word, places in cell.items() for place in places)
        return " ".join(word for _, word in words)
    if _is_list_of_objects(cell):
        lines = list(map(_message, cell))
        if all(lines):
            return "\n".join(lines)  # type: ignore[arg-type]
    return cell


def _message(message: Mapping[str, Any]) -> str | None:
    content = next((message[name] for name in _CONTENTS if isinstance(message.get(name), str)), None)
    if content is None and isinstance(message.get("content"), list):  # parts, of which some are text
        parts = [part.get("text") for part in message["content"] if isinstance(part, dict)]
        content = "\n".join(part for part in parts if isinstance(part, str)) or None
    speaker = next((message[name] for name in _SPEAKERS if isinstance(message.get(name), str)), None)
    return None if content is None else f"{speaker}: {content}" if speaker else content
