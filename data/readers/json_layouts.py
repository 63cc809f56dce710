"""Where the rows of a JSON file lie: which of its lists or objects hold them, found without keeping its values."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from exemplar.data.errors import ExemplarError, TableUnknown
from exemplar.data.readers.json_shapes import DEEPEST, MOST_KEYS, Shape, shape_in_memory
from exemplar.data.readers.json_stream import JsonReader
from exemplar.data.readers.nested_cells import cell_at, is_inverted_index
from exemplar.data.text import listed

NO_TABLE = (
    "its JSON is neither a list of objects, nor an object with such a list, nor objects by id, nor columns of equal "
    "length"
)

_TEXTS = frozenset({"text", "body", "content", "abstract", "full_text", "fulltext"})  # of an object that is a row
_ROWS = frozenset(  # lists that a text beside them is about
    ("data", "rows", "records", "items", "results", "documents", "entries", "examples", "articles", "papers", "reviews")
)
_COLUMNS = frozenset({*_TEXTS, "title", "label", "id", "_id", "name", "description", "message", "date", "url"})
# Of an object that is a row too, though no usual name of the column that holds the text of a table.
_NAMES_OF_TEXTS = _COLUMNS.union(
    ("question", "questions", "answer", "answers", "prompt", "response", "instruction", "input", "output", "context"),
    ("passage", "query", "completion", "chosen", "rejected", "premise", "hypothesis", "source", "target", "sentence"),
    ("summary", "subject", "comment", "comments", "note", "notes", "review", "document", "full text", "headline"),
    ("author", "authors", "address", "city", "country", "journal", "publisher", "copyright", "license", "version"),
    ("display name", "article title", "document title", "category", "class", "labels", "type", "error", "status"),
)
_LEAST_WORDS, _LEAST_WORDS_BY_NAME = 2, 4  # of texts by id; and by a key without digits, which may name a column
# Lists that a layout of many files has rows in, beside others, and what each of their objects has.
_KNOWN = {
    "hits.hits": "_source",  # Elasticsearch
    "post_stream.posts": "cooked",  # Discourse
    "features": "properties",  # GeoJSON
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rows lie.

    Attributes
    ----------
    kind
        ``list``: the rows are the values of a list in an object; ``objects``, ``texts``: those of an object, whose keys
        are ids; ``row``: objects at the top, or in lists at the top, are rows; ``columns``: all of the file is read at
        once.
    path
        The names of the objects that the list or object lies in.
    within
        The name of the list in each of these values that holds the rows; empty if they are rows themselves.
    tables
        The names of all lists, if there are several and one of them was picked.
    others
        The names of the lists beside the picked one, for a message, where none was chosen.
    """

    kind: Literal["list", "objects", "texts", "row", "columns"]
    path: tuple[str, ...] = ()
    within: str = ""
    tables: tuple[str, ...] = ()
    others: str = ""


def layout_of(shape: Shape, chosen: str | None = None, holds_text: Callable[[Sequence[str]], bool] = bool) -> Layout:
    """Return where the rows of an object lie.

    Parameters
    ----------
    chosen
        The name of the list, or the object of objects, that holds the rows, with dots between the names of objects.
    holds_text
        Whether objects with columns of such names are documents, to choose among several lists.

    Raises
    ------
    ExemplarError
        No part, or several parts, may hold the rows, or none has the chosen name.
    """
    lists = {".".join(path): (path, found) for path, found in _lists(shape)}
    if chosen is not None:
        return _chosen_layout(shape, lists, chosen)
    for name, key in _KNOWN.items():
        if name in lists and any(f"{column}.".startswith(f"{key}.") for column in lists[name][1].first):
            return Layout("list", lists[name][0])
    outer = _outermost(lists)
    if any(name.lower() in _TEXTS and member.kind == "text" for name, member in shape.members.items()):
        described = (path for path in outer if path[-1].lower() in _ROWS and holds_text(lists[".".join(path)][1].first))
        path = next(described, None)
        return Layout("row") if path is None else Layout("list", path)
    if _are_columns(shape):
        return Layout("columns")
    if _are_alike(shape) and not _differ(shape, outer):
        return Layout("objects")
    if len(outer) == 1:
        return Layout("list", outer[0])
    if outer:
        names = [".".join(path) for path in outer]
        if len(holding := [name for name in names if holds_text(lists[name][1].first)]) == 1:
            others = listed([name for name in names if name not in holding])
            return Layout("list", lists[holding[0]][0], tables=tuple(lists), others=others)
        raise TableUnknown(f"it has several lists: {listed(names)}; say which holds the documents", names)
    return _without_lists(shape)


