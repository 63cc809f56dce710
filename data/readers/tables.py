"""Table files: CSV, TSV, JSON Lines, JSON and Parquet."""

from collections.abc import Iterable

from exemplar.data.readers.csv_table import delimited_table
from exemplar.data.readers.file import File
from exemplar.data.readers.json_table import json_lines_table, json_table
from exemplar.data.readers.parquet_table import parquet_table
from exemplar.data.readers.table import Table


def open_table(file: File, required: Iterable[str] = ()) -> Table:
    """Return a file as a table, after reading what its columns need.

    Parameters
    ----------
    required
        Columns to look for in every line of a JSON Lines file if its first lines lack them.

    Raises
    ------
    file.UNREADABLE
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
            return json_table(file, required)
        case _:
            return json_lines_table(file, required)
