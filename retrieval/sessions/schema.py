"""What the file of sessions looks like, which version of Exemplar it is of, and how an older one becomes this one's.

The version is SQLite's ``user_version``. Files from before it was counted have 0.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from exemplar.data.errors import ExemplarError

_MOST = 1000  # no Exemplar ever writes a version from here on, or below 0


def _begin(connection: sqlite3.Connection) -> None:
    """Make the table and its index, as far as a file from before versions does not have them."""
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


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_begin,)  # the first makes version 1 of version 0


def has_possible_version(connection: sqlite3.Connection) -> bool:
    """Return whether some Exemplar, of today or later, may have written the file's version."""
    return 0 <= _version(connection) < _MOST


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ExemplarError if a newer Exemplar wrote the file, sqlite3.DatabaseError if nobody did; write nothing."""
    version = _version(connection)
    if not has_possible_version(connection):
        error = sqlite3.DatabaseError(f"the file says that it is of version {version}, which does not exist")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
    if version > len(MIGRATIONS):
        raise ExemplarError(
            f"a newer Exemplar wrote {path}: the file is of version {version}, and this Exemplar knows versions up to "
            f"{len(MIGRATIONS)}; update Exemplar to use it"
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Make a file of an older version, or an empty one, this version's, in one transaction."""
    if _version(connection) == len(MIGRATIONS):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")  # of two who come at once, the second finds the work done
        for migration in MIGRATIONS[_version(connection) :]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
