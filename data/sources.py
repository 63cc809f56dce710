"""Where documents come from: Hugging Face data sets, tables in files, installed packages."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.package_docs import DEMO_PACKAGES, package_documents

TEXT_COLUMNS = ("text", "content", "review", "abstract", "document", "body")
LABEL_COLUMNS = ("label",)


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
    if source == "docs" or source.startswith("docs:"):
        return _read_package_docs(source, limit)
    path = Path(source).expanduser()
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
    path = Path(source).expanduser()
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


def _read_csv(path: Path, limit: int | None, separator: str = ",") -> Any:
    import pandas as pd

    # Every cell as text, "NA" included: a review that says "None" is not a missing one. A blank line is a row
    # without text, so that row numbers hold.
    return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, skip_blank_lines=False, nrows=limit)


def _read_tsv(path: Path, limit: int | None) -> Any:
    return _read_csv(path, limit, separator="\t")


def _read_json_lines(path: Path, limit: int | None) -> Any:
    import pandas as pd

    return pd.read_json(path, lines=True, dtype=False, nrows=limit)


def _read_parquet(path: Path, limit: int | None) -> Any:
    import pandas as pd

    return pd.read_parquet(path).head(limit)


_READERS: dict[str, Callable[[Path, int | None], Any]] = {
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
        frame = reader(path, limit)
    except (ValueError, OSError) as error:
        raise ValueError(f"cannot read {path}: {_first_line(error)}") from error
    return _Table(tuple(str(name) for name in frame.columns), lambda name: list(frame[name]))


def _read_data_set(name: str, split: str, limit: int | None) -> _Table:
    import datasets

    if not Path(name).is_dir():
        _check_hub(name)
    try:
        data_set = datasets.load_dataset(name, split=split)
    except (datasets.exceptions.DatasetsError, ValueError, OSError) as error:
        raise ValueError(f"cannot load the data set {name}: {_first_line(error)}") from error
    if limit is not None:
        data_set = data_set.select(range(min(limit, len(data_set))))

    def cells(column: str) -> list[Any]:
        values = list(data_set[column])
        feature = data_set.features[column]
        if isinstance(feature, datasets.ClassLabel):
            return [None if value is None or value < 0 else feature.int2str(value) for value in values]
        return values

    return _Table(tuple(data_set.column_names), cells)


def _check_hub(name: str) -> None:
    """Ask the hub for the data set once, so that a missing network is told in seconds, not in retries."""
    import huggingface_hub
    from huggingface_hub.errors import OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        huggingface_hub.HfApi().dataset_info(name, timeout=10)
    except OfflineModeIsEnabled:
        return  # the user asked for what is cached; load_dataset says when nothing is
    except RepositoryNotFoundError as error:
        raise ValueError(f"there is no folder {name}, and no such data set on the Hugging Face hub") from error
    except Exception as error:
        raise ValueError(
            f"there is no folder {name}, and the Hugging Face hub can't be reached ({_first_line(error)}); "
            "connect, name a local folder or file, or set HF_HUB_OFFLINE=1 if it was loaded here before"
        ) from error


def _pick_column(table: _Table, asked: str | None, guesses: Iterable[str], where: str) -> str | None:
    if asked is None:
        return next((name for name in guesses if name in table.columns), None)
    if asked not in table.columns:
        raise ValueError(f"{where} has no column '{asked}'; its columns are: {', '.join(table.columns)}")
    return asked


def _documents(
    table: _Table, text_column: str, label_column: str | None, id_column: str | None, where: str
) -> tuple[list[Document], int]:
    texts = [_as_text(cell) for cell in table.cells(text_column)]
    labels = [_as_text(cell) for cell in table.cells(label_column)] if label_column else [None] * len(texts)
    ids = _doc_ids(table.cells(id_column), id_column, where) if id_column else map(str, range(len(texts)))
    documents = [
        Document(doc_id, text, label)
        for doc_id, text, label in zip(ids, texts, labels, strict=True)
        if text is not None
    ]
    if not documents:
        raise ValueError(f"column '{text_column}' of {where} holds no text")
    return documents, len(texts) - len(documents)


def _doc_ids(cells: Iterable[Any], column: str, where: str) -> list[str]:
    first_row: dict[str, int] = {}
    for row, cell in enumerate(cells):
        doc_id = _as_text(cell)
        if doc_id is None:
            raise ValueError(f"row {row} of {where} has no id in column '{column}'")
        if doc_id in first_row:
            raise ValueError(
                f"column '{column}' of {where} can't be the id: rows {first_row[doc_id]} and {row} both have '{doc_id}'"
            )
        first_row[doc_id] = row
    return list(first_row)


def _as_text(cell: Any) -> str | None:
    """Return a cell as text, or None for a missing or blank one."""
    if cell is None or cell != cell:  # NaN is the only value unequal to itself
        return None
    text = cell if isinstance(cell, str) else str(cell)
    return text if text.strip() else None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
