"""Dumps of Stack Exchange: an element a row, its attributes the columns."""

import itertools
import re
from collections.abc import Collection, Iterator
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, check_names
from exemplar.data.files.xml_stream import records

_N_FIRST = 1000  # records whose fields are the columns
_HTML = ("Body", "AboutMe")  # columns of Stack Exchange; the text of comments is none
_TAGS = re.compile(r"[<|]([^<>|]+)(?=[>|])")


def stack_exchange_table(file: File) -> Table:
    """Return a dump as a table with the columns of its first 1,000 rows."""

    def rows(needed: Collection[str] = ()) -> Iterator[Row | Problem]:
        return records(file, ["row"], _row)

    columns: dict[str, None] = {}
    for row in itertools.islice(rows(), _N_FIRST):
        if isinstance(row, Problem):
            break
        columns |= dict.fromkeys(row)
        check_names(len(columns), sum(map(len, columns)))
    if not columns:
        raise ExemplarError("it has no element <row> with content")
    return Table(tuple(columns), rows, html=[name for name in _HTML if name in columns])


def _row(element: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict(element.attrib)
    if "Tags" in row:
        row["Tags"] = _TAGS.findall(row["Tags"])
    return row
