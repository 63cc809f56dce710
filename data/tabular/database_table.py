"""Tables and views of databases: SQLite, DuckDB and Lance; nothing but SELECT is run, and nothing is written."""

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError, TableUnknown
from exemplar.data.extras import package
from exemplar.data.files.arrow_rows import FEW_ROWS, MOST_ROWS_A_BYTE, arrow_errors, batches_table, check_values
from exemplar.data.files.file import File
from exemplar.data.files.table import HoldsText, Row, Table, check_names
from exemplar.data.text import listed, one_line

_MOST_CELL = 2**27  # bytes
_MOST_TABLES = 10_000
_BATCH = 1024  # rows
_SECONDS = 2.0  # to wait for another program that writes
_STEPS = 10**6  # of SQLite's machine, after which it is asked whether to go on
_MOST_STEPS = 10**9  # that one row takes; a view can work without end
_STEPS_A_BYTE = 1000  # of the database
_NOT_UTF8 = "bytes that are not UTF-8 became U+FFFD; name the encoding of the texts"


def sqlite_table(file: File, holds_text: HoldsText) -> Table:
    """Return a table or view of an SQLite database; columns of bytes are read only if they are needed.

    Parameters
    ----------
    holds_text
        Whether a table with columns of such names holds documents.

    Raises
    ------
    ExemplarError
        The database is damaged or in use, or has several tables that may hold documents.
    """
    path = _on_disk(file)
    with _sqlite(path, file) as connection:
        tables = {name: _sqlite_columns(connection, name) for name in _sqlite_names(connection)}
    name = _chosen(tables, file, holds_text)
    kinds = tables[name]
    check_names(len(kinds), sum(map(len, kinds)))

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        columns = [column for column, kind in kinds.items() if column in needed or "BLOB" not in kind.upper()]
        query = f"SELECT {', '.join(map(_quoted, columns))} FROM {_quoted(name)}"  # noqa: S608 - quoted names alone
        most = max(FEW_ROWS, MOST_ROWS_A_BYTE * path.stat().st_size)
        decoder = _Decoder(file.options.encoding)
        with _sqlite(path, file, decoder) as connection:
            for number, cells in enumerate(_execute(connection, query, path)):
                if number == most:
                    raise ExemplarError(f"'{name}' has more than {most:,} rows, beyond all measure")
                if decoder.has_repaired():
                    yield Problem(file.at(f"row {number}"), _NOT_UTF8, left_out=False, file=file.name)
                yield dict(zip(columns, cells, strict=True))

    return Table(tuple(kinds), rows, tables=tuple(tables) if len(tables) > 1 else ())


def duckdb_table(file: File, holds_text: HoldsText) -> Table:
    """Return a table or view of a DuckDB database, as ``sqlite_table`` does."""
    path = _on_disk(file)
    with _duckdb(path) as connection:
        found = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal "
            "AND database_name = current_database() ORDER BY schema_name, table_name, column_index"
        ).fetchall()
        tables: dict[tuple[str, str], list[str]] = {}
        for schema_name, table, column in found:
            tables.setdefault((schema_name, table), []).append(column)
        shown = {table if space == "main" else f"{space}.{table}": (space, table) for space, table in tables}
        chosen = shown[_chosen({name: tables[place] for name, place in shown.items()}, file, holds_text)]
        where = ".".join(map(_quoted, chosen))
        schema = connection.sql(f"SELECT * FROM {where} LIMIT 0").to_arrow_table().schema  # noqa: S608

    def batches(names: list[str]) -> Iterator[Any]:
        most, n_rows = max(FEW_ROWS, MOST_ROWS_A_BYTE * path.stat().st_size), 0
        with _duckdb(path) as connection:
            query = f"SELECT {', '.join(map(_quoted, names))} FROM {where}"  # noqa: S608 - quoted names alone
            for batch in connection.sql(query).to_arrow_reader(_BATCH):
                n_rows += batch.num_rows
                if n_rows > most:
                    raise ExemplarError(f"{where} has more than {most:,} rows, beyond all measure")
                yield batch

    table = batches_table(schema, batches, file)
    return replace(table, tables=tuple(shown)) if len(shown) > 1 else table


def lance_table(file: File) -> Table:
    """Return a Lance data set, which is a folder, as a table."""
    lance = package("lance", "lance", "Lance data sets")
    path = _on_disk(file)
    if not path.is_dir():
        raise ExemplarError("it is no Lance data set, which is a folder")

    def opened() -> Any:
        return lance.dataset(str(path))

    def batches(names: list[str]) -> Iterator[Any]:
        with _any_error():
            for batch in opened().to_batches(
                columns=names, batch_size=_BATCH, batch_readahead=1, fragment_readahead=1, scan_in_order=True
            ):
                check_values(batch)
                yield batch

    with _any_error():
        schema = opened().schema
    return batches_table(schema, batches, file)


def is_lance(folder: Path) -> bool:
    """Return whether a folder is a Lance data set."""
    return folder.suffix.lower() == ".lance" and (folder / "_versions").is_dir()


