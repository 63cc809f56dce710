"""Hugging Face data sets as tables: on the hub, or in folders with the layout of a data set.

The library ``datasets`` resolves configurations and splits. It guesses the types of cells, so that "007" becomes 7 and
"NA" nothing; the tables of a folder are therefore read by the readers of single files.
"""

import itertools
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.arrow_rows import class_names_in, with_class_names
from exemplar.data.files.file import kind_of
from exemplar.data.files.table import Row, Table
from exemplar.data.hub import check_hub
from exemplar.data.readers.formats import BY_SUFFIX
from exemplar.data.sources.described_folders import described_folder, is_saved, readable_columns, saved_folder
from exemplar.data.sources.files import file_on_disk
from exemplar.data.sources.folders import is_partition, leads_out, stays_within, walk
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.text import root_cause

_BATCH = 1000
_MOST_PARTS = 1_000_000  # of a README's front matter
_ABOUT = frozenset({"readme.md", "license", "license.md", "license.txt", "dataset_infos.json"})


def is_data_set(folder: Path) -> bool:
    """Return whether a folder has the layout of a Hugging Face data set, rather than being a folder of files."""
    if is_saved(folder) or _describes_a_data_set(folder / "README.md"):
        return True
    names = [name for path, name in walk(folder) if path.name.lower() not in _ABOUT]
    if any(map(is_partition, itertools.chain.from_iterable(PurePosixPath(name).parts[:-1] for name in names))):
        return False  # the library loses the columns that paths give
    kinds = set(map(kind_of, names))
    kinds &= BY_SUFFIX.keys()
    return bool(kinds) and kinds <= {".parquet", ".arrow"}


def default_split(source: str) -> str:
    """Return the split that is read if none is chosen: train, or the only one of a saved data set."""
    folder = Path(source)
    splits = list(saved_folder(folder).splits) if folder.is_dir() and is_saved(folder) else []
    return splits[0] if len(splits) == 1 else "train"


def data_set_table(spec: SourceSpec) -> Table:
    """Return a split of a data set as a table of its columns, without pictures, sound and the like.

    Raises
    ------
    ExemplarError
        The data set can't be loaded, or a requested column can't be read as text.
    """
    datasets = _library()
    folder, split = Path(spec.source), spec.split or "train"
    if spec.streaming and "[" in split:
        raise ExemplarError(f"a streamed data set has no slices, got the split '{split}'; use a full split and a limit")
    if not os.path.isdir(folder):
        check_hub("dataset", spec.source, spec.revision)
        return _loaded_table(spec, _load(spec, split))
    _check_stays_within(folder)
    if is_saved(folder):
        return saved_folder(folder).table(spec, split)
    with _explained(spec):
        builder = datasets.load_dataset_builder(spec.source, spec.config)
    described = described_folder(builder, folder)
    return _loaded_table(spec, _load(spec, split)) if described is None else described.table(spec, split)


def _library() -> Any:
    import datasets

    datasets.config.USE_PARQUET_EXPORT = False  # otherwise the library also sends requests to another server
    return datasets


@contextmanager
def _explained(spec: SourceSpec) -> Iterator[None]:
    """Turn any error of the library into a sentence: every builder and reader raises errors of its own."""
    try:
        yield
    except Exception as error:
        raise ExemplarError(f"cannot load the data set {spec.source}: {root_cause(error)}") from error


def _load(spec: SourceSpec, split: str) -> Any:
    with _explained(spec):
        return _library().load_dataset(
            spec.source, spec.config, split=split, revision=spec.revision, streaming=spec.streaming
        )


def _loaded_table(spec: SourceSpec, data_set: Any) -> Table:
    """Return a loaded data set as a table."""
    name = spec.source
    if data_set.features is None:  # some streamed data sets do not declare their columns
        columns, class_names = tuple(next(_batches(data_set, name, 1), {})), {}
    else:
        features = data_set.features.to_dict()
        columns, class_names = readable_columns(features, features, spec), class_names_in(features)

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        selected = data_set if data_set.features is None else data_set.select_columns(list(columns))
        for batch in _batches(selected, name, _BATCH):
            for cells in zip(*batch.values(), strict=True):
                yield with_class_names(dict(zip(batch, cells, strict=True)), class_names)

    return Table(columns, rows)


def _describes_a_data_set(readme: Path) -> bool:
    if not readme.is_file() or not stays_within(readme, readme.parent):
        return False
    with file_on_disk(readme).open() as opened:
        text = opened.read(2**20).decode(errors="replace").removeprefix("\N{BYTE ORDER MARK}")
    if not text.startswith("---"):
        return False
    front_matter = text.removeprefix("---").partition("\n---")[0]
    return any(line.startswith(("configs:", "dataset_info:")) for line in front_matter.splitlines())


def _check_stays_within(folder: Path) -> None:
    """Raise ExemplarError if a link in a folder, or a path in its README, leads out of the folder."""
    if out := next((name for path, name in walk(folder) if leads_out(path, folder)), None):
        raise ExemplarError(f"cannot load the data set {folder}: {out} is a link that leads out of the folder")
    elsewhere = (
        path for path in _readme_paths(folder / "README.md") if re.search(r"^[/~]|^[A-Za-z]:|\.\.|://|::", path)
    )
    if out := next(elsewhere, None):
        raise ExemplarError(f"cannot load the data set {folder}: its README names {out}, which is not in the folder")


def _readme_paths(readme: Path) -> Iterator[str]:
    """Yield the paths of files and folders in the front matter of a data set's README."""
    import huggingface_hub

    try:
        settings = huggingface_hub.metadata_load(readme) if readme.is_file() else None
    except Exception:  # the loader raises a better error
        return
    if isinstance(settings, dict):
        if next(itertools.islice(_parts(settings), _MOST_PARTS, None), None) is not None:
            reason = f"the front matter of its README has more than {_MOST_PARTS:,} parts"
            raise ExemplarError(f"cannot load the data set {readme.parent}: {reason}")
        yield from (part for part in _parts(settings.get("configs")) if isinstance(part, str))


def _parts(settings: Any) -> Iterator[Any]:
    """Yield all values within a value of YAML; without end if an alias refers to its own parent."""
    waiting = [settings]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, list | dict):
            waiting += part.values() if isinstance(part, dict) else part


def _batches(data_set: Any, name: str, size: int) -> Iterator[dict[str, list[Any]]]:
    try:
        yield from data_set.iter(batch_size=size)
    except Exception as error:  # a streamed data set raises errors of the network and of any reader
        raise ExemplarError(f"cannot read the data set {name}: {root_cause(error)}") from error
