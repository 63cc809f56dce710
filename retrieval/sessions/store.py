"""The log of sessions: every event, in one SQLite file."""

import itertools
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from exemplar.data.errors import ExemplarError
from exemplar.data.home import home_folder
from exemplar.retrieval.sessions.event_json import event_from_json
from exemplar.retrieval.sessions.events import DocumentQueried, Event, Named, Queried, texts_in
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.recovery import is_damage, set_aside
from exemplar.retrieval.sessions.schema import check_version, migrate
from exemplar.retrieval.sessions.session import Session, new_id

T = TypeVar("T")

FAILURES = (sqlite3.Error, OSError, ExemplarError)  # of reading and writing the saved sessions

_PATIENCE = 10.0  # seconds that a writer waits for others
_LONGEST_TITLE = 60  # characters
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A session in a list of sessions; times are ISO 8601 in UTC.

    Attributes
    ----------
    corpus
        The name of its last corpus.
    corpus_id
        The identity of the corpus of that name on which the session began; empty if it is not known.
    title
        The name, else the first query in words, at most 60 characters; empty without either.
    """

    session_id: str
    name: str
    corpus: str
    began: str
    changed: str
    n_events: int
    corpus_id: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of the log; ``content`` is its JSON, which a later version may have written."""

    at: str
    corpus: str
    content: Any
    corpus_id: str = ""

    @property
    def event(self) -> Event:
        """The event; raises ExemplarError if this version does not know it."""
        return event_from_json(self.content, self.at)

    def describe(self) -> str:
        """Return the person's action in words."""
        try:
            return self.event.describe()
        except ExemplarError:
            return "did what this version does not know"


