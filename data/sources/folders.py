"""Folders, archives and folders in storage, whose files are tables or documents."""

import operator
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.files.file import UNREADABLE, File, is_any_archive, is_archive, tar_packing
from exemplar.data.files.options import DEFAULTS, ReadOptions
from exemplar.data.files.table import Row, Table, line_of, placed_row
from exemplar.data.readers.formats import has_rows, is_readable, is_taken_for_table
from exemplar.data.readers.tables import open_table
from exemplar.data.readers.text_files import read_text_file
from exemplar.data.sources.columns import Columns, holds_text, pick_columns_of
from exemplar.data.sources.files import file_on_disk, files_at, files_in_tar, files_in_zip, folder_as_file, is_hidden
from exemplar.data.sources.rows import Documents, read_rows
from exemplar.data.tabular.database_table import is_lance
from exemplar.data.text import one_line, replace_lone_surrogates

Listing = Callable[[], tuple[list[File], list[Problem]]]

_UNKNOWN = "not a kind that is read"
_NESTED = "an archive, which is not read here; unpack it first"
_PERHAPS_TABLE = "looks like a table, but no column has a usual name for the text; read as one text"
_CLOSED = "a folder that can't be read"
_LEADS_OUT = "a link that leads out of the folder"


def list_folder(folder: Path, options: ReadOptions = DEFAULTS) -> tuple[list[File], list[Problem]]:
    """Return the readable files of a folder, sorted by path, and a problem for everything else in it.

    Skips hidden files and folders, and follows links only to files within the folder. A zip or tar counts as a folder
    with the name of the archive, and a Lance data set as a file.
    """
    files: list[File] = []
    problems: list[Problem] = []
    for path, name in walk(folder):
        if leads_out(path, folder):
            problems.append(Problem(name, _LEADS_OUT))
        elif is_lance(path):
            is_closed = any(leads_out(each, path) for each, _ in walk(path))
            if is_closed:
                problems.append(Problem(name, _LEADS_OUT))
            else:
                files.append(folder_as_file(path, name, options))
        elif path.is_dir():
            if not path.is_symlink():  # a link to a folder leads to files that walk yields anyway
                problems.append(Problem(name, _CLOSED))
        elif path.is_file() and is_archive(path.name):
            try:
                members, others = list_archive(path, f"{name}/", options)
            except UNREADABLE as error:
                members, others = [], [Problem(name, one_line(error))]
            files += members
            problems += others
        elif path.is_file() and is_readable(file := file_on_disk(path, name, options)):
            files.append(file)
        else:
            problems.append(Problem(name, _why_not(name)))
    return files, problems


def list_archive(path: Path, prefix: str = "", options: ReadOptions = DEFAULTS) -> tuple[list[File], list[Problem]]:
    """Return the readable files of a zip or tar, ``prefix`` before their names, and a problem for every other file."""
    if tar_packing(path.name) is None:
        return _by_kind(files_in_zip(path, prefix, options))
    files, problems = files_in_tar(path, prefix, options)
    readable, others = _by_kind(files)
    return readable, problems + others


def list_url(url: str, options: ReadOptions = DEFAULTS) -> tuple[list[File], list[Problem]]:
    """Return the readable files of a folder in storage, and a problem for every other file."""
    return _by_kind(files_at(url, options))


def walk(folder: Path) -> list[tuple[Path, str]]:
    """Return files, Lance data sets, links to folders, and unreadable folders, sorted by their relative paths."""
    closed: list[OSError] = []
    paths: list[Path] = []
    try:
        for parent, folders, files in os.walk(folder, onerror=closed.append, followlinks=False):
            tables = [name for name in folders if is_lance(Path(parent, name))]
            folders[:] = [name for name in folders if not is_hidden(name) and name not in tables]
            links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
            paths += [Path(parent, name) for name in (*files, *tables, *links) if not is_hidden(name)]
    except RecursionError as error:
        raise ExemplarError(f"the folders in {folder} are nested too deeply") from error
    paths += [Path(error.filename) for error in closed]
    named = ((path, replace_lone_surrogates(path.relative_to(folder).as_posix())) for path in paths)
    return sorted(named, key=operator.itemgetter(1))


def stays_within(path: Path, folder: Path) -> bool:
    """Return whether a path lies within a folder after all links are resolved."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a circle of links
        return False


def leads_out(path: Path, folder: Path) -> bool:
    """Return whether a path in a folder is a link that leads out of the folder."""
    return path.is_symlink() and not stays_within(path, folder)


def read_files(files: list[File], requested: Columns) -> Documents:
    """Yield the documents and problems of files; an unreadable file is a problem."""
    taken: set[str] = set()
    for file in files:
        try:
            yield from _read_file(file, requested, taken)
        except UNREADABLE as error:
            yield Problem(file.name, one_line(error), file=file.name)


def _read_file(file: File, requested: Columns, taken: set[str]) -> Documents:
    if has_rows(file):
        table = _with_partitions(open_table(file, requested.names(), holds_text(requested)), file.name)
        try:
            # Problems are counted by their words, so these must not list columns, which differ from file to file.
            chosen = pick_columns_of(table, requested, "it", list_names=False)
        except TextColumnUnknown:
            if not is_taken_for_table(file):
                raise
            yield Problem(file.name, _PERHAPS_TABLE, left_out=False, file=file.name)
        else:
            yield from read_rows(table, chosen, taken, file)
            return
    for item in read_text_file(file):
        yield replace(item, numbered=file.name in taken) if isinstance(item, Document) else item
    taken.add(file.name)


def _with_partitions(table: Table, name: str) -> Table:
    """Return a table with the columns that its path gives, as in ``label=pos/part.parquet`` (Hive's partitions)."""
    parts = dict(part.split("=", 1) for part in PurePosixPath(name).parts[:-1] if is_partition(part))
    added = {unquote(column): unquote(value) for column, value in parts.items() if unquote(column) not in table.columns}
    if not added:
        return table

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        for row in table.rows([column for column in needed if column not in added]):
            yield row if isinstance(row, Problem) else _with_cells(row, added)

    return replace(table, columns=(*table.columns, *added), rows=rows)


def _with_cells(row: Row, added: dict[str, str]) -> Row:
    return placed_row({**row, **added}, line_of(row))


def is_partition(part: str) -> bool:
    """Return whether a part of a path names a column and its value."""
    return re.fullmatch(r"[^=]+=[^=]+", part) is not None


def _by_kind(files: list[File]) -> tuple[list[File], list[Problem]]:
    readable: list[File] = []
    others: list[File] = []
    for file in files:
        (readable if not is_any_archive(file.name) and is_readable(file) else others).append(file)
    return readable, [Problem(file.name, _why_not(file.name)) for file in others]


def _why_not(name: str) -> str:
    return _NESTED if is_any_archive(name) else _UNKNOWN
