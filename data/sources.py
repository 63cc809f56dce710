"""Where documents come from: Hugging Face data sets, tables in files, installed packages."""

import itertools
import json
import os
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from data.hub import check_hub, reason
from data.package_docs import DEMO_PACKAGES, package_documents

TEXT_COLUMNS = ("text", "content", "review", "abstract", "document", "body")
LABEL_COLUMNS = ("label",)

_MOST_ROWS = 10**12  # more than any machine holds, and still a number to every reader
_PLAIN = (str, int, float, Decimal, date, time, type(None))  # cells that have one obvious text


@dataclass(frozen=True, slots=True)
class Document:
    """One row of a source; ``doc_id`` is its identity, stable across rebuilds."""

    doc_id: str
    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Documents that were read, and the choices that lead to the same ones again.

    ``description`` is JSON: the source as it was named, and the split, columns and limit used.
    ``n_skipped`` counts rows left out because they have no text.
    """

    name: str
    description: dict[str, str | int | None]
    documents: Sequence[Document]
    n_skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Table:
    """Named columns whose cells are fetched a column at a time."""

    columns: tuple[str, ...]
    cells: Callable[[str], list[Any]]


def read_source(
    source: str,
    *,
    split: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    id_column: str | None = None,
    limit: int | None = None,
) -> Source:
    """Read the documents of a source.

    Parameters
    ----------
    source
        ``docs`` or ``docs:numpy,pandas`` for the documentation of installed packages; the path of a CSV,
        TSV, JSON Lines or Parquet file; or a Hugging Face data set: a folder, or a name on the hub.
    split
        Split of a Hugging Face data set, slices included (``train[:10%]``). Default: ``train``.
    text_column, label_column, id_column
        Without them a column called text, content, review, abstract, document or body is taken for
        the text, one called label for the label, and the row number in the source for the id.
    limit
        At most so many rows, from the first.

    Raises
    ------
    ValueError
        The source or a column can't be found or read; the message lists what there is.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"the limit must be at least 1, got {limit}")
    if limit is not None and limit > _MOST_ROWS:
        raise ValueError(f"the limit must be at most {_MOST_ROWS:,}, got {limit}")
    if not source.strip():
        raise ValueError("name a source: docs, a file, a folder, or a data set on the hub")
    if source == "docs" or source.startswith("docs:"):
        return _read_package_docs(source, limit)
    path = Path(os.path.expanduser(source))
    if path.is_file():
        table, where = _read_file(path, limit), str(path.resolve())
    elif path.is_dir():
        split = split or "train"
        table, where = _read_data_set(str(path), split, limit), str(path.resolve())
    elif path.suffix.lower() in _READERS or source.startswith((".", "/", "~")):
        raise ValueError(f"there is no file or folder {source}")
    else:
        split = split or "train"
        table, where = _read_data_set(source, split, limit), source
    text_column = _pick_column(table, text_column, TEXT_COLUMNS, where)
    if text_column is None:
        columns = ", ".join(table.columns)
        raise ValueError(f"say which column of {where} holds the text; its columns are: {columns}")
    label_column = _pick_column(table, label_column, LABEL_COLUMNS, where)
    id_column = _pick_column(table, id_column, (), where)
    documents, n_skipped = _documents(table, text_column, label_column, id_column, where)
    description = {
        "source": where,
        "split": split,
        "text_column": text_column,
        "label_column": label_column,
        "id_column": id_column,
        "limit": limit,
    }
    return Source(default_name(source), description, documents, n_skipped)


def default_name(source: str) -> str:
    """Return the name that a corpus of this source gets where none is given."""
    if source.startswith("docs:"):
        return "docs"
    path = Path(os.path.expanduser(source))
    name = path.stem if path.is_file() else path.name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "corpus"


def _read_package_docs(source: str, limit: int | None) -> Source:
    packages = tuple(name.strip() for name in source.partition(":")[2].split(",") if name.strip())
    packages = packages or DEMO_PACKAGES
    documents = [
        Document(name, f"{name}\n\n{docstring}", label=name.partition(".")[0])
        for name, docstring in package_documents(packages)
    ]
    description = {"source": f"docs:{','.join(packages)}", "limit": limit}
    return Source(default_name(source), description, documents[:limit])