class SessionStore:
    """The log of events in one SQLite file; safe to use from several threads and processes.

    The store sets a damaged file aside and begins a new one. It migrates a file of an older version. It never changes a
    file of a newer version: all methods raise ExemplarError.

    Parameters
    ----------
    on_damage
        Called with a sentence for people if a damaged file was set aside.
    """

    def __init__(self, path: Path, on_damage: Callable[[str], None] = _logger.warning) -> None:
        self._path = path
        self._on_damage = on_damage

    def record(self, session: Session, event: Event, *, key: str | None = None, corpus_id: str = "") -> bool:
        """Append an event with the texts of its marks; when this returns, they are on the disk.

        Parameters
        ----------
        key
            Unique to the event; an event whose key the log has already is not written again. By default a new key.
        corpus_id
            The identity of the session's corpus; empty if it is not known.

        Returns
        -------
            Whether the event was written; False if the log has its key already.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        at = datetime.now(UTC).isoformat()
        content = json.dumps(event.to_json())
        row = (session.session_id, session.corpus, at, content, key or new_id(), corpus_id)
        texts = [(session.session_id, each.text_hash, each.title, each.text) for each in texts_in(event)]

        def insert(connection: sqlite3.Connection) -> bool:
            n_written: int = connection.execute(
                "INSERT INTO events (session_id, corpus, at, event, key, corpus_id) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO NOTHING",
                row,
            ).rowcount
            connection.executemany("INSERT OR IGNORE INTO texts VALUES (?, ?, ?, ?)", texts)
            return n_written == 1

        return self._do(insert)

    def texts(self, session_id: str) -> dict[str, MarkedText]:
        """Return the texts on which the marks of a session were made, by their hash."""
        rows = self._rows("SELECT text_hash, title, text FROM texts WHERE session_id = ?", session_id)
        return {text_hash: MarkedText(title, text).with_hash(text_hash) for text_hash, title, text in rows}

    def load(self, session_id: str, corpus: str | None = None) -> Session | None:
        """Return a session from its events, on its last corpus or on another one; None if the log does not have it.

        Raises
        ------
        ExemplarError
            This version does not know one of its events.
        """
        logged = self.history(session_id)
        corpus = corpus or (logged[-1].corpus if logged else None)
        session = Session(session_id, str(corpus))
        here = [entry for entry in logged if entry.corpus == corpus]
        for corpus_id, entries in itertools.groupby(here, lambda entry: entry.corpus_id):
            session = session.after(*(entry.event for entry in entries), corpus_id=corpus_id)
        return session if here else None

    def count(self, session_id: str) -> int:
        """Return how many events a session has; a page compares it to notice events of another tab."""
        rows = self._rows("SELECT count(*) FROM events WHERE session_id = ?", session_id)
        return int(rows[0][0]) if rows else 0

    def history(self, session_id: str) -> list[LoggedEvent]:
        """Return all events of a session, in order; raises ExemplarError if one is not JSON."""
        query = "SELECT at, corpus, event, corpus_id FROM events WHERE session_id = ? ORDER BY id"
        try:
            return [
                LoggedEvent(at, corpus, json.loads(event), corpus_id)
                for at, corpus, event, corpus_id in self._rows(query, session_id)
            ]
        except (ValueError, RecursionError) as error:
            raise ExemplarError(f"an event of this session is not JSON that can be read: {error}") from error

    def saved(self) -> list[SavedSession]:
        """Return the sessions that have a query, mark, note, filter or name event, the last changed first."""
        return [
            SavedSession(session_id, name or "", corpus, began, changed, n_events, corpus_id, _title(name, first_query))
            for session_id, name, corpus, began, changed, n_events, corpus_id, first_query in self._rows(_SAVED)
        ]

    def title(self, session_id: str) -> str:
        """Return the title of a session, as ``SavedSession`` has it; empty if the log does not have the session."""
        rows = self._rows(_NAME_AND_FIRST_QUERY, session_id)
        return _title(*rows[0]) if rows else ""

    def last_reader(self) -> str:
        """Return the reader that was last named in settings, in any session; empty if the name was cleared since."""
        rows = self._rows(_LAST_READER)
        return str(rows[0][0]) if rows else ""

    def begin(self, corpus: str, events: Iterable[Event], corpus_id: str = "") -> str:
        """Save a new session with its events, all or none; return its id."""
        session_id, at = new_id(), datetime.now(UTC).isoformat()
        events = list(events)
        rows = [(session_id, corpus, at, json.dumps(event.to_json()), new_id(), corpus_id) for event in events]
        texts = [(session_id, text.text_hash, text.title, text.text) for event in events for text in texts_in(event)]
        self._path.parent.mkdir(parents=True, exist_ok=True)

        def insert(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO events (session_id, corpus, at, event, key, corpus_id) VALUES (?, ?, ?, ?, ?, ?)", rows
            )
            connection.executemany("INSERT OR IGNORE INTO texts VALUES (?, ?, ?, ?)", texts)

        self._do(insert)
        return session_id

    def duplicate(self, session_id: str, name: str) -> str:
        """Copy a session with all its events under another name; return the id of the copy.

        Raises
        ------
        ExemplarError
            The log does not have the session.
        """
        copy = new_id()

        def insert_copy(connection: sqlite3.Connection) -> int:
            n_events: int = connection.execute(
                "INSERT INTO events (session_id, corpus, at, event, corpus_id) "
                "SELECT ?, corpus, at, event, corpus_id FROM events WHERE session_id = ? ORDER BY id",
                (copy, session_id),
            ).rowcount
            connection.execute(
                "INSERT INTO events (session_id, corpus, at, event, corpus_id) "
                "SELECT ?, corpus, ?, ?, corpus_id FROM events WHERE session_id = ? ORDER BY id DESC LIMIT 1",
                (copy, datetime.now(UTC).isoformat(), json.dumps(Named(name).to_json()), session_id),
            )
            connection.execute(
                "INSERT INTO texts SELECT ?, text_hash, title, text FROM texts WHERE session_id = ?", (copy, session_id)
            )
            return n_events

        if not self._do(insert_copy):
            raise ExemplarError(f"there is no session '{session_id}'; it may have been deleted")
        return copy

    def delete(self, session_id: str) -> None:
        """Delete a session with all its events for good: SQLite overwrites its texts on the disk."""

        def delete_events(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("DELETE FROM events WHERE session_id = ?", (session_id,))
            connection.execute("DELETE FROM texts WHERE session_id = ?", (session_id,))

        def checkpoint(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA busy_timeout = 1000")  # if a reader blocks it for longer, the next event does it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        self._do(delete_events)
        self._do(checkpoint)

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        if not self._path.exists():
            return []
        return self._do(lambda connection: connection.execute(query, values).fetchall())

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do some work in a transaction; repeat it after a damaged file was replaced."""
        try:
            return self._in_transaction(work)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            if message := set_aside(self._path):
                self._on_damage(message)
        return self._in_transaction(work)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as connection:
            check_version(connection, self._path)  # before the first statement that writes
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection)
            with connection:
                return work(connection)


