"""Sessions: query, feedback, filters and settings, saved event by event in SQLite.

A session is what its events make of it, in order; nothing is ever overwritten. The same pure function, ``after``,
moves the session on the page and restores it from the log, so the two can't differ.
"""

import json
import logging
import math
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import DEFAULT_RANKER, RANKERS, Ranker
from exemplar.retrieval.search import DocumentQuery, Query
from exemplar.retrieval.sessions.recovery import set_aside, tells_of_damage

Event = Mapping[str, Any]
T = TypeVar("T")

MOST_UNDO = 100

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

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search.

    Attributes
    ----------
    rankers
        Of the columns, from the left: one or two.
    k
        Rows a page.
    C
        The SVM's; None for what suits ranker and marks.
    hide_marked
        Leave marked documents out of the rankings.
    """

    rankers: tuple[Ranker, ...] = ("knn", DEFAULT_RANKER)
    k: int = 10
    C: float | None = None
    hide_marked: bool = False

    def __post_init__(self) -> None:
        fits = 1 <= len(self.rankers) <= 2 and set(self.rankers) <= set(RANKERS) and self.k >= 1
        if not fits or not (self.C is None or 0 < self.C < math.inf):
            raise ValueError(f"these are no settings of a search: {self}")
        if len(set(self.rankers)) < len(self.rankers):
            raise ValueError("the two columns need different rankers")

    def as_json(self) -> dict[str, Any]:
        """Return the settings as JSON."""
        return {"rankers": list(self.rankers), "k": self.k, "C": self.C, "hide_marked": self.hide_marked}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Settings":
        """Return settings from JSON; a ValueError says so if it holds none."""
        try:
            return cls(tuple(content["rankers"]), int(content["k"]), content["C"], bool(content["hide_marked"]))
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"these are no settings of a search: {content!r}") from error


@dataclass(frozen=True, slots=True)
class Session:
    """What is searched and marked on one corpus; a session keeps one such state for every corpus it has been to.

    ``past`` and ``future`` are the marks that undo and redo lead to, the last and the first of them next.
    """

    session_id: str
    corpus: str
    query: Query | None = None
    feedback: Feedback = field(default_factory=Feedback)
    filters: Filters = field(default_factory=Filters)
    settings: Settings = field(default_factory=Settings)
    past: tuple[Feedback, ...] = ()
    future: tuple[Feedback, ...] = ()

    def after(self, event: Event) -> "Session":
        """Return the session as an event leaves it.

        Events are ``{"query": text}``, ``{"query_document": doc_id}``, ``{"mark": "positive" | "negative" | None,
        "doc_id": doc_id}``, ``{"marks": {"positive": [doc_id, ...], "negative": [...]}}``, which adds marks,
        ``{"clear_marks": True}``, ``{"undo": True}`` and ``{"redo": True}``, which concern marks alone,
        ``{"filters": {...}}``, ``{"settings": {...}}``, ``{"name": text}``, which names the session, and
        ``{"open": True}``, which says that it went to this corpus.
        """
        match event:
            case {"query": str(text)}:
                return replace(self, query=text)
            case {"query_document": str(doc_id)}:
                return replace(self, query=DocumentQuery(doc_id))
            case {"mark": ("positive" | "negative" | None) as mark, "doc_id": str(doc_id)}:
                return self._marked(self.feedback.marked(doc_id, mark))
            case {"marks": {"positive": list(positives), "negative": list(negatives)}} if all(
                isinstance(doc_id, str) for doc_id in (*positives, *negatives)
            ):
                return self._marked(self.feedback.joined(Feedback(tuple(positives), tuple(negatives))))
            case {"clear_marks": True}:
                return self._marked(Feedback())
            case {"undo": True}:
                return self._undone()
            case {"redo": True}:
                return self._redone()
            case {"filters": Mapping() as content}:
                return replace(self, filters=Filters.from_json(content))
            case {"settings": Mapping() as content}:
                return replace(self, settings=Settings.from_json(content))
            case {"open": True} | {"name": str()}:
                return self
        raise ValueError(f"unknown session event: {event!r}")

    def _marked(self, feedback: Feedback) -> "Session":
        if feedback == self.feedback:
            return self
        return replace(self, feedback=feedback, past=(*self.past, self.feedback)[-MOST_UNDO:], future=())

    def _undone(self) -> "Session":
        if not self.past:
            return self
        return replace(
            self, feedback=self.past[-1], past=self.past[:-1], future=(self.feedback, *self.future)[:MOST_UNDO]
        )

    def _redone(self) -> "Session":
        if not self.future:
            return self
        return replace(self, feedback=self.future[0], past=(*self.past, self.feedback), future=self.future[1:])


@dataclass(frozen=True, slots=True)
class Saved:
    """What a list of sessions tells of one; times are ISO 8601 in UTC, and ``corpus`` is where it was last."""

    session_id: str
    name: str
    corpus: str
    began: str
    changed: str
    n_events: int


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of the log."""

    at: str
    corpus: str
    event: Event