def _read_csv(path: Path, limit: int | None, separator: str = ",") -> _Table:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            # Every cell as text, "NA" included: a review that says "None" is not a missing one. A blank line is a
            # row without text, so that row numbers hold. No column is taken for an index.
            frame = pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,
                index_col=False,
                nrows=limit,
            )
        except pd.errors.ParserWarning as error:
            raise ValueError("its rows have more fields than its header has names") from error
    return _Table(tuple(frame.columns), lambda name: list(frame[name]))


def _read_tsv(path: Path, limit: int | None) -> _Table:
    return _read_csv(path, limit, separator="\t")


def _read_json_lines(path: Path, limit: int | None) -> _Table:
    with path.open(encoding="utf-8-sig") as file:
        lines = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
        rows = [_json_object(line, number) for number, line in itertools.islice(lines, limit)]
    columns = dict.fromkeys(name for row in rows for name in row)
    return _Table(tuple(columns), lambda name: [row.get(name) for row in rows])


def _json_object(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number} is no JSON: {error.msg} at column {error.colno}") from error
    if not isinstance(row, dict):
        raise ValueError(f"line {number} is not a JSON object")
    return row


def _read_parquet(path: Path, limit: int | None) -> _Table:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path).slice(0, limit)
    return _Table(tuple(table.column_names), lambda name: table[name].to_pylist())


_READERS: dict[str, Callable[[Path, int | None], _Table]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".parquet": _read_parquet,
}


def _read_file(path: Path, limit: int | None) -> _Table:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{path} is none of the files that can be read: {', '.join(_READERS)}")
    try:
        return reader(path, limit)
    except (ValueError, OSError, RecursionError) as error:
        raise ValueError(f"cannot read {path}: {' '.join(str(error).split())}") from error


def _read_data_set(name: str, split: str, limit: int | None) -> _Table:
    import datasets

    if not Path(name).is_dir():
        check_hub("dataset", name)
    try:
        data_set = datasets.load_dataset(name, split=split)
    except Exception as error:  # every builder and reader has kinds of its own
        raise ValueError(f"cannot load the data set {name}: {reason(error)}") from error
    if limit is not None:
        data_set = data_set.select(range(min(limit, len(data_set))))

    def cells(column: str) -> list[Any]:
        values = list(data_set[column])
        feature = data_set.features[column]
        if isinstance(feature, datasets.ClassLabel):
            return [None if value is None or value < 0 else feature.int2str(value) for value in values]
        return values

    return _Table(tuple(data_set.column_names), cells)


def _pick_column(table: _Table, asked: str | None, guesses: Iterable[str], where: str) -> str | None:
    if asked is None:
        return next((name for name in guesses if name in table.columns), None)
    if asked not in table.columns:
        raise ValueError(f"{where} has no column '{asked}'; its columns are: {', '.join(table.columns)}")
    return asked


def _documents(
    table: _Table, text_column: str, label_column: str | None, id_column: str | None, where: str
) -> tuple[list[Document], int]:
    texts = _column(table, text_column, where)
    labels = _column(table, label_column, where) if label_column else [None] * len(texts)
    ids = _doc_ids(table, id_column, where) if id_column else [str(row) for row in range(len(texts))]
    documents = [
        Document(doc_id, text, label)
        for doc_id, text, label in zip(ids, texts, labels, strict=True)
        if text is not None
    ]
    if not documents:
        raise ValueError(f"column '{text_column}' of {where} holds no text")
    return documents, len(texts) - len(documents)


def _doc_ids(table: _Table, column: str, where: str) -> list[str]:
    first_row: dict[str, int] = {}
    for row, doc_id in enumerate(_column(table, column, where)):
        if doc_id is None:
            raise ValueError(f"row {row} of {where} has no id in column '{column}'")
        if doc_id in first_row:
            raise ValueError(
                f"column '{column}' of {where} can't be the id: rows {first_row[doc_id]} and {row} both have '{doc_id}'"
            )
        first_row[doc_id] = row
    return list(first_row)


def _column(table: _Table, column: str, where: str) -> list[str | None]:
    """Return a column's cells as text, None for a missing or blank one."""
    cells = table.cells(column)
    for row, cell in enumerate(cells):
        if not isinstance(cell, _PLAIN):
            kind = type(cell).__name__
            raise ValueError(f"column '{column}' of {where} holds no plain text: row {row} is a {kind}")
    return [_as_text(cell) for cell in cells]


def _as_text(cell: Any) -> str | None:
    if cell is None or cell != cell:  # NaN is the only value unequal to itself
        return None
    text = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", str(cell))  # halves of pairs are no Unicode
    return text if text.strip() else None
