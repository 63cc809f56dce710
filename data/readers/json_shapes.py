"""What values of JSON consist of, found without keeping them."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from exemplar.data.errors import ExemplarError
from exemplar.data.readers.json_stream import JsonReader
from exemplar.data.readers.nested_cells import table_columns

DEEPEST = 3  # objects within each other whose lists are looked at
MOST_KEYS = 200  # of an object that is looked into

_MOST_LOOKED_AT = 20_000  # keys of all objects in a file
_PEEKED = 200  # characters of a text


@dataclass(slots=True)
class Shape:
    """What a value of JSON consists of.

    Attributes
    ----------
    kind
        ``other`` is a number, a truth value or null.
    counts
        How many values of a list or object there are of each kind.
    members
        Of an object, the first 200 by name.
    first
        The names of columns in the first object of a list.
    n_words
        Of a text, in its first 200 characters.
    """

    kind: Literal["object", "list", "text", "other"]
    counts: dict[str, int] = field(default_factory=dict)
    members: dict[str, "Shape"] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    n_words: int = 0

    @property
    def n(self) -> int:
        """The number of values of a list or object."""
        return sum(self.counts.values())

    def holds(self, kind: str) -> bool:
        """Return whether all values are of one kind."""
        return 0 < self.n == self.counts.get(kind, 0)

    def count(self, kind: str) -> None:
        """Count a value."""
        self.counts[kind] = self.counts.get(kind, 0) + 1


def read_shape(reader: JsonReader) -> Shape:
    """Read a value and return its shape; raises NotJson."""
    return _read_shape(reader, 1, [_MOST_LOOKED_AT])


def _read_shape(reader: JsonReader, depth: int, n_left: list[int]) -> Shape:
    char = reader.peek()
    if char == "[":
        shape = Shape("list")
        for _ in reader.items():
            shape = _with_item(shape, reader.value())
        return shape
    if char != "{" or depth > DEEPEST:
        shape = shape_of(reader.value())
        n_left[0] -= len(shape.members)
        return shape
    shape = Shape("object")
    for name in reader.members():
        if len(shape.members) < MOST_KEYS and n_left[0] > 0:
            n_left[0] -= 1
            shape.members[name] = member = _read_shape(reader, depth + 1, n_left)
            shape.count(member.kind)
        else:
            shape.count(_kind(reader.value()))
    return shape


def shape_of(value: Any) -> Shape:
    """Return the shape of a value in memory."""
    if isinstance(value, dict):
        members = {name: Shape(_kind(cell)) for name, cell in list(value.items())[:MOST_KEYS]}
        shape = Shape("object", members=members)
        for cell in value.values():
            shape.count(_kind(cell))
        return shape
    if isinstance(value, str):
        return Shape("text", n_words=len(value[:_PEEKED].split()))
    shape = Shape(_kind(value))
    if isinstance(value, list):
        for item in value:
            shape = _with_item(shape, item)
    return shape


def _with_item(shape: Shape, item: Any) -> Shape:
    shape.count(_kind(item))
    if not shape.first and isinstance(item, dict):
        with suppress(ExemplarError):
            shape.first = tuple(table_columns([item]))
    return shape


def _kind(value: Any) -> Literal["object", "list", "text", "other"]:
    if isinstance(value, dict):
        return "object"
    return "list" if isinstance(value, list) else "text" if isinstance(value, str) else "other"


def shape_in_memory(value: Any, depth: int = 1) -> Shape:
    """Return the shape of a value in memory, with those of objects in it."""
    shape = shape_of(value)
    if isinstance(value, dict) and depth <= DEEPEST:
        shape.members = {name: shape_in_memory(value[name], depth + 1) for name in shape.members}
    return shape
