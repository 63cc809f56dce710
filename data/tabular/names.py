"""The names of a table's columns: whether its first row has them, names that are repeated, and columns without one."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from exemplar.data.documents import Problem
from exemplar.data.files.values import Joined

_MOSTLY = 0.8  # of the rows have as many cells as the header
_MOST_BEFORE = 20  # rows before a header
_NUMBER = re.compile(r"[-+]?[\d.,/:-]*\d")


def cell_count(row: Sequence[str]) -> int:
    """Return the number of cells up to the last that is not blank."""
    return max((number for number, cell in enumerate(row, start=1) if cell.strip()), default=0)


def n_before(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows stand before a header, each with fewer cells than it, as the rows below it have."""
    counts = [cell_count(row) for row in rows]
    for number in range(1, min(_MOST_BEFORE, len(rows) - 1)):
        width, below = counts[number], rows[number + 1 :]
        if width < 2 or max(counts[:number]) >= width:
            continue
        if sum(len(row) >= width >= cell_count(row) for row in below) >= _MOSTLY * len(below):
            return number
    return 0


def header_hint(rows: Sequence[Sequence[str]], line_of: Callable[[int], int]) -> str:
    """Return what to do where the first row does not look like a header; empty where it does.

    Parameters
    ----------
    line_of
        Returns the line of a row, counted from 1, by its index.
    """
    if not rows:
        return ""
    if before := n_before(rows):
        return late_header(line_of(before))
    return no_header(rows[0])


def late_header(line: int) -> str:
    """Return what to do where the header stands in a later line."""
    return f"its header seems to be line {line}: skip the lines before it"


def no_header(first: Sequence[str]) -> str:
    """Return what to do where the first row holds numbers; empty where it does not."""
    if any(_NUMBER.fullmatch(cell.strip()) for cell in first):
        return "its first line looks like a row: say if it has no header"
    return ""


def repeated_names(names: Sequence[str]) -> dict[str, list[int]]:
    """Return the indices of the columns of each name that several have."""
    places: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        places.setdefault(name, []).append(number)
    return {name: columns for name, columns in places.items() if len(columns) > 1 and name}


def repeated_problems(repeated: Mapping[str, Sequence[int]], where: str) -> Iterator[Problem]:
    """Yield a problem for each name that several columns have."""
    for name, places in repeated.items():
        reason = f"{len(places)} columns are named '{' '.join(name.split())[:100]}'; their cells were joined"
        yield Problem(where, reason, left_out=False)


def joined_cells(cells: Sequence[object], repeated: Mapping[str, Sequence[int]]) -> dict[str, Joined]:
    """Return the cells of the columns of each repeated name as one, without blank ones."""
    texts = {
        name: ["" if cells[place] is None else str(cells[place]) for place in places if place < len(cells)]
        for name, places in repeated.items()
    }
    return {name: Joined([text for text in found if text.strip()]) for name, found in texts.items()}


def nameless(number: int, names: Collection[str]) -> str:
    """Return the name of a column without one, counted from 1, which no other column has."""
    name = f"column {number}"
    while name in names:
        name += " without a name"
    return name


def all_named(names: Sequence[str]) -> list[str]:
    """Return the names of columns, with those of ``nameless`` for columns without one."""
    others = frozenset(names)
    return [name or nameless(number, others) for number, name in enumerate(names, start=1)]
