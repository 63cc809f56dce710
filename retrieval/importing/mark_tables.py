"""Open a file of marks as a table: of any format with rows, packed, in a zip, or a folder that ``datasets`` saved."""

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import ZIP, File, kind_of, packing_of
from exemplar.data.files.table import Row, Table
from exemplar.data.readers.formats import format_of
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.columns import Columns
from exemplar.data.sources.compression import open_packed
from exemplar.data.sources.files import file_on_disk, files_in_zip
from exemplar.data.sources.hub_datasets import data_set_table, default_split, is_data_set
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.tabular.parquet_table import read_columns
from exemplar.retrieval.importing.mark_roles import roles_of

MOST_BYTES = 500_000_000  # of an uploaded file

# Columns that records may have though the first ones, which show the columns, do not: decisions, and notes.
_OF_RECORDS = {
    "ris": ("decision", "N1"),
    "endnote": ("decision", "%Z"),
    "bibtex": ("decision", "note", "annote", "notes"),
}
_SOUGHT = ("doc_id", "mark", "answer", "label")  # also where the first objects of a JSON file lack them
_ARROW = ".arrow"


@dataclass(frozen=True, slots=True)
class MarkTable:
    """A file as a table.

    Attributes
    ----------
    rows
        Yields the rows with at least the columns of the argument.
    format
        The name of its format; empty for a folder.
    """

    columns: tuple[str, ...]
    rows: Callable[[Sequence[str]], Iterator[Row | Problem]]
    format: str = ""

    @property
    def are_references(self) -> bool:
        """Whether the rows are records of references."""
        return self.format in _OF_RECORDS


@contextmanager
def open_marks(content: bytes | Path, name: str) -> Iterator[MarkTable]:
    """Open a file as a table, whose rows can be read until it is closed.

    Raises
    ------
    file.UNREADABLE
        The file can't be read, or has no rows.
    """
    if isinstance(content, Path):
        if content.is_dir():
            yield _folder(content)
        elif kind_of(content.name) == ZIP:
            yield _zip(content)
        else:
            yield _table(file_on_disk(content))
        return
    if len(content) > MOST_BYTES:
        raise ExemplarError(
            f"it is larger than {MOST_BYTES // 10**6:,} MB; remove all columns but doc_id, text_hash and mark"
        )
    if kind_of(name) == ZIP:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "marks.zip")
            path.write_bytes(content)
            yield _zip(path)
    elif packing_of(name):
        yield _table(File(name, lambda: open_packed(io.BytesIO(content), name, len(content))))
    else:
        yield _table(File(name, lambda: io.BytesIO(content), seekable=True))


def _table(file: File) -> MarkTable:
    found = format_of(file)
    if found is None or not found.is_table:
        what = "its format is unknown" if found is None else f"{found.title} has no rows"
        raise ExemplarError(f"{what}; save it as CSV, Excel, JSON Lines, Parquet, RIS or BibTeX")
    table = open_table(file, _SOUGHT, _holds_marks)
    if found.name == "parquet":
        return MarkTable(table.columns, lambda names: read_columns(file, names), found.name)
    more = [name for name in _OF_RECORDS.get(found.name, ()) if name not in table.columns]
    return MarkTable((*table.columns, *more), table.rows, found.name)


def _holds_marks(columns: Sequence[str]) -> bool:
    """Return whether a table of these columns has marks, to choose among the sheets of a workbook and the like."""
    with suppress(ExemplarError):
        return roles_of(columns, Columns()).mark is not None
    return False


def _zip(path: Path) -> MarkTable:
    """Return the only table in a zip; those of a folder that ``datasets`` saved are one."""
    files = files_in_zip(path)
    parts = [file for file in files if file.kind == _ARROW] or [file for file in files if file.kind != ".json"] or files
    if not parts or (len(parts) > 1 and parts[0].kind != _ARROW):
        raise ExemplarError("a zip with marks holds one file, or one folder that datasets saved; unpack it first")
    tables = [_table(file) for file in parts]
    if any(table.columns != tables[0].columns for table in tables):
        raise ExemplarError("the files in it have different columns; unpack it first")
    return MarkTable(
        tables[0].columns, lambda names: chain.from_iterable(table.rows(names) for table in tables), tables[0].format
    )


def _folder(folder: Path) -> MarkTable:
    if not is_data_set(folder):
        raise ExemplarError("it is a folder; name a file in it")
    table: Table = data_set_table(SourceSpec(str(folder), split=default_split(str(folder))))
    return MarkTable(table.columns, table.rows)
