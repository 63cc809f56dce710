"""What lies nested in the cells of a row: columns by dotted names, conversations, labels of annotation tools."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from exemplar.data.files.table import Row, check_names
from exemplar.data.readers.atlassian import atlassian_text, is_atlassian

_DEEPEST = 3  # objects within each other whose keys are columns
_MOST_KEYS = 200  # of an object whose keys are columns; more are values
_MOST_PARSED = 10_000_000  # characters of a text that is parsed as JSON
_CONTENTS = ("content", "text", "value", "message", "body")  # of a message in a conversation
_SPEAKERS = ("role", "from", "speaker", "author", "sender", "name", "user")
_LABELS = ("label", "labels", "name", "value", "title")  # of an object that is a label
_CHOSEN = ("choices", "labels", "taxonomy")  # of a value in Label Studio
_IS_NESTED = re.compile(r"(?i)inverted|messages|conversation|mapping")  # a name of a column that may hold JSON
_BEFORE_INDEX = 100  # characters
_MONGO = frozenset({"$oid", "$date", "$uuid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal"})

Cells = Iterator[tuple[str, Any]]

# Python's notation of what JSON has too: pandas writes lists and objects so to CSV.
_QUOTED = r"""(?:'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+")"""
_LIST_IN_PYTHON = re.compile(rf"\[\s*{_QUOTED}(?:\s*,\s*{_QUOTED})*+\s*\]", re.DOTALL)
_PLACES = rf"({_QUOTED})\s*:\s*\[([\d\s,]*+)\]"
_INDEX_IN_PYTHON = re.compile(rf"\{{\s*{_PLACES}(?:\s*,\s*{_PLACES})*+\s*\}}", re.DOTALL)


def table_columns(rows: Iterable[Row]) -> dict[str, None]:
    """Return the columns of rows, in order; the keys of objects follow the name of their cell after a dot.

    A column is one if its objects have more than 200 keys in all, or if some of its cells are no objects.

    Raises
    ------
    ExemplarError
        They are too many.
    """
    plain: dict[str, bool] = {}  # whether a cell of the column is no object
    nested: dict[str, dict[str, None]] = {}
    n_nested, n_characters = 0, 0
    for row in rows:
        for name, cell in row.items():
            if name not in plain:
                plain[name] = False
                n_characters += len(name)
            if _has_columns(cell):
                names = nested.setdefault(name, {})
                if len(names) <= _MOST_KEYS:
                    n_nested -= len(names)
                    names.update(dict.fromkeys(_names_in(cell, f"{name}.", 2)))
                    n_nested += len(names)
            elif cell is not None:
                plain[name] = True
        check_names(len(plain) + n_nested, n_characters)
    columns: dict[str, None] = {}
    for name, is_plain in plain.items():
        names = nested.get(name, {})
        columns |= names if names and len(names) <= _MOST_KEYS and not is_plain else {name: None}
    check_names(len(columns), sum(map(len, columns)))
    return columns


def _names_in(row: Mapping[str, Any], prefix: str, depth: int) -> Iterator[str]:
    for name, cell in row.items():
        if depth < _DEEPEST and _has_columns(cell):
            yield from _names_in(cell, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}"


def _has_columns(cell: Any) -> bool:
    """Return whether a cell is an object whose keys are columns, and not one that is a value."""
    if not isinstance(cell, dict) or not 0 < len(cell) <= _MOST_KEYS:
        return False
    is_text = is_inverted_index(cell) or _is_tree(cell) or is_atlassian(cell)
    return not (is_text or _is_mongo(cell) or cell.keys() <= {*_CHOSEN})


def cell_at(row: Mapping[str, Any], name: str) -> Any:
    """Return a cell by the name of its column, which may lie in objects within the row; None if there is none."""
    cell = row.get(name)
    if cell is not None or "." not in name or name in row:
        return _from_mongo(cell) if isinstance(cell, dict) else cell
    first, _, rest = name.partition(".")
    while rest:
        within = row.get(first)
        if isinstance(within, dict) and (found := cell_at(within, rest)) is not None:
            return found
        more, _, rest = rest.partition(".")
        first = f"{first}.{more}"
    return None


def objects_of(names: Iterable[str]) -> frozenset[str]:
    """Return the names of the objects that columns may lie in."""
    return frozenset(name[: dot.start()] for name in names for dot in re.finditer(r"\.", name))


def cells_beside(row: Mapping[str, Any], taken: Collection[str], opened: Collection[str], prefix: str = "") -> Cells:
    """Yield the cells of a row by column, without the taken columns; those of the opened objects are columns too."""
    for key, cell in row.items():
        name = f"{prefix}{key}" if prefix else key
        if name in opened and isinstance(cell, dict):
            yield from cells_beside(cell, taken, opened, f"{name}.")
        elif name not in taken:
            yield name, cell


def readable(cell: Any) -> Any:
    """Return a cell of metadata: values of MongoDB, names in parts, and Atlassian's texts as plain ones."""
    if isinstance(cell, dict):
        return atlassian_text(cell) if is_atlassian(cell) else _from_mongo(cell)
    if isinstance(cell, list) and cell and all(isinstance(each, list) and _are_texts(each) for each in cell):
        return "; ".join(", ".join(filter(None, each)) for each in cell)
    return cell


def _is_mongo(cell: dict[str, Any]) -> bool:
    return len(cell) == 1 and not _MONGO.isdisjoint(cell)


def _from_mongo(cell: dict[str, Any]) -> Any:
    """Return the value of MongoDB's extended JSON, such as ``{"$oid": "64a..."}``; other objects unchanged."""
    if not _is_mongo(cell):
        return cell
    [(kind, value)] = cell.items()
    is_number = isinstance(value, dict | int)
    if isinstance(value, dict):
        value = _from_mongo(value)
    if kind == "$date" and is_number and str(value).lstrip("-").isdecimal():  # milliseconds
        with suppress(OverflowError, ValueError):
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
            return moment.isoformat().replace("+00:00", "Z")
    return value


def is_inverted_index(cell: Any) -> bool:
    """Return whether a cell lists the positions of each word, as OpenAlex and Microsoft Academic give abstracts."""
    return (
        isinstance(cell, dict)
        and bool(index := _index_in(cell))
        and all(
            isinstance(places, list) and places and all(type(place) is int for place in places)
            for places in index.values()
        )
    )


def _index_in(cell: dict[str, Any]) -> dict[str, Any]:
    """Return the words of an inverted index; those of Microsoft Academic lie beside their number."""
    within = cell.get("InvertedIndex")
    return within if isinstance(within, dict) and cell.keys() <= {"IndexLength", "InvertedIndex"} else cell


def text_in(cell: Any, column: str) -> Any:
    """Return the text of an abstract that is an inverted index, of a conversation, or of Atlassian's nodes.

    Messages and blocks are a line each; other cells are returned unchanged. In a column that is named so, a text that
    holds an index or a conversation is read too, as CSV files have it.
    """
    if isinstance(cell, str):
        is_mag = cell.startswith("{") and '"InvertedIndex"' in cell[:_BEFORE_INDEX]
        if not cell.startswith(("{", "[")) or not (is_mag or _IS_NESTED.search(column)):
            return cell
        parsed = _parsed(cell)
        return cell if parsed is None else text_in(parsed, column)
    if is_inverted_index(cell):
        words = sorted((place, word) for word, places in _index_in(cell).items() for place in places)
        return " ".join(word for _, word in words)
    if is_atlassian(cell):
        return atlassian_text(cell)
    if _is_tree(cell):
        cell = _branch(cell)
    if not isinstance(cell, list):
        return cell
    if any(isinstance(part, str) for part in cell) and any(map(_is_part, cell)):  # as Telegram parts a message
        texts = [part if isinstance(part, str) else part.get("text") for part in cell if isinstance(part, str | dict)]
        return "".join(text for text in texts if isinstance(text, str))
    messages = list(filter(None, map(_message, cell))) if _are_objects(cell) else []
    return "\n".join(messages) if messages else cell


def _parsed(text: str) -> Any:
    """Return the value of a text of JSON or of Python's notation, None if it is neither."""
    if len(text) > _MOST_PARSED:
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    if _INDEX_IN_PYTHON.fullmatch(text):
        found = re.finditer(_PLACES, text, re.DOTALL)
        return {_unquoted(each[1]): [int(place) for place in re.findall(r"\d{1,9}", each[2])] for each in found}
    if _LIST_IN_PYTHON.fullmatch(text):
        return [_unquoted(each[0]) for each in re.finditer(_QUOTED, text, re.DOTALL)]
    return None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(['\"\\])", r"\1", text[1:-1])


def _is_part(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def _message(message: Mapping[str, Any]) -> str | None:
    """Return who said it and what; None for a message without text, such as a picture or the call of a tool."""
    content: Any = next(
        (message[name] for name in _CONTENTS if message.get(name) and isinstance(message[name], str | list)), None
    )
    if content is None and isinstance(message.get("content"), dict):  # as ChatGPT exports it
        content = message["content"].get("parts")
    if isinstance(content, list):
        parts = [
            part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, str | dict)
        ]
        content = "\n".join(part for part in parts if isinstance(part, str) and part)
    speaker: Any = next((message[name] for name in _SPEAKERS if isinstance(message.get(name), str | dict)), None)
    if isinstance(speaker, dict):
        speaker = speaker.get("role") or speaker.get("name")
    if not isinstance(content, str) or not content.strip():
        return None
    return f"{speaker}: {content}" if isinstance(speaker, str) and speaker else content


def _is_tree(cell: Any) -> bool:
    """Return whether a cell is a conversation whose messages know their parents, as ChatGPT exports it."""
    return (
        isinstance(cell, dict)
        and bool(cell)
        and all(isinstance(node, dict) and "message" in node and "parent" in node for node in cell.values())
    )


def _branch(tree: dict[str, Any]) -> list[Any]:
    """Return the messages from the root to the last node, which is the branch that was shown last."""
    messages: list[Any] = []
    seen: set[str] = set()
    name: Any = next(reversed(tree))
    while isinstance(name, str) and name in tree and name not in seen:
        seen.add(name)
        messages.append(tree[name]["message"])
        name = tree[name]["parent"]
    return [message for message in reversed(messages) if isinstance(message, dict)]


def labels_in(cell: Any) -> Any:
    """Return the labels that annotation tools write, as a list of texts; other cells unchanged.

    These are spans with a name (doccano, spaCy), objects with a name, the choices of Label Studio's annotations, of
    all annotators, and an object of names that are true or false.
    """
    if isinstance(cell, str):
        if not cell.startswith(("{", "[")):
            return cell
        parsed = labels_in(_parsed(cell))
        return (
            parsed if isinstance(parsed, list) and not any(isinstance(each, list | dict) for each in parsed) else cell
        )
    if isinstance(cell, dict):
        return _labels_of_object(cell)
    if isinstance(cell, list) and any(isinstance(each, list | dict) for each in cell):
        labels = list(map(_label, cell))
        return [name for names in labels for name in names or ()] if None not in labels else cell
    return cell


def _labels_of_object(cell: dict[str, Any]) -> Any:
    if cell and all(isinstance(value, bool) for value in cell.values()):
        return [name for name, value in cell.items() if value]
    if (chosen := _chosen(cell)) is not None:
        return chosen
    names = _label(cell)
    return cell if names is None else names


def _label(each: Any) -> list[str] | None:
    """Return the names of a label that is a text, a span or an object; None if it has none."""
    if isinstance(each, str):
        return [each]
    if isinstance(each, list):  # the beginning and the end of a span, and its name
        is_span = len(each) > 2 and type(each[0]) is int and type(each[1]) is int and isinstance(each[2], str)
        return [each[2]] if is_span else None
    if not isinstance(each, dict):
        return None
    if isinstance(each.get("result"), list):  # an annotation in Label Studio
        return [] if each.get("was_cancelled") else [name for found in each["result"] for name in _named(found)]
    if (chosen := _chosen(each)) is not None:
        return chosen
    return next(([each[name]] for name in _LABELS if isinstance(each.get(name), str)), None)


def _named(result: Any) -> list[str]:
    value = result.get("value") if isinstance(result, dict) else None
    if not isinstance(value, dict):
        return []
    by_kind = {"choices": value.get(str(result.get("type")))}  # the labels of regions have many kinds of names
    return _chosen(value) or _chosen(by_kind) or []


def _chosen(value: dict[str, Any]) -> list[str] | None:
    """Return the labels in a value of Label Studio; of a taxonomy, paths with slashes."""
    for name in _CHOSEN:
        chosen = value.get(name)
        if isinstance(chosen, list) and _are_texts(chosen):
            return chosen
        if isinstance(chosen, list) and all(isinstance(each, list) and _are_texts(each) for each in chosen):
            return ["/".join(each) for each in chosen]
    return None


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _are_objects(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)
