"""An export: the rows of a table as they come, with Exemplar's own columns, streamed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from exemplar.data.sources.columns import Columns

Row = Mapping[str, Any]
# Of the cells of a column; JSON is text where a format has no such values.
Kind = Literal["blank", "text", "int", "float", "bool", "texts", "ints", "floats", "json"]
NO_ROLES = Columns()


@dataclass(frozen=True, slots=True)
class Export:
    """What an export has; nothing is read before ``rows`` is called.

    Attributes
    ----------
    columns
        The names in order: those of the source as they came, then Exemplar's own.
    own
        Which of them are Exemplar's own. Where the source has such a name, they have a prefix: see ``own_name``.
    rows
        Yields the rows, each with its cells by column; a missing cell is blank. Every call begins anew.
    n_rows
        How many rows it yields.
    about
        What the export is, as JSON values: query, session, model, versions, date.
    kinds
        What the cells of each column are; empty if only the rows show it.
    roles
        Which columns are the text, the title, the label and the id, as the corpus was built.
    """

    columns: tuple[str, ...]
    own: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    n_rows: int
    about: Mapping[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    roles: Columns = NO_ROLES
