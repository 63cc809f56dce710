"""A damaged file of sessions is kept, and a new one takes its place with all events that could be read."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from filelock import FileLock

from exemplar.retrieval.sessions.schema import has_possible_version, migrate

_Row = tuple[int | str | None, ...]

_EVENTS = "SELECT id, session_id, corpus, at, event, corpus_id, key FROM events NOT INDEXED"
_EARLIER_EVENTS = "SELECT id, session_id, corpus, at, event, '', NULL FROM events NOT INDEXED"  # version 1
_TEXTS = "SELECT 0, session_id, text_hash, text, title FROM texts"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error means that the file is damaged, rather than full, locked or out of reach."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED  # the higher bits have the details


def set_aside(path: Path) -> str | None:
    """Replace a damaged file by a new one that has all events that could be read.

    The damaged file is kept as ``NAME.damaged``, or ``NAME.damaged-2`` and so on if that name is taken. A file is
    in its place at every moment, because a process that met none would begin an empty one.

    Returns
    -------
        A sentence about the replacement, for people; None if another process has replaced the file.

    Raises
    ------
    OSError, sqlite3.Error
        The new file cannot be written.
    """
    with FileLock(path.with_name(f"{path.name}.lock")):
        if _is_intact(path):
            return None
        rows = _readable(path, _EVENTS, "id") or _readable(path, _EARLIER_EVENTS, "id")
        new = path.with_name(f"{path.name}.new")
        _write(new, rows, _readable(path, _TEXTS, "session_id", "text_hash"))
        kept = _free_name(path)
        shutil.copy2(path, kept)
        with suppress(FileNotFoundError):  # it has the last events; SQLite needs it beside the file
            os.replace(f"{path}-wal", f"{kept}-wal")
        os.replace(new, path)
        with suppress(FileNotFoundError):
            os.remove(f"{path}-shm")  # it belongs to the damaged file; SQLite makes a new one
    return (
        f"The file of sessions was damaged. It is kept as {kept}; {len(rows):,} of its events could be read and are in "
        "the new one. Look over your marks: some may be missing."
    )


def _is_intact(path: Path) -> bool:
    try:
        with closing(_open(path)) as connection:
            return has_possible_version(connection) and bool(
                connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            )
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return False
        raise


def _readable(path: Path, query: str, *key: str) -> list[_Row]:
    """Return the rows that can be read, in order: those before the damage, and those after it.

    ``key`` has the columns of the table's primary key: SQLite reads in their order, either way, without sorting.
    """
    before = _read(path, f"{query} ORDER BY {', '.join(key)}")
    after = _read(path, f"{query} ORDER BY {', '.join(f'{column} DESC' for column in key)}")
    known = set(before)  # compares all values, because a damaged file may repeat an id
    return before + [row for row in reversed(after) if row not in known]


def _read(path: Path, query: str) -> list[_Row]:
    rows: list[_Row] = []
    with suppress(sqlite3.DatabaseError), closing(_open(path)) as connection:
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        for row in connection.execute(query):
            if all(isinstance(value, str) for value in row[1:-1]) and isinstance(row[-1], str | None):
                rows.append(row)
    return rows


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)


def _write(path: Path, events: list[_Row], texts: list[_Row]) -> None:
    path.unlink(missing_ok=True)  # left by a process that was stopped here
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection)
        with connection:
            keys: set[object] = {None}
            for *row, key in (row[1:] for row in events):  # a damaged file may repeat a key
                connection.execute(
                    "INSERT INTO events (session_id, corpus, at, event, corpus_id, key) VALUES (?, ?, ?, ?, ?, ?)",
                    (*row, None if key in keys else key),
                )
                keys.add(key)
            connection.executemany(
                "INSERT OR IGNORE INTO texts (session_id, text_hash, text, title) VALUES (?, ?, ?, ?)",
                (row[1:] for row in texts),
            )
        # Several who switch to it at once, and opened the damaged file before, could lose an event. It comes last, so
        # that what is written above lies in the file itself, not in a log that would have to be moved with it.
        connection.execute("PRAGMA journal_mode = WAL")


def _free_name(path: Path) -> Path:
    kept, n = path.with_name(f"{path.name}.damaged"), 1
    while kept.exists():
        n += 1
        kept = path.with_name(f"{path.name}.damaged-{n}")
    return kept
