"""Filters from the values of a data frame's columns."""

from collections.abc import Mapping
from typing import Any

from exemplar.data.corpus.filters import Filters
from exemplar.data.errors import ExemplarError
from exemplar.data.files.values import metadata_text
from exemplar.data.text import listed
from exemplar.retrieval.notebooks.frame import Frame


def filters_of(filters: Filters | Mapping[str, Any] | None, frame: Frame) -> Filters | None:
    """Return filters, or those for one value or several in each of some columns; ExemplarError for other columns."""
    if filters is None or isinstance(filters, Filters):
        return filters
    if not isinstance(filters, Mapping):
        raise ExemplarError(f"filters are values by column, such as {{'year': 2020}}; got a {type(filters).__name__}")
    roles = {frame.columns.text, frame.columns.title, frame.columns.id}
    allowed = [name for name in map(str, frame.frame.columns) if name not in roles]
    if other := next((name for name in map(str, filters) if name not in allowed), None):
        raise ExemplarError(f"no filter goes by the column '{other}'; there are {listed(allowed) or 'none'}")
    values = {str(name): _texts(value) for name, value in filters.items()}
    labels = values.pop(frame.columns.label, ()) if frame.columns.label else ()
    return Filters(labels, tuple(values.items()))


def _texts(value: Any) -> tuple[str, ...]:
    """Return one value or several as the texts that metadata has; a number is the same with and without a fraction."""
    several = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)
    several = [each.item() if hasattr(each, "item") else each for each in several]  # of NumPy
    spelt = [spelling for each in several for spelling in _spellings(each)]
    return tuple(text for each in spelt if (text := metadata_text(each)) is not None)


def _spellings(value: Any) -> tuple[Any, ...]:
    """Return a number as whole and with a fraction: pandas keeps whole numbers with gaps as 1.0."""
    if isinstance(value, int) and not isinstance(value, bool) and float(value) == value:
        return value, float(value)
    if isinstance(value, float) and value.is_integer():
        return value, int(value)
    return (value,)
