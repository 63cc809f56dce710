"""A damaged file of sessions: it is kept beside the new one, which begins with all that could be read of it."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from filelock import FileLock

from exemplar.retrieval.sessions.schema import has_possible_version, migrate

Row = tuple[int, str, str, str, str]

_EVENTS = "SELECT id, session_id, corpus, at, event FROM events NOT INDEXED ORDER BY id"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def tells_of_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is no whole database, rather than full, locked or out of reach."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED  # the rest of it tells which kind


def set_aside(path: Path) -> str | None:
    """Put a new file in a damaged one's place; return in a sentence what was done, None where another has done it.

    The damaged one is kept as ``NAME.damaged``, or with a number behind where there is such a file. At no moment is
    there none in its place, as one who came then would begin an empty one. OSError or sqlite3.Error if there is no
    room for it.
    """
    with FileLock(path.with_name(f"{path.name}.lock")):
        if _is_whole(path):
            return None
        rows = _readable(path)
        new = path.with_name(f"{path.name}.new")
        _write(new, rows)
        kept = _free_name(path)
        shutil.copy2(path, kept)
        with suppress(FileNotFoundError):  # what was written last; a reader needs it beside the file
            os.replace(f"{path}-wal", f"{kept}-wal")
        os.replace(new, path)
        with suppress(FileNotFoundError):
            os.remove(f"{path}-shm")  # an index of the other, made anew by whoever opens it
    return (
        f"The file of sessions was damaged. It is kept as {kept}; {len(rows):,} of its events could be read and are in "
        "the new one. Look over your marks: some may be missing."
    )


def _is_whole(path: Path) -> bool:
    try:
        with closing(_opened(path)) as connection:
            return has_possible_version(connection) and bool(
                connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            )
    except sqlite3.DatabaseError as error:
        if tells_of_damage(error):
            return False
        raise


def _readable(path: Path) -> list[Row]:
    """Return the events that can be read, in order: those before the damage, and those behind it."""
    before, behind = _read(path, _EVENTS), _read(path, f"{_EVENTS} DESC")
    found = set(before)  # by all that they say: a damaged file gives the number of one to another
    return before + [row for row in reversed(behind) if row not in found]


def _read(path: Path, query: str) -> list[Row]:
    rows: list[Row] = []
    with suppress(sqlite3.DatabaseError), closing(_opened(path)) as connection:
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        for row in connection.execute(query):
            if all(isinstance(value, str) for value in row[1:]):
                rows.append(row)
    return rows


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)


def _write(path: Path, rows: list[Row]) -> None:
    path.unlink(missing_ok=True)  # of one who was stopped at this
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection)
        with connection:
            connection.executemany(
                "INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", (row[1:] for row in rows)
            )


def _free_name(path: Path) -> Path:
    kept, n = path.with_name(f"{path.name}.damaged"), 1
    while kept.exists():
        n += 1
        kept = path.with_name(f"{path.name}.damaged-{n}")
    return kept
