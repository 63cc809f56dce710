"""Folders that are Hugging Face data sets: their files, by configuration and split, read cell by cell as they stand."""

import dataclasses
import itertools
import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.arrow_rows import class_names_in, with_class_names
from exemplar.data.files.file import File, reading
from exemplar.data.files.table import PlacedRow, Row, Table, file_of, line_of, placed_row
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.columns import holds_text
from exemplar.data.sources.files import file_on_disk
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.tabular.arrow_table import arrow_features
from exemplar.data.tabular.parquet_table import data_set_features

_KNOWN_OPTIONS = {"name", "version", "description", "data_dir", "data_files"}  # of a builder; others change its reader
_TABLES = {".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow"}  # that are read cell by cell
_FEATURES = {".parquet": data_set_features, ".arrow": arrow_features}  # of the kinds of files that may hold them
_MOST_JSON = 2**26  # bytes
_INFO, _STATE, _SPLITS = "dataset_info.json", "state.json", "dataset_dict.json"
_NESTED = ("List", "LargeList", "Sequence")
_PLAIN = ("ClassLabel", "Json", "Translation", "TranslationVariableLanguages")


@dataclass(frozen=True, slots=True)
class DescribedFolder:
    """The files of every split, and what the folder says of the columns: their features as JSON."""

    splits: Mapping[str, list[File]]
    features: dict[str, Any]

    def table(self, spec: SourceSpec, split: str) -> Table:
        """Return a split, or slices of splits, as a table of the columns of its files, without pictures and the like.

        Raises
        ------
        ExemplarError
            The split does not exist, a file can't be opened, or a requested column can't be read as text.
        """
        # Only slices need the number of rows, for which all files are read.
        lengths = {name: self._length(name, spec) if "[" in split else sys.maxsize for name in self.splits}
        parts = parts_of_split(split, lengths, spec.where)
        tables = {name: [self._opened(file, spec) for file in self.splits[name]] for name, _, _ in parts}
        features = self.features or _features_in(self.splits)
        all_columns = _all_columns(itertools.chain.from_iterable(tables.values()))
        columns = readable_columns(all_columns, features, spec)
        hidden = set(all_columns).difference(columns)
        class_names = class_names_in(features)

        def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
            for name, first, end in parts:
                items = itertools.chain.from_iterable(table.rows(needed) for table in tables[name])
                for item in _between(items, first, end):
                    yield item if isinstance(item, Problem) else with_class_names(_without(item, hidden), class_names)

        return Table(columns, rows)

    def _length(self, split: str, spec: SourceSpec) -> int:
        return sum(_is_row(item) for file in self.splits[split] for item in self._opened(file, spec).rows(()))

    def _opened(self, file: File, spec: SourceSpec) -> Table:
        """Return a file as a table whose errors name the file."""
        where = f"{file.name} of {spec.where}"
        with reading(where):
            table = open_table(file, spec.columns.names(), holds_text(spec.columns))

        def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
            with reading(where):
                for row in table.rows([name for name in needed if name in table.columns]):
                    yield row if isinstance(row, Problem) else placed_row(row, line_of(row), file.name)

        return Table(table.columns, rows)


def described_folder(builder: Any, folder: Path) -> DescribedFolder | None:
    """Return the files of a data set in a folder; None if its files are no tables, or its README says how to read them.

    Parameters
    ----------
    builder
        What the library ``datasets`` has resolved for the folder and a configuration.
    """
    files = builder.config.data_files or {}
    splits = {str(split): [_file(str(path), folder) for path in paths] for split, paths in files.items()}
    kinds = {file.kind for file in itertools.chain.from_iterable(splits.values())}
    if not kinds or not kinds <= _TABLES or _options(builder.config) - _KNOWN_OPTIONS:
        return None
    features = builder.info.features
    return DescribedFolder(splits, features.to_dict() if features else {})


def is_saved(folder: Path) -> bool:
    """Return whether ``save_to_disk`` of the library ``datasets`` wrote a folder."""
    saved = (folder / _INFO).is_file() and (folder / _STATE).is_file()
    return saved or (folder / _SPLITS).is_file()


def saved_folder(folder: Path) -> DescribedFolder:
    """Return the files of a data set that ``save_to_disk`` wrote, with one split or several.

    Raises
    ------
    ExemplarError
        What describes the files is damaged, or names others than lie in the folder.
    """
    if not (folder / _SPLITS).is_file():
        state, features = _saved_split(folder, folder)
        return DescribedFolder(state, features)
    names = _json(folder / _SPLITS).get("splits")
    if not isinstance(names, list) or not names or not all(map(_is_name, names)):
        raise ExemplarError(f"cannot load the data set {folder}: {_SPLITS} names no splits")
    found = {name: _saved_split(folder / name, folder) for name in names}
    splits = {name: files for name, (state, _) in found.items() for files in state.values()}
    return DescribedFolder(splits, found[names[0]][1])


