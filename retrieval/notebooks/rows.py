"""The rows of a data frame by what a person calls them: label, id or position."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.notebooks.frame import Frame


def documents_named(rows: Any, frame: Frame, corpus: DocumentStore) -> list[str]:
    """Return the documents of one row or several, by ``doc_id``, each once; see ``Searcher.mark``.

    Raises
    ------
    ExemplarError
        There is no such row, several have its label, or it has no text.
    """
    positions = [position for key in _keys(rows, frame) for position in [_position(key, frame, corpus)]]
    places = np.searchsorted(frame.positions, positions)
    for position, place in zip(positions, places.tolist(), strict=True):
        if place == len(frame.positions) or frame.positions[place] != position:
            raise ExemplarError(f"the row {frame.frame.index[position]!r} has no text, so that it can't be an example")
    return list(dict.fromkeys(corpus.doc_ids(places))) if positions else []


def _keys(rows: Any, frame: Frame) -> list[Any]:
    """Return what rows are called; a mask becomes the labels of its rows."""
    if isinstance(rows, str | bytes) or not hasattr(rows, "__iter__"):
        return [rows]
    index = frame.frame.index
    if isinstance(rows, tuple) and len(rows) == index.nlevels > 1 and rows in index:
        return [rows]
    keys = list(rows)
    mask = np.asarray(rows) if hasattr(rows, "__array__") else np.array(keys, dtype=object)
    if mask.dtype != bool and not (keys and all(isinstance(key, bool | np.bool_) for key in keys)):
        return keys
    if len(mask) != len(index):
        raise ExemplarError(f"the mask has {len(mask):,} values, and the data {len(index):,} rows")
    if isinstance(rows, pd.Series) and not rows.index.equals(index):
        raise ExemplarError("the mask has another index than the data; give mask.to_numpy() if its order is the data's")
    return [_At(int(position)) for position in np.flatnonzero(mask)]


class _At(int):
    """A position, which is no label."""


def _position(key: Any, frame: Frame, corpus: DocumentStore) -> int:
    index = frame.frame.index
    if isinstance(key, _At):
        return int(key)
    found = _with_label(key, index)
    if len(found) > 1:
        raise ExemplarError(f"{len(found):,} rows have the label {key!r}; name the row by its id, or reset the index")
    if found[0] >= 0:
        return int(found[0])
    if (row := corpus.rows_of([str(key)]).get(str(key))) is not None and frame.columns.id is not None:
        return int(frame.positions[row])
    is_position = isinstance(key, int | np.integer) and not pd.api.types.is_numeric_dtype(index.dtype)
    if is_position and 0 <= key < len(index):
        return int(key)
    raise ExemplarError(f"no row is called {key!r:.100}: name rows by their label in the frame's index, or by their id")


def _with_label(key: Any, index: pd.Index) -> NDArray[np.intp]:
    """Return the positions of a label in an index; [-1] if it has none."""
    has_levels = isinstance(index, pd.MultiIndex)
    if has_levels and not (isinstance(key, tuple) and len(key) == index.nlevels):
        return np.array([-1])
    try:
        found: NDArray[np.intp] = index.get_indexer_for(pd.Index([key], tupleize_cols=has_levels))
    except (TypeError, ValueError, pd.errors.InvalidIndexError):
        return np.array([-1])
    return found