def new_id() -> str:
    """Return the id of a new session."""
    return secrets.token_urlsafe(9)


class SessionStore:
    """The log of events in one SQLite file; safe to use from several threads and processes.

    A file that turns out to be damaged is set aside, with a new one in its place.

    Parameters
    ----------
    on_damage
        Told then what was done, in a sentence.
    """

    def __init__(self, path: Path, on_damage: Callable[[str], None] = _logger.warning) -> None:
        self._path = path
        self._on_damage = on_damage

    def record(self, session: Session, event: Event) -> None:
        """Append an event; when this returns it is on the disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        row = (session.session_id, session.corpus, datetime.now(UTC).isoformat(), json.dumps(dict(event)))
        self._do(
            lambda connection: connection.execute(
                "INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", row
            )
        )

    def load(self, session_id: str, corpus: str | None = None) -> Session | None:
        """Return a session as its events left it, on the corpus it was last on, or on another one it has been to.

        None means that the log knows nothing of it.
        """
        logged = self.history(session_id)
        corpus = corpus or (logged[-1].corpus if logged else None)
        events = [each.event for each in logged if each.corpus == corpus]
        return reduce(Session.after, events, Session(session_id, str(corpus))) if events else None

    def count(self, session_id: str) -> int:
        """Return how many events a session has, by which another tab's are noticed."""
        rows = self._rows("SELECT count(*) FROM events WHERE session_id = ?", session_id)
        return int(rows[0][0]) if rows else 0

    def history(self, session_id: str) -> list[Logged]:
        """Return all events of a session, in order; a ValueError says so if one is none."""
        rows = self._rows("SELECT at, corpus, event FROM events WHERE session_id = ? ORDER BY id", session_id)
        try:
            return [Logged(at, corpus, json.loads(event)) for at, corpus, event in rows]
        except RecursionError:
            raise ValueError("an event of this session is nested too deeply") from None

    def saved(self) -> list[Saved]:
        """Return the sessions in which something was searched, marked or named, the last changed first."""
        rows = self._rows(
            """
            SELECT session_id, (SELECT json_extract(event, '$.name') FROM events WHERE id = named),
                (SELECT corpus FROM events WHERE id = last), (SELECT at FROM events WHERE id = first),
                (SELECT at FROM events WHERE id = last), n_events
            FROM (
                SELECT session_id, min(id) AS first, max(id) AS last, count(*) AS n_events,
                    max(CASE WHEN json_valid(event) THEN
                        CASE WHEN json_extract(event, '$.name') IS NOT NULL THEN id END END) AS named
                FROM events GROUP BY session_id
                HAVING sum(CASE WHEN json_valid(event) THEN
                    json_extract(event, '$.open') IS NULL AND json_extract(event, '$.settings') IS NULL ELSE 1 END) > 0
            ) ORDER BY last DESC
            """
        )
        return [Saved(session_id, name or "", *rest) for session_id, name, *rest in rows]

    def duplicate(self, session_id: str, name: str) -> str:
        """Copy a session with its whole history under a name; return the copy's id.

        A ValueError says so if there is no such session.
        """
        copy = new_id()

        def copied(connection: sqlite3.Connection) -> int:
            n: int = connection.execute(
                "INSERT INTO events (session_id, corpus, at, event) "
                "SELECT ?, corpus, at, event FROM events WHERE session_id = ? ORDER BY id",
                (copy, session_id),
            ).rowcount
            connection.execute(
                "INSERT INTO events (session_id, corpus, at, event) "
                "SELECT ?, corpus, ?, ? FROM events WHERE session_id = ? ORDER BY id DESC LIMIT 1",
                (copy, datetime.now(UTC).isoformat(), json.dumps({"name": name}), session_id),
            )
            return n

        if not self._do(copied):
            raise ValueError(f"there is no session '{session_id}'; it may have been deleted")
        return copy

    def delete(self, session_id: str) -> None:
        """Delete a session with its whole history, for good: its texts are overwritten on the disk."""

        def deleted(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("DELETE FROM events WHERE session_id = ?", (session_id,))

        def written_through(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA busy_timeout = 1000")  # behind one who reads on, the next event does it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        self._do(deleted)
        self._do(written_through)

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        if not self._path.exists():
            return []
        return self._do(lambda connection: connection.execute(query, values).fetchall())

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in a transaction; again, where the file was damaged and another has taken its place."""
        try:
            return self._tried(work)
        except sqlite3.DatabaseError as error:
            if not tells_of_damage(error):
                raise
            if done := set_aside(self._path, _SCHEMA):
                self._on_damage(done)
        return self._tried(work)

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with closing(sqlite3.connect(self._path, timeout=10)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            with connection:
                return work(connection)