def _without_lists(shape: Shape) -> Layout:
    members = shape.members
    if _is_split(shape) or (shape.holds("list") and len({member.n for member in members.values()} | {0}) == 2):
        return Layout("columns")
    tables = [path for path, found in _objects(shape) if _are_alike(found)]
    if len(tables) == 1:
        return Layout("objects", tables[0])
    if tables:
        names = [".".join(path) for path in tables]
        raise TableUnknown(f"it has several objects of objects: {listed(names)}; say which holds the documents", names)
    if _are_texts_by_id(shape):
        return Layout("texts")
    if shape.counts.get("text"):
        return Layout("row")
    raise ExemplarError(NO_TABLE)


def _are_texts_by_id(shape: Shape) -> bool:
    """Return whether an object has at least two texts, each of several words, and keys which are not their kinds."""
    keys = [" ".join(key.lower().replace("_", " ").replace("-", " ").split()) for key in shape.members]
    if shape.n < 2 or not shape.holds("text") or not _NAMES_OF_TEXTS.isdisjoint(keys):
        return False
    have_digits = 2 * sum(any(char.isdigit() for char in key) for key in keys) >= len(keys)
    least = _LEAST_WORDS if have_digits else _LEAST_WORDS_BY_NAME
    return all(member.n_words >= least for member in shape.members.values())


def _chosen_layout(shape: Shape, lists: Mapping[str, tuple[tuple[str, ...], Shape]], chosen: str) -> Layout:
    tables = tuple(lists) if len(lists) > 1 else ()
    if chosen in lists:
        return Layout("list", lists[chosen][0], tables=tables)
    objects = {".".join(path): path for path, _ in _objects(shape)}
    if chosen in objects:
        return Layout("objects", objects[chosen])
    if found := next((name for name in lists if chosen.startswith(f"{name}.")), None):
        return Layout("list", lists[found][0], chosen[len(found) + 1 :], tables)
    names = [*lists, *objects]
    raise TableUnknown(f"it has no list '{chosen[:50]}' of objects; its lists are {listed(names) or 'none'}", names)


def _lists(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Shape]]:
    """Yield all lists that are objects for at least a half, or lists of such, by their path."""
    if shape.n > MOST_KEYS:
        return
    for name, member in shape.members.items():
        if member.kind == "list" and 2 * member.counts.get("object", 0) >= member.n > 0:
            yield (*path, name), member
        elif member.kind == "object":
            yield from _lists(member, (*path, name))


def _outermost(lists: Mapping[str, tuple[tuple[str, ...], Shape]]) -> list[tuple[str, ...]]:
    """Return the paths of lists without those in objects that lie beside a list."""
    paths = [path for path, _ in lists.values()]
    beside = {path[:-1] for path in paths}
    return [path for path in paths if not any(path[:end] in beside for end in range(len(path) - 1))]


def _objects(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Shape]]:
    """Yield objects of objects by their path; of those whose objects are alike, none deeper."""
    if "object" in shape.counts and shape.n > 1:
        yield path, shape
        if _are_alike(shape):
            return
    for name, member in shape.members.items():
        if member.kind == "object" and len(path) + 1 < DEEPEST:
            yield from _objects(member, (*path, name))


