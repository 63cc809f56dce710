"""Files with rows: the reader of each format."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from exemplar.data.bibliographies.bibtex import bibtex_table
from exemplar.data.bibliographies.decisions import with_decisions
from exemplar.data.bibliographies.endnote_xml import endnote_xml_table
from exemplar.data.bibliographies.tagged import TAGGED, tagged_table
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.files.table import HoldsText, Table
from exemplar.data.readers.formats import format_of
from exemplar.data.readers.json_table import json_lines_table, json_table
from exemplar.data.readers.lines_table import lines_table
from exemplar.data.readers.stack_exchange import stack_exchange_table
from exemplar.data.readers.xml_table import xml_table
from exemplar.data.tabular.arrow_table import arrow_table, orc_table
from exemplar.data.tabular.csv_table import csv_table, tsv_table
from exemplar.data.tabular.database_table import duckdb_table, lance_table, sqlite_table
from exemplar.data.tabular.parquet_table import parquet_table
from exemplar.data.tabular.spreadsheet import spreadsheet_table
from exemplar.data.texts.mail import mail_table, mbox_table

_READERS: Mapping[str, Callable[[File], Table]] = {
    "csv": csv_table,
    "tsv": tsv_table,
    "lines": lines_table,
    "parquet": parquet_table,
    "arrow": arrow_table,
    "orc": orc_table,
    "lance": lance_table,
    "bibtex": bibtex_table,
    "stackexchange": stack_exchange_table,
    "xml": xml_table,
    "endnote-xml": endnote_xml_table,
    "email": mail_table,
    "mbox": mbox_table,
    **{name: partial(tagged_table, name=name) for name in TAGGED},
}

_OF_SEVERAL: Mapping[str, Callable[[File, HoldsText], Table]] = {
    "sqlite": sqlite_table,
    "duckdb": duckdb_table,
    "xlsx": spreadsheet_table,
    "ods": spreadsheet_table,
}


def open_table(file: File, required: Iterable[str] = (), holds_text: HoldsText = bool) -> Table:
    """Return a file as a table, after reading what its columns need.

    Parameters
    ----------
    required
        Columns to look for in every line of a JSON Lines file if its first lines lack them.
    holds_text
        Whether a table with such columns holds documents, to choose among the tables of a database, the sheets of a
        workbook or the lists of a JSON file.

    Raises
    ------
    file.UNREADABLE
        The file can't be read.
    """
    found = format_of(file)
    name = found.name if found else ""
    if name == "json":
        return json_table(file, required, holds_text)
    if name == "jsonl":
        return json_lines_table(file, required, holds_text)
    if name in _OF_SEVERAL:
        return with_decisions(_OF_SEVERAL[name](file, holds_text))
    if name not in _READERS:
        raise ExemplarError(f"a file of the format {found.title if found else 'unknown'} has no rows")
    return with_decisions(_READERS[name](file))
