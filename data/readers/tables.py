"""Table files: CSV, TSV, JSON Lines, JSON, Parquet."""

from collections.abc import Iterable

from exemplar.data.readers.csv_table import delimited_table
from exemplar.data.readers.file import File
from exemplar.data.readers.json_table import json_lines_table, json_table
from exemplar.data.readers.parquet_table import parquet_table
from exemplar.data.readers.table import Table


def open_table(file: File, named: Iterable[str] = ()) -> Table:
    """Return a file as a table; its header is read, its rows are not yet.

    Parameters
    ----------
    named
        Columns that are searched for in all of a JSON Lines file if its beginning does not have them.

    Raises
    ------
    files.UNREADABLE
        The file can't be read.
    """
    match file.kind:
        case ".csv":
            return delimited_table(file, ",")
        case ".tsv":
            return delimited_table(file, "\t")
        case ".parquet":
            return parquet_table(file)
        case ".json":
            return json_table(file, named)
        case _:
            return json_lines_table(file, named)
