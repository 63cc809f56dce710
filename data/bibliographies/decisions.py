"""What programs for screening write into the notes of a record: their decision, and columns of their own."""

import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from exemplar.data.documents import Problem
from exemplar.data.files.table import PlacedRow, Row, Table, placed_row

_ASREVIEW = re.compile(r"\bASReview_(relevant|irrelevant)\b")
_ASREVIEW_COLUMN = re.compile(r"(asreview_\w{1,100}): (.*)", re.DOTALL)
_RAYYAN = re.compile(r"RAYYAN-INCLUSION: {0,3}\{([^{}]{0,10000})\}")
_RAYYAN_CHOICE = re.compile(r'=> *"(\w+)"')
_DECISIONS = {
    "relevant": "included",
    "irrelevant": "excluded",
    "included": "included",
    "excluded": "excluded",
    "maybe": "maybe",
}
_RAYYAN_COLUMNS = frozenset({"title", "abstract", "notes"})
_N_FIRST = 200  # rows whose notes show whether a table comes from Rayyan


def decision_in(notes: Iterable[str]) -> str | None:
    """Return the decision in the notes of a record: included, excluded or maybe; None without one.

    Different decisions of several people are a maybe.
    """
    words: set[str] = set()
    for note in notes:
        if match := _ASREVIEW.search(note):
            words.add(match[1])
        if match := _RAYYAN.search(note):
            words.update(_RAYYAN_CHOICE.findall(match[1].lower()))
    found = {_DECISIONS[word] for word in words if word in _DECISIONS}
    return found.pop() if len(found) == 1 else "maybe" if found else None


def own_columns(notes: Iterable[str]) -> dict[str, str]:
    """Return the columns that ASReview writes as notes, such as ``asreview_ranking: 7``."""
    matches = (match for note in notes if (match := _ASREVIEW_COLUMN.fullmatch(note.strip())))
    return {match[1]: _plain(match[2]) for match in matches}


def with_decisions(table: Table) -> Table:
    """Return a table from Rayyan, whose notes hold decisions, with a column of them; another table unchanged."""
    if not {*table.columns} >= _RAYYAN_COLUMNS or "decision" in table.columns:
        return table
    first = (row for row in itertools.islice(table.rows(()), _N_FIRST) if not isinstance(row, Problem))
    if not any(_RAYYAN.search(str(row.get("notes"))) for row in first):
        return table

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        return (row if isinstance(row, Problem) else _decided(row) for row in table.rows(needed))

    return replace(table, columns=(*table.columns, "decision"), rows=rows)


def _decided(row: Row) -> Row:
    decision = decision_in([str(row.get("notes"))])
    if decision is None:
        return row
    if isinstance(row, PlacedRow):
        return placed_row({**row, "decision": decision}, row.line, row.file)
    return {**row, "decision": decision}


def _plain(text: str) -> str:
    """Return a value of JSON as text; anything else unchanged."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str) else text
