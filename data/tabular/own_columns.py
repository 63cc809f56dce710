"""The names of the columns that Exemplar adds to a table, where the table may have columns of these names itself."""

from collections.abc import Iterable, Iterator
from itertools import count


def own_name(name: str, columns: Iterable[str]) -> str:
    """Return the name that a column of Exemplar gets beside other columns: its own, or one with a prefix.

    Names that differ in case or in blanks around them count as the same.
    """
    known = {_key(column) for column in columns}
    return next(candidate for candidate in _candidates(name) if candidate not in known)


def own_column(name: str, columns: Iterable[str]) -> str | None:
    """Return the column of a table that ``own_name`` named when the table was written; None if there is none.

    Where a table has ``mark`` and ``exemplar_mark``, the second one is Exemplar's.
    """
    known = {_key(column): column for column in columns}
    latest = None
    for candidate in _candidates(name):
        if candidate not in known:
            return latest
        latest = known[candidate]
    return latest


def _candidates(name: str) -> Iterator[str]:
    yield name
    yield f"exemplar_{name}"
    for number in count(2):
        yield f"exemplar{number}_{name}"


def _key(column: str) -> str:
    return column.strip().casefold()
