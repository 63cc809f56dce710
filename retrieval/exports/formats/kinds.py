"""The columns of rows that need not have the same cells, and the kind of value that each column holds."""

from collections.abc import Mapping
from typing import Any

from exemplar.retrieval.exports.export import Kind

_SINGLE: Mapping[type, Kind] = {str: "text", int: "int", float: "float", bool: "bool", type(None): "blank"}
_LISTS: Mapping[Kind, Kind] = {"text": "texts", "int": "ints", "float": "floats", "blank": "texts"}
_TOGETHER: Mapping[frozenset[Kind], Kind] = {
    frozenset[Kind](("int", "float")): "float",
    frozenset[Kind](("ints", "floats")): "floats",
}
_EXACT, _INT64 = 2**53, 2**63


class Kinds:
    """Collects the columns of rows in their order, each with the kind of its values."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._order: list[str] = []
        self._large: set[str] = set()  # columns with integers that are not exact as float64

    def add(self, cells: Mapping[str, Any]) -> None:
        """Add the cells of a row; a column that is new stands behind the one before it in the row."""
        kinds, last = self._kinds, ""
        for name, value in cells.items():
            kind = kinds.get(name)
            if kind is None:
                kind = kinds[name] = "blank"
                self._order.insert(self._order.index(last) + 1 if last in kinds and last != name else 0, name)
            if not (kind == "text" and type(value) is str):
                kinds[name] = _joined(kind, _kind_of(value))
                if type(value) is int and not -_INT64 <= value < _INT64:
                    self._large.add(name)
            last = name

    def columns(self) -> dict[str, Kind]:
        """Return the kinds by column, in the order of columns; a column without values is text."""
        return {name: self._kind(name) for name in self._order}

    def _kind(self, name: str) -> Kind:
        kind = self._kinds[name]
        return "text" if kind == "blank" else "json" if kind == "float" and name in self._large else kind


def _kind_of(value: Any) -> Kind:
    if type(value) is list:
        kind: Kind = "blank"
        for item in {_kind_of(each) for each in value}:
            kind = _joined(kind, item)
        return _LISTS.get(kind, "json") if value else "blank"
    if type(value) is int and not -_INT64 <= value < _INT64:
        return "json"
    return _SINGLE.get(type(value), "json")


def _joined(one: Kind, other: Kind) -> Kind:
    """Return the kind that holds the values of two; all values together are JSON."""
    if one == other or other == "blank":
        return one
    if one == "blank":
        return other
    return _TOGETHER.get(frozenset((one, other)), "json")
