"""All that can be asked: one table, from which the routes, the checks and the description are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from exemplar.api import applying, marking, searching, sessions
from exemplar.api.engines import Engines
from exemplar.api.schemas import (
    APPLICATION,
    APPLIED,
    CORPORA,
    NEW_MARKS,
    NEW_QUERY,
    NEW_SESSION,
    NOTHING,
    RANKING,
    RANKING_OPTIONS,
    SAVED_SEARCH,
    SEARCH,
    SESSION,
    SESSIONS,
    Schema,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that is answered.

    Attributes
    ----------
    path
        With the names of its parts that vary in braces.
    call
        Takes the engines and what the request holds: its body, its parameters and the names in its path.
    body
        The schema of its body; None if it takes none.
    parameters
        The schemas of what may stand after the question mark.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    call: Callable[[Engines, Mapping[str, Any]], dict[str, Any]]
    summary: str
    answer: Schema
    body: Schema | None = None
    parameters: Mapping[str, Schema] = field(default_factory=dict)
    status: int = 200


_SESSION = "/sessions/{session_id}"

OPERATIONS = (
    Operation("GET", "/corpora", "corpora", searching.corpora, "The corpora that can be searched.", CORPORA),
    Operation(
        "POST",
        "/search",
        "search",
        searching.search,
        "Rank the documents of a corpus for a query, or a document, and marks. Nothing is saved.",
        RANKING,
        SEARCH,
    ),
    Operation("GET", "/sessions", "sessions", sessions.sessions, "The sessions, the last changed first.", SESSIONS),
    Operation(
        "POST",
        "/sessions",
        "begin_session",
        sessions.begin,
        "Begin a session on a corpus. It is listed, here and on the page, from its first query or mark on.",
        SESSION,
        NEW_SESSION,
        status=201,
    ),
    Operation("GET", _SESSION, "session", sessions.show, "A session: its query, marks, notes and settings.", SESSION),
    Operation(
        "POST",
        f"{_SESSION}/query",
        "query_session",
        sessions.query,
        "Give a session another query, or add one.",
        SESSION,
        NEW_QUERY,
    ),
    Operation(
        "POST",
        f"{_SESSION}/marks",
        "mark",
        marking.mark,
        "Mark documents, take marks back, and note on them, in one step. Documents with the same text share one mark.",
        SESSION,
        NEW_MARKS,
    ),
    Operation(
        "POST",
        f"{_SESSION}/undo",
        "undo",
        sessions.undo,
        "Take the last change of marks back. Query and notes stay.",
        SESSION,
        NOTHING,
    ),
    Operation(
        "POST",
        f"{_SESSION}/redo",
        "redo",
        sessions.redo,
        "Make the change of marks again that was taken back last.",
        SESSION,
        NOTHING,
    ),
    Operation(
        "GET",
        f"{_SESSION}/ranking",
        "session_ranking",
        sessions.ranking,
        "Rank by a session's query, marks, filters and settings; by default with its ranker, without what is marked.",
        RANKING,
        parameters=RANKING_OPTIONS,
    ),
    Operation(
        "GET",
        f"{_SESSION}/saved_search",
        "saved_search",
        applying.save,
        "The search of a session as a thing of its own: with its marks, their texts and the weights learned from them.",
        SAVED_SEARCH,
    ),
    Operation(
        "POST",
        "/apply",
        "apply",
        applying.apply,
        "Rank a corpus, or rows in the request, by a saved search. Nothing is saved.",
        APPLIED,
        APPLICATION,
    ),
)