# Looking for a name in the JSON first is faster than to read all of it.
_SAVED = """
    SELECT session_id, (SELECT json_extract(event, '$.name') FROM events WHERE id = named),
        (SELECT corpus FROM events WHERE id = last), (SELECT at FROM events WHERE id = first),
        (SELECT at FROM events WHERE id = last), n_events, coalesce((
            SELECT corpus_id FROM events AS one WHERE one.session_id = listed.session_id AND corpus_id <> ''
            AND corpus = (SELECT corpus FROM events WHERE id = last) ORDER BY id LIMIT 1
        ), ''), (SELECT event FROM events WHERE id = queried)
    FROM (
        SELECT session_id, min(id) AS first, max(id) AS last, count(*) AS n_events,
            max(CASE WHEN json_valid(event) THEN
                CASE WHEN json_extract(event, '$.name') IS NOT NULL THEN id END END) AS named,
            min(CASE WHEN instr(event, '"query') AND json_valid(event) THEN CASE WHEN
                'text' IN (json_type(event, '$.query'), json_type(event, '$.query_document'))
                THEN id END END) AS queried
        FROM events GROUP BY session_id
        HAVING sum(CASE WHEN json_valid(event) THEN
            json_extract(event, '$.open') IS NULL AND json_extract(event, '$.settings') IS NULL ELSE 1 END) > 0
    ) AS listed ORDER BY last DESC
"""
# Settings without a name clear it only if the settings before them, in the same session and corpus, have one.
_LAST_READER = """
    SELECT reader FROM (
        SELECT id, reader, lag(reader, 1, '') OVER (PARTITION BY session_id, corpus ORDER BY id) AS before FROM (
            SELECT id, session_id, corpus, coalesce(json_extract(event, '$.settings.reader'), '') AS reader FROM events
            WHERE instr(event, '"settings"') AND
                CASE WHEN json_valid(event) THEN json_type(event, '$.settings') = 'object' END
        )
    ) WHERE reader <> '' OR before <> '' ORDER BY id DESC LIMIT 1
"""
_NAME_AND_FIRST_QUERY = """
    SELECT (
        SELECT json_extract(event, '$.name') FROM events WHERE session_id = ?1 AND
            CASE WHEN instr(event, '"name"') AND json_valid(event) THEN json_extract(event, '$.name') IS NOT NULL END
        ORDER BY id DESC LIMIT 1
    ), (
        SELECT event FROM events WHERE session_id = ?1 AND CASE WHEN instr(event, '"query') AND json_valid(event) THEN
            'text' IN (json_type(event, '$.query'), json_type(event, '$.query_document')) END ORDER BY id LIMIT 1
    )
"""


def _title(name: str | None, first_query: str | None) -> str:
    """Return the title of a session from its name, or from its first query as the log stores it."""
    if name or first_query is None:
        return _shortened(name or "")
    match event_from_json(json.loads(first_query)):
        case Queried(text):
            return _shortened(text)
        case DocumentQueried(doc_id):
            return _shortened(f"more like {doc_id}")
    return ""


def _shortened(title: str) -> str:
    line = " ".join(title[: 4 * _LONGEST_TITLE].split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1].rstrip()}…"


def home_store(on_damage: Callable[[str], None] = _logger.warning) -> SessionStore:
    """Return the store of the person's sessions, in the home folder."""
    return SessionStore(home_folder() / "sessions.sqlite", on_damage)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to a write-ahead log; SQLite itself does not wait for others that do the same."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.01)
