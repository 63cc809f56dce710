"""Facets: the labels, other values and times that a corpus can be filtered by, with their numbers of documents."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from exemplar.data.arrow import keys_and_items
from exemplar.data.corpus.arrivals import arrival_counts

UNLABELLED = ""  # the label of documents without a label
MOST_VALUES = 5_000  # of one column
MOST_COLUMNS = 100

_EXAMINED = 1_000  # columns, among which MOST_COLUMNS are chosen
_BLOCK = 2**16  # documents whose values are in memory together


@dataclass(frozen=True, slots=True)
class Facets:
    """The labels of documents and the values of their other columns.

    Attributes
    ----------
    labels
        Number of documents by label, the most common first; ``UNLABELLED`` counts those without a label.
    fields
        Number of documents by value, the most common first, for every column by its name.
    arrivals
        Number of documents that came then or later, by time (ISO 8601 in UTC), the latest first; the last is all.
    """

    labels: dict[str, int]
    fields: dict[str, dict[str, int]]
    arrivals: dict[str, int] = field(default_factory=dict)

    def to_json(self, most: int) -> str:
        """Return the facets as JSON of at most ``most`` characters, with the most common values of every column."""
        for n_values in (MOST_VALUES, 1000, 200, 50, 10, 1):
            kept = {name: _first(values, n_values) for name, values in self.fields.items()}
            arrivals = _first(self.arrivals, n_values)
            text = json.dumps({"labels": _first(self.labels, n_values), "fields": kept, "arrivals": arrivals})
            if len(text) <= most:
                return text
        return json.dumps({"labels": {}, "fields": {}})

    @classmethod
    def from_json(cls, text: str) -> "Facets":
        """Return the facets in JSON; empty facets if the JSON does not hold any."""
        try:
            content = json.loads(text)
            fields = {name: dict(values) for name, values in content["fields"].items()}
            return cls(dict(content["labels"]), fields, dict(content.get("arrivals", {})))
        except (KeyError, TypeError, AttributeError, ValueError):
            return cls({}, {})


def facets_of(documents: pa.Table, arrivals: NDArray[np.int64] | None = None) -> Facets:
    """Return the facets of documents, a table with the columns of ``DOCUMENT_SCHEMA``.

    Parameters
    ----------
    arrivals
        When each document came; None if it is unknown.
    """
    counts = {} if arrivals is None else arrival_counts(arrivals)
    return Facets(label_counts(documents), field_counts(documents), counts)


def _first(values: Mapping[str, int], n: int) -> dict[str, int]:
    return dict(list(values.items())[:n])


def label_counts(documents: pa.Table) -> dict[str, int]:
    """Return the number of documents by label, the most common first; UNLABELLED counts those without a label."""
    labels = documents["labels"]
    counts = _counts(pc.list_flatten(labels))
    unlabelled = len(labels) - pc.sum(pc.greater(pc.list_value_length(labels), 0)).as_py()
    return dict(sorted((counts | ({UNLABELLED: unlabelled} if unlabelled else {})).items(), key=_by_count))


def field_counts(documents: pa.Table) -> dict[str, dict[str, int]]:
    """Return the number of documents by value, the most common first, for every other column.

    It leaves out columns with more than 5,000 values, and columns with a different value in every document: a filter by
    words serves for these. Of more than 100 columns it takes those that most documents have.
    """
    keys, values, _ = metadata_cells(documents)
    counts: dict[str, dict[str, int]] = {}
    for name, n in itertools.islice(_counts(keys).items(), _EXAMINED):
        selected = values.filter(pc.equal(keys, name))
        n_values = pc.count_distinct(selected).as_py()
        if n_values <= MOST_VALUES and (n_values < n or n_values == 1):
            counts[name] = _counts(selected)
        if len(counts) == MOST_COLUMNS:
            break
    return dict(sorted(counts.items()))


def _counts(values: Any) -> dict[str, int]:
    counts = [(pair["values"], pair["counts"]) for pair in pc.value_counts(values).to_pylist()]
    return dict(sorted(counts, key=_by_count))


def _by_count(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def metadata_cells(documents: pa.Table) -> tuple[Any, Any, NDArray[np.int64]]:
    """Return all cells of the other columns as three arrays ``(n_cells,)``: column names, values, document rows."""
    column = documents["metadata"]
    chunks = column.chunks or [pa.array([], column.type)]
    lengths = np.concatenate([_lengths(chunk) for chunk in chunks])
    rows = np.repeat(np.arange(lengths.size), lengths)
    parts = [pa.StructArray.from_arrays(keys_and_items(chunk), names=["key", "value"]) for chunk in chunks]
    table = pa.Table.from_struct_array(pa.chunked_array(parts))
    return table["key"].combine_chunks(), table["value"].combine_chunks(), rows


def values_in(documents: pa.Table, column: str | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the rows of documents with values in a column, in order, each with them; None means the labels."""
    for first in range(0, len(documents), _BLOCK):
        block = documents.slice(first, _BLOCK)
        if column is None:
            for row, labels in enumerate(block["labels"].to_pylist(), first):
                if labels:
                    yield row, tuple(labels)
        else:
            names, values, rows = metadata_cells(block)
            chosen = pc.equal(names, column)
            selected = rows[chosen.to_numpy(zero_copy_only=False)] + first
            for row, value in zip(selected.tolist(), values.filter(chosen).to_pylist(), strict=True):
                yield row, (value,)


def _lengths(chunk: Any) -> NDArray[np.int64]:
    offsets = chunk.offsets.to_numpy()
    lengths: NDArray[np.int64] = np.diff(offsets).astype(np.int64)
    lengths[~chunk.is_valid().to_numpy(zero_copy_only=False)] = 0
    return lengths
