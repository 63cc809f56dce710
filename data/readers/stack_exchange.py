"""Dumps of Stack Exchange: an element a row, its attributes the columns, HTML as text."""

import itertools
import re
from collections.abc import Collection, Iterator
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, check_names
from exemplar.data.files.xml_stream import elements
from exemplar.data.texts.html import html_text

_N_FIRST = 1000  # records whose fields are the columns
_HTML = frozenset({"Body", "Text", "AboutMe"})  # columns of Stack Exchange
_TAGS = re.compile(r"[<|]([^<>|]+)(?=[>|])")


def stack_exchange_table(file: File) -> Table:
    """Return a dump as a table with the columns of its first 1,000 rows."""

    def rows(needed: Collection[str] = ()) -> Iterator[Row]:
        return map(_row, elements(file, "row"))

    columns: dict[str, None] = {}
    for row in itertools.islice(rows(), _N_FIRST):
        columns |= dict.fromkeys(row)
        check_names(len(columns), sum(map(len, columns)))
    if not columns:
        raise ExemplarError("it has no element <row> with content")
    return Table(tuple(columns), rows)


def _row(element: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict(element.attrib)
    for name in _HTML.intersection(row):
        row[name] = html_text(row[name])
    if "Tags" in row:
        row["Tags"] = _TAGS.findall(row["Tags"])
    return row
