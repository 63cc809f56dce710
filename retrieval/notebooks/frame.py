"""Tables of Python's own as documents: data frames, data sets, and lists of texts or of rows."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exemplar.data.documents import Document, Problem, Problems
from exemplar.data.errors import ExemplarError
from exemplar.data.files.arrow_rows import class_names_in, with_class_names
from exemplar.data.files.table import Row, Table
from exemplar.data.sources.columns import Columns, pick_columns_of
from exemplar.data.sources.rows import read_rows
from exemplar.data.text import replace_lone_surrogates

_KINDS = "a DataFrame, a data set, a list of texts, or a list of dicts with a row each"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A data frame and its documents.

    Attributes
    ----------
    columns
        The column in each role.
    documents
        Of the rows with text, in their order.
    positions
        ``(n_documents,)``: the position of every document's row, ascending.
    problems
        Of the rows that were left out or repaired.
    """

    frame: pd.DataFrame
    columns: Columns
    documents: tuple[Document, ...]
    positions: NDArray[np.intp]
    problems: Problems


def read_frame(data: Any, requested: Columns) -> Frame:
    """Return a table of Python's own with its documents, which are those of a file with the same cells.

    Raises
    ------
    ExemplarError
        It is not a table, no column holds the text, or no row has text.
    """
    frame, class_names = _as_frame(data)
    names = tuple(map(str, frame.columns))
    plain = frame.astype(object).where(frame.notna(), None)  # cells of Python's own types

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        for cells in plain.itertuples(index=False, name=None):
            row = replace_lone_surrogates(dict(zip(names, cells, strict=True)))
            yield with_class_names(row, class_names)

    table = Table(names, rows)
    if len(names) == 1 and requested.text is None:
        requested = replace(requested, text=names[0])
    columns = pick_columns_of(table, requested, "the data", hint="name it, as in fit(data, text='review')")
    documents, positions, problems, position = [], [], Problems(), 0
    for item in read_rows(table, columns, set()):
        if isinstance(item, Document):
            documents.append(item)
            positions.append(position)
        else:
            problems.add(item)
        position += isinstance(item, Document) or item.left_out
    if not documents:
        raise ExemplarError(f"no row of the data has text; columns: {columns.in_words()}")
    return Frame(frame, columns, tuple(documents), np.array(positions, np.intp), problems)


def _as_frame(data: Any) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return data as a data frame, and the names of classes that a data set keeps as numbers."""
    if isinstance(data, pd.DataFrame):
        return data.copy(deep=False), {}  # what the caller writes into it later copies it
    if isinstance(data, pd.Series):
        return data.to_frame("text" if data.name is None else data.name), {}
    if hasattr(data, "to_pandas"):  # of polars, Arrow and datasets
        converted = data.to_pandas()
        features: Any = getattr(data, "features", None)
        names = class_names_in(features.to_dict()) if hasattr(features, "to_dict") else {}
        return (converted.to_frame("text") if isinstance(converted, pd.Series) else converted), names
    if isinstance(data, str | bytes | dict) or not hasattr(data, "__iter__"):
        raise ExemplarError(f"fit takes {_KINDS}; got a {type(data).__name__}")
    rows = list(data)
    if rows and all(isinstance(row, dict) for row in rows):
        return pd.DataFrame(rows, dtype=object), {}
    if all(row is None or row != row or isinstance(row, str) for row in rows):  # NaN is unequal to itself
        return pd.DataFrame({"text": pd.Series(rows, dtype=object)}), {}
    other = next(type(row).__name__ for row in rows if not isinstance(row, str | dict))
    raise ExemplarError(f"fit takes {_KINDS}; the list holds a {other}")
