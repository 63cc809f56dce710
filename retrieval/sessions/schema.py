"""The schema of the file of sessions, its version, and the migrations from older versions.

The version is SQLite's ``user_version``. Files from before versions were counted have 0.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from exemplar.data.errors import ExemplarError

_VERSION_LIMIT = 1000  # Exemplar never writes this version or higher, nor a negative one


def _begin(connection: sqlite3.Connection) -> None:
    """Make the table and its index, unless a file from before versions has them."""
    connection.execute(
        """
        CREATE TABLE IF NOT EXISTS events (
            id INTEGER PRIMARY KEY,
            session_id TEXT NOT NULL,
            corpus TEXT NOT NULL,
            at TEXT NOT NULL,
            event TEXT NOT NULL
        )
        """
    )
    connection.execute("CREATE INDEX IF NOT EXISTS events_of_session ON events (session_id, corpus, id)")


def _add_identities(connection: sqlite3.Connection) -> None:
    """Add a unique key to every later event, the corpus's identity besides its name, and the marked texts."""
    connection.execute("ALTER TABLE events ADD COLUMN key TEXT")
    connection.execute("ALTER TABLE events ADD COLUMN corpus_id TEXT NOT NULL DEFAULT ''")
    connection.execute("CREATE UNIQUE INDEX keys_of_events ON events (key)")
    connection.execute(
        """
        CREATE TABLE texts (
            session_id TEXT NOT NULL,
            text_hash TEXT NOT NULL,
            title TEXT,
            text TEXT NOT NULL,
            PRIMARY KEY (session_id, text_hash)
        ) WITHOUT ROWID
        """
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_begin, _add_identities)  # to version 1, to version 2


def has_possible_version(connection: sqlite3.Connection) -> bool:
    """Return whether this Exemplar or a later one may have written the file's version."""
    return 0 <= _version(connection) < _VERSION_LIMIT


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Check the version of a file, without writing to it.

    Raises
    ------
    ExemplarError
        A newer Exemplar wrote the file.
    sqlite3.DatabaseError
        No Exemplar writes such a version: the file is damaged.
    """
    version = _version(connection)
    if not has_possible_version(connection):
        error = sqlite3.DatabaseError(f"the file has version {version}, which does not exist")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
    if version > len(MIGRATIONS):
        raise ExemplarError(
            f"a newer Exemplar wrote {path}: the file is of version {version}, and this Exemplar knows versions up to "
            f"{len(MIGRATIONS)}; update Exemplar to use it"
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an empty file, or one of an older version, to this version, in one transaction."""
    if _version(connection) == len(MIGRATIONS):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")  # of two concurrent processes, the second has nothing to do
        for migration in MIGRATIONS[_version(connection) :]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
