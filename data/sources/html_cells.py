"""HTML in the cells of a table, which becomes text: decided for each column by its first rows."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.file import UNREADABLE, File
from exemplar.data.files.table import Row, Table
from exemplar.data.readers.nested_cells import cell_at, text_in
from exemplar.data.sources.columns import Columns
from exemplar.data.texts.html import cell_text, closes_a_tag, has_tags, is_html, without_entities

_N_ROWS = 100
_MOST_NAMED = 5  # columns in a message
_MOST_PEEKED = 1_000_000  # characters of the rows that are looked at
_MOST_OF_A_CELL = 20_000  # characters that show whether it is HTML

Rows = Iterator[Row | Problem]


@dataclass(frozen=True, slots=True)
class HtmlCells:
    """The columns of a table that hold HTML.

    Attributes
    ----------
    entities_alone
        Those of them whose first cells close no tag.
    problems
        What is told of them, before the rows.
    """

    columns: frozenset[str] = frozenset()
    entities_alone: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()

    def text(self, column: str | None, cell: str | None) -> tuple[str | None, str]:
        """Return a cell as text, and why it stays HTML; empty if it does not."""
        if cell is None or column not in self.columns:
            return cell, ""
        if column in self.entities_alone and has_tags(cell):  # such as <table> in a text about HTML
            return without_entities(cell), ""
        try:
            text = cell_text(cell)
        except ExemplarError as error:
            return cell, f"HTML in column '{column}' stays as it is: {error}"
        return (text if text and not text.isspace() else None), ""


def find_html(table: Table, rows: Rows, chosen: Columns, file: File | None) -> tuple[Rows, HtmlCells]:
    """Return the rows of a table, and which of its columns hold HTML.

    These are the columns that the format says, else those of which at least half of the first 100 cells that are not
    blank are HTML. A tag such as ``<br>``, which closes nothing, does not count.
    """
    closing: dict[str, bool] = {}
    if table.html is not None:
        columns, told = list(table.html), False
    else:
        first, rows = _peeked(rows)
        closing = _by_content(first, chosen)
        columns, told = [name for name in closing if name != chosen.id], True
    if not columns:
        return rows, HtmlCells()
    where = file.name if file else "the table"
    try:
        package("inscriptis", "web", "HTML texts")
    except ExemplarError as error:
        return rows, HtmlCells(problems=(Problem(where, f"{_named(columns)} stays as it is: {error}", left_out=False),))
    problems = (Problem(where, f"{_named(columns)} was read as text", left_out=False),) if told else ()
    entities_alone = frozenset(name for name, closes in closing.items() if not closes)
    return rows, HtmlCells(frozenset(columns), entities_alone, problems)


def _peeked(rows: Rows) -> tuple[list[Row], Rows]:
    """Return the first rows, and an iterator over all; an error is raised where it stands among them."""
    first: list[Row | Problem] = []
    errors: list[Exception] = []
    size = 0
    try:
        for row in rows:
            first.append(row)
            if not isinstance(row, Problem):
                size += sum(len(cell) for cell in row.values() if isinstance(cell, str))
            if len(first) == _N_ROWS or size > _MOST_PEEKED:
                break
    except UNREADABLE as error:
        errors.append(error)

    def failure() -> Rows:
        yield from ()
        if errors:
            raise errors[0]

    found = [row for row in first if not isinstance(row, Problem)]
    return found, itertools.chain(first, failure() if errors else rows)


def _by_content(rows: Collection[Row], chosen: Columns) -> dict[str, bool]:
    """Return the columns that hold HTML, and whether a cell of each closes a tag."""
    closing: set[str] = set()
    n_cells: Counter[str] = Counter()
    n_html: Counter[str] = Counter()
    for row in rows:
        cells = dict(row)
        for name in (chosen.text, chosen.title, chosen.label):  # they may be nested
            if name is not None and name not in cells:
                cell = cell_at(row, name)
                cells[name] = text_in(cell, name) if name == chosen.text else cell
        for name, cell in cells.items():
            if isinstance(cell, str) and cell and not cell.isspace():
                n_cells[name] += 1
                n_html[name] += is_html(cell[:_MOST_OF_A_CELL])
                if name not in closing and closes_a_tag(cell[:_MOST_OF_A_CELL]):
                    closing.add(name)
    return {name: name in closing for name, n in n_html.items() if n and 2 * n >= n_cells[name]}


def _named(columns: Sequence[str]) -> str:
    names = ", ".join(f"'{name if len(name) <= 100 else f'{name[:100]}...'}'" for name in columns[:_MOST_NAMED])
    more = f" and {len(columns) - _MOST_NAMED:,} more" if len(columns) > _MOST_NAMED else ""
    return f"HTML in column{'' if len(columns) == 1 else 's'} {names}{more}"