def _chosen(tables: Mapping[str, Collection[str]], file: File, holds_text: HoldsText) -> str:
    """Return the name of the table that holds the documents: the chosen one, the only one, or the only one with text.

    Raises
    ------
    ExemplarError
        There is no such table, or there are several.
    """
    chosen = file.options.table
    if not tables:
        raise ExemplarError("it has no table")
    if chosen is not None:
        found = [name for name in tables if name == chosen] or [n for n in tables if n.lower() == chosen.lower()]
        if not found:
            raise TableUnknown(f"it has no table '{chosen[:50]}'; its tables are {listed(tables)}", tables)
        return found[0]
    candidates = list(tables) if len(tables) == 1 else [name for name in tables if holds_text(list(tables[name]))]
    if len(candidates) != 1:
        several = listed(candidates or tables)
        raise TableUnknown(f"it has several tables: {several}; say which holds the documents", tables)
    return candidates[0]


def _on_disk(file: File) -> Path:
    if file.path is None:
        raise ExemplarError("a database is read from disk alone; unpack or download it first")
    return file.path


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _sqlite(path: Path, file: File, decoder: Callable[[bytes], str] | None = None) -> Iterator[sqlite3.Connection]:
    """Yield a connection that can only read."""
    try:
        with closing(
            sqlite3.connect(_address(path), uri=True, timeout=_SECONDS, check_same_thread=False)
        ) as connection:
            connection.text_factory = decoder or _Decoder(None)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_CELL)
            for setting in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
                connection.execute(f"PRAGMA {setting}")
            yield connection
    except sqlite3.Error as error:
        raise ExemplarError(_in_words(error, path)) from error
    except (UnicodeError, OverflowError, RecursionError) as error:
        raise ExemplarError(one_line(error)) from error


def _address(path: Path) -> str:
    """Return the URI of a database by which nothing is written beside it.

    A database with a write-ahead log has to be opened together with the log, which holds its latest rows. One without,
    whose programs use such a log, is closed: only as an unchanging file it opens without a new log.
    """
    options = "mode=ro"
    if not _size(Path(f"{path}-wal")):
        with path.open("rb") as opened:
            uses_log = opened.read(20)[18:20] == b"\2\2"
        options += "&immutable=1" if uses_log else ""
    return f"{path.resolve().as_uri()}?{options}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _in_words(error: sqlite3.Error, path: Path) -> str:
    words = one_line(error)
    if "locked" in words or "busy" in words:
        return f"another program writes to it ({words}); close that program, or copy the database"
    if "unable to open" in words or "readonly" in words or "read-only" in words:
        beside = next((f"{path.name}{end}" for end in ("-wal", "-journal") if _size(Path(f"{path}{end}"))), "")
        log = f"; {beside} beside it holds changes: open and close it in its own program first" if beside else ""
        return f"{words}{log}"
    if "not a database" in words:
        return "it is no SQLite database"
    if "interrupted" in words:
        return "a row of it takes too long to compute; choose a table in place of a view"
    return words


def _sqlite_names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of tables and views, without those in which SQLite keeps the parts of others."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite^_%' ESCAPE '^' "
        "ORDER BY rowid LIMIT ?",
        (_MOST_TABLES,),
    )
    found = [name for (name,) in names if isinstance(name, str)]
    hidden = {row[1] for row in connection.execute("PRAGMA table_list") if row[2] == "shadow"}
    return [name for name in found if name not in hidden]


def _sqlite_columns(connection: sqlite3.Connection, name: str) -> dict[str, str]:
    """Return the columns of a table or view with their types; none of one that can't be read."""
    try:
        found = connection.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall()
    except sqlite3.Error:
        return {}
    return {row[1]: row[2] or "" for row in found if row[6] != 1}  # 1: a hidden column of a virtual table


def _execute(connection: sqlite3.Connection, query: str, path: Path) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query; raises OperationalError if one takes too long."""
    most = max(_MOST_STEPS, _STEPS_A_BYTE * path.stat().st_size) // _STEPS
    n_calls = 0

    def is_too_much() -> bool:
        nonlocal n_calls
        n_calls += 1
        return n_calls > most

    connection.set_progress_handler(is_too_much, _STEPS)
    for row in connection.execute(query):
        n_calls = 0
        yield row


class _Decoder:
    """Decodes texts, and remembers whether one was not in its encoding."""

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding or "utf-8"
        self._repaired = False

    def __call__(self, content: bytes) -> str:
        try:
            return content.decode(self._encoding)
        except UnicodeDecodeError:
            self._repaired = True
            return content.decode(self._encoding, errors="replace")

    def has_repaired(self) -> bool:
        """Return whether a text since the last call was not in its encoding."""
        repaired, self._repaired = self._repaired, False
        return repaired


@contextmanager
def _duckdb(path: Path) -> Iterator[Any]:
    """Yield a connection that can only read this database."""
    duckdb = package("duckdb", "duckdb", "DuckDB databases")
    settings = {
        "enable_external_access": "false",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
        "temp_directory": "",
        "memory_limit": "2GB",
        "lock_configuration": "true",
    }
    try:
        with arrow_errors(), duckdb.connect(os.fspath(path), read_only=True, config=settings) as connection:
            yield connection
    except duckdb.Error as error:
        words = one_line(error)
        if "lock" in words.lower():
            words = "another program writes to it; close that program, or copy the database"
        raise ExemplarError(words) from error


@contextmanager
def _any_error() -> Iterator[None]:
    """Turn any error of a library in Rust into an ExemplarError; what stops such a library is no Exception."""
    try:
        yield
    except (ExemplarError, MemoryError):
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise ExemplarError(one_line(error)) from error
        raise
