"""The bulk format of Elasticsearch: lines of actions, and lines of documents."""

from collections.abc import Iterator
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.files.table import Row, line_of, placed_row

_ACTIONS = frozenset({"index", "create", "update", "delete"})

Rows = Iterator[Row | Problem]


def with_actions(rows: Rows) -> Rows:
    """Yield the documents of Elasticsearch's bulk format, with the ids of the actions on the lines before them."""
    doc_id = None
    for row in rows:
        if isinstance(row, Problem):
            yield row
        elif (action := action_of(row)) is not None:
            doc_id = action.get("_id")
        else:
            cells = row["doc"] if row.keys() == {"doc"} and isinstance(row["doc"], dict) else row
            has_id = doc_id is None or "_id" in cells
            yield placed_row(cells if has_id else {"_id": doc_id, **cells}, line_of(row))
            doc_id = None


def action_of(row: Row) -> dict[str, Any] | None:
    """Return what a line of Elasticsearch's bulk format says of the next one; None for any other row."""
    if len(row) != 1 or not _ACTIONS.issuperset(row):
        return None
    [action] = row.values()
    is_action = isinstance(action, dict) and all(name.startswith("_") or name == "routing" for name in action)
    return action if is_action else None
