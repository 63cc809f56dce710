"""Folders and zips of files, each a table or a document."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.readers.file import KINDS, TABLES, UNREADABLE, ZIP, File, kind_of
from exemplar.data.readers.table import Table
from exemplar.data.readers.tables import open_table
from exemplar.data.readers.text_files import read_text_file
from exemplar.data.sources.columns import Columns, Placed, pick_columns, read_rows
from exemplar.data.sources.files import file_on_disk, files_in_zip, is_hidden
from exemplar.data.text import one_line, replace_lone_surrogates

Listing = Callable[[], tuple[list[File], list[Problem]]]

_UNKNOWN = "not a kind that is read"
_CLOSED = "a folder that can't be read"
_LEADS_OUT = "a link that leads out of the folder"


def list_folder(folder: Path) -> tuple[list[File], list[Problem]]:
    """Return a folder's files that can be read, by their path, and what else there is.

    Hidden files and folders are passed over. Links are followed only to files within the folder. The files of a
    zip count as files of a folder of its name.
    """
    files: list[File] = []
    problems: list[Problem] = []
    for path, name in walk(folder):
        if leads_out(path, folder):
            problems.append(Problem(name, _LEADS_OUT))
        elif path.is_dir():
            if not path.is_symlink():  # such a link's folder is walked through anyway
                problems.append(Problem(name, _CLOSED))
        elif path.is_file() and path.suffix.lower() == ZIP:
            try:
                more, odd = list_zip(path, within=f"{name}/")
            except UNREADABLE as error:
                more, odd = [], [Problem(name, one_line(error))]
            files += more
            problems += odd
        elif path.is_file() and kind_of(name) in KINDS:
            files.append(file_on_disk(path, name))
        else:
            problems.append(Problem(name, _UNKNOWN))
    return files, problems


def list_zip(path: Path, within: str = "") -> tuple[list[File], list[Problem]]:
    """Return a zip's files that can be read, and the others."""
    files = files_in_zip(path, within)
    known = [file for file in files if file.kind in KINDS]
    return known, [Problem(file.name, _UNKNOWN) for file in files if file.kind not in KINDS]


def walk(folder: Path) -> list[tuple[Path, str]]:
    """Return all files in a folder, links to folders and folders that can't be read, sorted by their path within it."""
    closed: list[OSError] = []
    found: list[Path] = []
    try:
        for parent, folders, files in os.walk(folder, onerror=closed.append, followlinks=False):
            folders[:] = [name for name in folders if not is_hidden(name)]
            links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
            found += [Path(parent, name) for name in (*files, *links) if not is_hidden(name)]
    except RecursionError as error:
        raise ExemplarError(f"the folders in {folder} are nested too deeply") from error
    found += [Path(error.filename) for error in closed]
    return sorted(
        ((path, replace_lone_surrogates(path.relative_to(folder).as_posix())) for path in found),
        key=lambda each: each[1],
    )


def stays_within(path: Path, folder: Path) -> bool:
    """Tell whether a path, its links followed, ends within a folder."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links that go round
        return False


def leads_out(path: Path, folder: Path) -> bool:
    """Tell whether a path in a folder is a link to something outside of it."""
    return path.is_symlink() and not stays_within(path, folder)


def read_files(files: list[File], asked: Columns) -> Iterator[Placed]:
    """Yield the documents and problems of files; a file that can't be read is a problem."""
    for file in files:
        try:
            yield from _read_file(file, asked)
        except UNREADABLE as error:
            yield file.name, Problem(file.name, one_line(error))


def _read_file(file: File, asked: Columns) -> Iterator[Placed]:
    if file.kind in TABLES:
        table, chosen = _open(file, asked)
        yield from read_rows(table, chosen, file.at, lambda row: f"{file.name}#{row}")
    else:
        for found in read_text_file(file):
            yield file.name, found


def _open(file: File, asked: Columns) -> tuple[Table, Columns]:
    table = open_table(file, asked.names())
    # The columns differ from file to file, and problems of one kind are counted by their words.
    return table, pick_columns(table.columns, asked, "it", list_names=False)
