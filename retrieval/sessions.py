"""Sessions: query and feedback, saved event by event in SQLite.

A session is what its events make of it, in order; nothing is ever overwritten. The same pure function, ``after``,
moves the session on the page and restores it from the log, so the two can't differ.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

from retrieval.feedback import Feedback
from retrieval.search import DocumentQuery, Query

Event = Mapping[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    corpus TEXT NOT NULL,
    at TEXT NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_session ON events (session_id, corpus, id);
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A query and marks on one corpus; a session keeps one such state for every corpus it has been to."""

    session_id: str
    corpus: str
    query: Query | None = None
    feedback: Feedback = field(default_factory=Feedback)

    def after(self, event: Event) -> "Session":
        """Return the session as an event leaves it.

        Events are ``{"query": text}``, ``{"query_document": doc_id}``, ``{"mark": "positive" | "negative" | None,
        "doc_id": doc_id}``, ``{"clear_marks": True}``, and ``{"open": True}``, which says that the session went to
        this corpus.
        """
        match event:
            case {"query": str(text)}:
                return replace(self, query=text)
            case {"query_document": str(doc_id)}:
                return replace(self, query=DocumentQuery(doc_id))
            case {"mark": ("positive" | "negative" | None) as mark, "doc_id": str(doc_id)}:
                return replace(self, feedback=self.feedback.marked(doc_id, mark))
            case {"open": True}:
                return self
            case {"clear_marks": True}:
                return replace(self, feedback=Feedback())
        raise ValueError(f"unknown session event: {event!r}")


class SessionStore:
    """The log of events in one SQLite file; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, session: Session, event: Event) -> None:
        """Append an event; when this returns it is on the disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)",
                (session.session_id, session.corpus, datetime.now(UTC).isoformat(), json.dumps(dict(event))),
            )

    def load(self, session_id: str, corpus: str | None = None) -> Session | None:
        """Return a session as its events left it, on the corpus it was last on, or on another one it has been to.

        None means that the log knows nothing of it.
        """
        if not self._path.exists():
            return None
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT corpus, event FROM events WHERE session_id = ? ORDER BY id", (session_id,)
            ).fetchall()
        corpus = corpus or (rows[-1][0] if rows else None)
        events = [json.loads(event) for on, event in rows if on == corpus]
        return reduce(Session.after, events, Session(session_id, str(corpus))) if events else None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=10)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            with connection:
                yield connection
        finally:
            connection.close()
