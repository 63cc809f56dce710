"""The log of sessions: every event as it was made, in one SQLite file."""

import json
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.sessions.events import Event, Named, event_from_json
from exemplar.retrieval.sessions.recovery import set_aside, tells_of_damage
from exemplar.retrieval.sessions.schema import check_version, migrate
from exemplar.retrieval.sessions.session import Session, new_id

T = TypeVar("T")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """A session in a list of sessions; times are ISO 8601 in UTC, and ``corpus`` is where it was last."""

    session_id: str
    name: str
    corpus: str
    began: str
    changed: str
    n_events: int


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of the log; ``content`` is its JSON, which a later version may have written."""

    at: str
    corpus: str
    content: Any

    @property
    def event(self) -> Event:
        """The event; ExemplarError if this version does not know it."""
        return event_from_json(self.content)

    def describe(self) -> str:
        """Return in words what the person did."""
        try:
            return self.event.describe()
        except ExemplarError:
            return "did what this version does not know"


class SessionStore:
    """The log of events in one SQLite file; safe to use from several threads and processes.

    A damaged file is set aside, with a new one in its place. A file of an older version becomes one of this version. A
    file of a newer version is left alone: all methods raise ExemplarError.

    Parameters
    ----------
    on_damage
        Called with a sentence that says what was done about damage.
    """

    def __init__(self, path: Path, on_damage: Callable[[str], None] = _logger.warning) -> None:
        self._path = path
        self._on_damage = on_damage

    def record(self, session: Session, event: Event) -> None:
        """Append an event; when this returns it is on the disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        row = (session.session_id, session.corpus, datetime.now(UTC).isoformat(), json.dumps(event.to_json()))
        self._do(
            lambda connection: connection.execute(
                "INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", row
            )
        )

    def load(self, session_id: str, corpus: str | None = None) -> Session | None:
        """Return a session as its events left it, on the corpus it was last on, or on another one it has been to.

        None means that the log does not have it. ExemplarError means that this version does not know one of its events.
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
        """Return all events of a session, in order; raises ExemplarError if one is no JSON."""
        rows = self._rows("SELECT at, corpus, event FROM events WHERE session_id = ? ORDER BY id", session_id)
        try:
            return [Logged(at, corpus, json.loads(event)) for at, corpus, event in rows]
        except (ValueError, RecursionError) as error:
            raise ExemplarError(f"an event of this session is no JSON that can be read: {error}") from error

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

        Raises ExemplarError if the log does not have the session.
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
                (copy, datetime.now(UTC).isoformat(), json.dumps(Named(name).to_json()), session_id),
            )
            return n

        if not self._do(copied):
            raise ExemplarError(f"there is no session '{session_id}'; it may have been deleted")
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
            if done := set_aside(self._path):
                self._on_damage(done)
        return self._tried(work)

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with closing(sqlite3.connect(self._path, timeout=10)) as connection:
            check_version(connection, self._path)  # before anything that writes
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection)
            with connection:
                return work(connection)