def _saved_split(saved: Path, folder: Path) -> tuple[dict[str, list[File]], dict[str, Any]]:
    """Return the name of a saved split with its files, and its features."""
    state, info = _json(saved / _STATE), _json(saved / _INFO)
    listed = state.get("_data_files")
    names = [each.get("filename") if isinstance(each, dict) else None for each in listed or ()]
    if not isinstance(listed, list) or not all(map(_is_name, names)):
        raise ExemplarError(f"cannot load the data set {folder}: {_STATE} names files that are not in the folder")
    if state.get("_indices_data_files"):
        reason = f"{_STATE} selects rows, as an old version of the library did; save it again"
        raise ExemplarError(f"cannot load the data set {folder}: {reason}")
    split, features = state.get("_split"), info.get("features")
    files = [_file(str(saved / name), folder) for name in names if name is not None]
    return {split if isinstance(split, str) else "train": files}, features if isinstance(features, dict) else {}


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name not in ("", ".", "..") and not re.search(r"[/\\\0:]", name)


def _json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            content = json.loads(opened.read(_MOST_JSON))
    except (OSError, ValueError, RecursionError) as error:
        raise ExemplarError(f"cannot load the data set {path.parent}: {path.name} can't be read") from error
    return content if isinstance(content, dict) else {}


def parts_of_split(split: str, lengths: Mapping[str, int], where: str) -> list[tuple[str, int, int]]:
    """Return the split's name, first row and end of every part of a split such as ``train[:10%]+test``.

    Parameters
    ----------
    lengths
        The number of rows of all splits.
    where
        What messages call the data set.

    Raises
    ------
    ExemplarError
        A split does not exist, or the slice can't be understood.
    """
    import datasets

    try:
        parts = datasets.ReadInstruction.from_spec(split).to_absolute(dict(lengths))
    except (ValueError, AssertionError) as error:
        known = f'Unknown split "{split}". Should be one of {list(lengths)}.'
        raise ExemplarError(f"cannot load the data set {where}: {known}") from error
    return [(part.splitname, part.from_, part.to) for part in parts]


def readable_columns(columns: Iterable[str], features: Mapping[str, Any], spec: SourceSpec) -> tuple[str, ...]:
    """Return the columns without pictures, sound, bytes and arrays, by their features as JSON.

    Raises
    ------
    ExemplarError
        A requested column is one of those.
    """
    names = list(columns)
    hidden = [name for name in names if not _is_readable(features.get(name))]
    if bad := next((name for name in spec.columns.names() if name in hidden), None):
        raise ExemplarError(
            f"column '{bad}' of {spec.where} can't be read as text: it holds {_in_words(features[bad])}"
        )
    return tuple(name for name in names if name not in hidden)


def _in_words(feature: Any) -> str:
    kind = feature.get("_type") if isinstance(feature, dict) else None
    return kind if isinstance(kind, str) and kind not in (*_NESTED, "Value") else "bytes or pictures"


def _is_readable(feature: Any) -> bool:
    if isinstance(feature, list):
        return all(map(_is_readable, feature))
    if not isinstance(feature, dict):
        return True  # of no known type
    kind = feature.get("_type")
    if not isinstance(kind, str):  # an object of columns
        return all(map(_is_readable, feature.values()))
    if kind == "Value":
        return "binary" not in str(feature.get("dtype"))
    return _is_readable(feature.get("feature")) if kind in _NESTED else kind in _PLAIN


def _options(config: Any) -> set[str]:
    """Return the names of the options of a builder that differ from its defaults."""
    default = type(config)()
    options = {field.name for field in dataclasses.fields(config)}
    changed = {name for name in options if getattr(config, name) != getattr(default, name)}
    is_tsv = getattr(config, "sep", None) == "\t" and all(
        str(path).lower().removesuffix(".gz").endswith(".tsv") for paths in config.data_files.values() for path in paths
    )
    return changed - {"sep"} if is_tsv else changed


def _file(path: str, folder: Path) -> File:
    return file_on_disk(Path(path), Path(path).relative_to(folder).as_posix())


def _all_columns(tables: Iterable[Table]) -> list[str]:
    """Return the columns of all tables, in order; a name that one table repeats is repeated."""
    columns: list[str] = []
    for table in tables:
        known = set(columns)
        columns += [name for name in table.columns if name not in known]
    return columns


def _features_in(splits: Mapping[str, list[File]]) -> dict[str, Any]:
    """Return the features that a file of the data set holds; an empty dict without any."""
    first = next((file for files in splits.values() for file in files if file.kind in _FEATURES), None)
    return _FEATURES[first.kind](first) if first else {}


def _between(items: Iterable[Row | Problem], first: int, end: int) -> Iterator[Row | Problem]:
    """Yield the rows from the first one to before ``end``, and the problems between them."""
    number = 0
    for item in items:
        if number >= end:
            return
        if number >= first:
            yield item
        number += _is_row(item)


def _is_row(item: Row | Problem) -> bool:
    return not isinstance(item, Problem) or item.left_out


def _without(row: Row, columns: Collection[str]) -> PlacedRow:
    cells = {name: cell for name, cell in row.items() if name not in columns}
    return placed_row(cells, line_of(row), file_of(row))
