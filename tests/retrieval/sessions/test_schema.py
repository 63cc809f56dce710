"""The version of the file of sessions: older files become this version's, newer ones are left alone."""

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions import schema
from exemplar.retrieval.sessions.events import Marked, Queried
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore

S1 = Session("s1", "animals")
NEWEST = len(schema.MIGRATIONS)
# As the file was made before it had a version.
VERSION_0 = """
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    corpus TEXT NOT NULL,
    at TEXT NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_session ON events (session_id, corpus, id);
"""
ROWS = [
    ("s1", "animals", "2025-01-02T03:04:05.678901+00:00", json.dumps(event))
    for event in ({"query": "cats"}, {"mark": "positive", "doc_id": "a"}, {"dance": True}, {"undo": True})
]
INSERT = "INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)"
USES: list[Callable[[SessionStore], object]] = [
    lambda store: store.record(S1, Queried("dogs")),
    lambda store: store.load("s1"),
    lambda store: store.count("s1"),
    lambda store: store.history("s1"),
    lambda store: store.saved(),
    lambda store: store.duplicate("s1", "copy"),
    lambda store: store.delete("s1"),
]


@pytest.fixture
def path(home: Path) -> Path:
    """A file of version 0 with four events."""
    home.mkdir()
    path = home / "sessions.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(VERSION_0)
        with connection:
            connection.executemany(INSERT, ROWS)
    return path


@pytest.fixture
def migrations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The version that each migration began from, as they are made."""
    made: list[int] = []

    def counted(migrate: Callable[[sqlite3.Connection], None]) -> Callable[[sqlite3.Connection], None]:
        def call(connection: sqlite3.Connection) -> None:
            made.append(version_in(connection))
            migrate(connection)

        return call

    monkeypatch.setattr(schema, "MIGRATIONS", tuple(map(counted, schema.MIGRATIONS)))
    return made


def version_in(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return version_in(connection)


def set_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {version}")


def rows_in(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT session_id, corpus, at, event FROM events ORDER BY id").fetchall()


def test_a_new_file_is_of_this_version(home: Path) -> None:
    SessionStore(home / "sessions.sqlite").record(S1, Queried("cats"))
    assert version_of(home / "sessions.sqlite") == NEWEST


@pytest.mark.parametrize("statement", ["", "DROP INDEX events_of_session", "DROP TABLE events"])
def test_an_older_file_is_migrated_once_and_keeps_every_event(
    path: Path, migrations: list[int], statement: str
) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    kept = [] if "TABLE" in statement else ROWS
    store = SessionStore(path)
    assert store.count("s1") == len(kept)
    assert [json.dumps(each.content) for each in store.history("s1")] == [event for *_, event in kept]
    store.record(S1, Marked("b", "positive"))
    assert migrations == [0] * NEWEST
    assert version_of(path) == NEWEST
    assert rows_in(path)[:-1] == kept
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
    assert names == [("events",), ("events_of_session",), ("keys_of_events",), ("texts",)]


def test_an_older_file_that_many_open_at_once_is_migrated_once(path: Path, migrations: list[int]) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(SessionStore(path).record, S1, Queried("dogs")) for _ in range(8)]:
            done.result()
    assert migrations == [0] * NEWEST
    assert len(rows_in(path)) == len(ROWS) + 8


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add_column(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE events ADD COLUMN reader TEXT")

    def fail(connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_column, fail))
    with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
        SessionStore(path).count("s1")
    assert version_of(path) == 0
    with closing(sqlite3.connect(path)) as connection:
        assert len(connection.execute("PRAGMA table_info(events)").fetchall()) == 5
    assert rows_in(path) == ROWS


def test_a_file_is_taken_through_all_versions_since_its_own(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add_column(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE events ADD COLUMN reader TEXT")

    SessionStore(path).count("s1")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_column))
    assert SessionStore(path).count("s1") == len(ROWS)
    assert version_of(path) == NEWEST + 1


def test_the_version_before_reads_and_writes_a_file_of_this_one(path: Path) -> None:
    store = SessionStore(path)
    store.record(S1, Marked("b", "positive"))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_0)
        with connection:
            connection.execute("DELETE FROM events WHERE id = 3")
            connection.execute(INSERT, ("s1", "animals", "now", '{"mark": "negative", "doc_id": "c"}'))
    assert store.load("s1").feedback == Feedback(("b",), ("c",))
    assert version_of(path) == NEWEST


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("use", USES)
def test_a_newer_file_is_refused_and_left_as_it_is(
    path: Path, use: Callable[[SessionStore], object], journal: str
) -> None:
    set_version(path, NEWEST + 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    before, told = path.read_bytes(), []
    with pytest.raises(ExemplarError, match=f"a newer Exemplar wrote {path}: the file is of version {NEWEST + 1}"):
        use(SessionStore(path, told.append))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert told == []


def test_a_newer_file_that_is_damaged_is_not_set_aside(path: Path) -> None:
    set_version(path, NEWEST + 1)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    before = path.read_bytes()
    with pytest.raises(ExemplarError, match="a newer Exemplar wrote"):
        SessionStore(path).record(S1, Queried("dogs"))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("version", [-1, 1000, 2**31 - 1])
def test_a_version_that_nobody_writes_is_damage_which_loses_nothing(path: Path, version: int) -> None:
    set_version(path, version)
    damaged, told = path.read_bytes(), []
    store = SessionStore(path, told.append)
    store.record(S1, Queried("dogs"))
    assert [json.dumps(each.content) for each in store.history("s1")] == [event for *_, event in ROWS] + [
        '{"query": "dogs"}'
    ]
    assert path.with_name("sessions.sqlite.damaged").read_bytes() == damaged
    assert version_of(path) == NEWEST
    assert len(told) == 1
    assert f"{len(ROWS)} of its events could be read" in told[0]