def _are_alike(shape: Shape) -> bool:
    """Return whether an object has at least two objects, of which neighbours have a key in common."""
    members = [member for member in shape.members.values() if member.kind == "object"]
    if len(members) < 2 or {"text", "list"} & shape.counts.keys() or 2 * shape.counts["object"] < shape.n:
        return False
    pairs = list(itertools.pairwise(members))
    return 2 * sum(not a.members.keys().isdisjoint(b.members) for a, b in pairs) >= len(pairs)


def _differ(shape: Shape, lists: Sequence[tuple[str, ...]]) -> bool:
    """Return whether objects are parts of a file rather than rows: most of what they hold is lists."""
    return 2 * len({path[0] for path in lists}) > shape.n and not any(
        member.kind == "text" for each in shape.members.values() for member in each.members.values()
    )


def _are_columns(shape: Shape) -> bool:
    """Return whether objects are columns: all have the same keys, which are numbers, or theirs are names of columns."""
    members = list(shape.members.values())
    keys = members[0].members.keys() if members else ()
    if (
        not keys
        or not shape.holds("object")
        or shape.n > MOST_KEYS
        or any(member.n != members[0].n for member in members)
    ):
        return False
    if any(member.members.keys() != keys for member in members):
        return False
    return all(map(_is_number, keys)) or (
        not _COLUMNS.isdisjoint(map(str.lower, shape.members)) and _COLUMNS.isdisjoint(map(str.lower, keys))
    )


def _is_number(key: str) -> bool:
    return key.removeprefix("-").replace(".", "", 1).isdecimal()


def _is_split(shape: Shape) -> bool:
    names, data = shape.members.get("columns"), shape.members.get("data")
    return names is not None and data is not None and names.kind == "list" and data.holds("list")


def values_at(reader: JsonReader, layout: Layout) -> Iterator[Any]:
    """Yield the values of all lists at the top, and of the list or object that a layout names."""
    for _ in reader.roots():
        if reader.peek() == "[":
            for _ in reader.items():
                yield reader.value()
        elif layout.kind == "row":
            yield reader.value()
        else:
            for _ in _at_path(reader, layout.path):
                yield from _values_of_list(reader) if layout.kind == "list" else _values_by_id(reader, layout.kind)


def _at_path(reader: JsonReader, path: tuple[str, ...]) -> Iterator[None]:
    """Stand before the value at a path, if there is one, and go behind all others."""
    if not path:
        yield
    elif reader.peek() != "{":
        reader.value()
    else:
        for name in reader.members():
            if name == path[0]:
                yield from _at_path(reader, path[1:])
            else:
                reader.value()


def _values_of_list(reader: JsonReader) -> Iterator[Any]:
    if reader.peek() != "[":
        reader.value()
        return
    for _ in reader.items():
        yield reader.value()


def _values_by_id(reader: JsonReader, kind: str) -> Iterator[Any]:
    if reader.peek() != "{":
        reader.value()
        return
    for key in reader.members():
        value = reader.value()
        if kind == "texts":
            value = {"text": value}
        has_id = not isinstance(value, dict) or "id" in value or "_id" in value
        yield value if has_id else {"id": key, **value}


def rows_within(value: Any, name: str) -> list[Any] | None:
    """Return the values of the list of a name in a row, as it lies in lists and objects; None if there is none."""
    if not name:
        return value if isinstance(value, list) else None
    if isinstance(value, list):
        found = [rows_within(each, name) for each in value]
        return None if all(each is None for each in found) else [row for each in found for row in each or ()]
    if not isinstance(value, dict):
        return None
    if isinstance(cell := cell_at(value, name), list):
        return cell
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        cell = cell_at(value, ".".join(parts[:end]))
        if isinstance(cell, list):
            return rows_within(cell, ".".join(parts[end:]))
    return None


def list_names(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the names of the lists of objects in rows, for a message."""
    names = dict.fromkeys(
        ".".join(path) for row in rows if not is_inverted_index(row) for path, _ in _lists(shape_in_memory(row))
    )
    return listed(list(names)) or "none"
