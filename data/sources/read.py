"""Opens sources: files and folders, Hugging Face data sets, and the documentation of installed packages."""

import contextlib
import functools
import itertools
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.files.file import (
    PACKINGS,
    UNREADABLE,
    File,
    is_any_archive,
    is_archive,
    kind_of,
    reading,
    without_packing,
)
from exemplar.data.files.options import DEFAULTS
from exemplar.data.files.table import Row, Table
from exemplar.data.readers.formats import (
    BY_SUFFIX,
    check_options,
    format_of,
    has_rows,
    is_table_by_name,
    is_taken_for_table,
    listed_suffixes,
    may_be_table,
)
from exemplar.data.readers.tables import open_table
from exemplar.data.readers.text_files import read_text_file
from exemplar.data.sources.columns import Columns, holds_text, pick_columns_of, text_hint
from exemplar.data.sources.files import file_on_disk, files_at, folder_as_file, is_url, local_path, name_at
from exemplar.data.sources.folders import Listing, leads_out, list_archive, list_folder, list_url, read_files, walk
from exemplar.data.sources.hub_datasets import data_set_table, default_split, is_data_set
from exemplar.data.sources.package_docs import DEMO_PACKAGES, package_documents, without_see_also
from exemplar.data.sources.rows import Documents, read_rows
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.tabular.database_table import is_lance

_MOST_CHARACTERS = 4096  # of the name of a source; no system has longer paths
_MOST_ROWS = 10**12  # more than any machine can hold; every reader can count so far
_MOST_LOOKED_AT = 100  # files of a folder whose suffix does not tell whether they have rows
_MOST_SHOWN = 20  # tables of a folder whose columns are shown
_BEIR = ("corpus.jsonl", "corpus.jsonl.gz")


def read_source(spec: SourceSpec) -> Source:
    """Open a source: find it and the roles of its columns; ``Source.read`` then reads its documents.

    Raises
    ------
    ExemplarError
        The source or a column does not exist, or can't be read.
    """
    _check(spec)
    spec.options.checked()
    spec = replace(spec, source=local_path(spec.source))
    source, path = spec.source, Path(os.path.expanduser(spec.source))
    is_file = not spec.is_docs and os.path.isfile(path)  # False also for a path that no system can have
    if (spec.is_docs or is_url(source) or is_file) and spec.dataset_options:
        options = ", ".join(spec.dataset_options)
        raise ExemplarError(f"only a Hugging Face data set has a {options}, and {source} is not one")
    if spec.without_see_also and not spec.is_docs:
        raise ExemplarError(f"only docs have See Also sections to leave out, and {source} is something else")
    if spec.is_docs:
        _check_no_options(spec)
        return _package_docs(spec)
    if is_url(source):
        return _at_url(spec)
    if is_file:
        return _file(path, spec)
    if os.path.isdir(path):
        return _folder(path.resolve(), spec)
    if kind_of(path.name) in BY_SUFFIX or is_any_archive(path.name) or source.startswith((".", "/", "~")):
        raise ExemplarError(f"there is no file or folder {source}")
    return _data_set(spec, default_name(source))


def format_name(spec: SourceSpec) -> str:
    """Return the name of the format of a source that is one file; empty for another, and where it can't be read."""
    try:
        path = Path(os.path.expanduser(local_path(spec.source)))
        if spec.is_docs or not os.path.isfile(path) or is_archive(path.name):
            return ""
        found = format_of(file_on_disk(path, options=spec.options))
    except (*UNREADABLE, ValueError):
        return ""
    return found.name if found else ""


def _check(spec: SourceSpec) -> None:
    if spec.limit is not None and not 1 <= spec.limit <= _MOST_ROWS:
        bound = "at least 1" if spec.limit < 1 else f"at most {_MOST_ROWS:,}"
        raise ExemplarError(f"the limit must be {bound}, got {spec.limit}")
    if not spec.source.strip():
        raise ExemplarError("name a source: docs, a file, a folder, or a data set on the hub")
    if "\0" in spec.source or len(spec.source) > _MOST_CHARACTERS:
        raise ExemplarError(f"no source can be named '{spec.source[:100]}'")


def default_name(source: str) -> str:
    """Return the default name of the corpus of a source."""
    if source.startswith("docs:"):
        return "docs"
    path = Path(os.path.expanduser(local_path(source)))
    name = name_at(source) if is_url(source) else path.name
    if os.path.isfile(path) or (is_url(source) and kind_of(name) in BY_SUFFIX):
        name = Path(without_packing(name)).stem
    elif is_lance(path):
        name = path.stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "corpus"


def _package_docs(spec: SourceSpec) -> Source:
    packages = documented_packages(spec.source)
    documents = [
        Document(
            name,
            without_see_also(docstring) if spec.without_see_also else docstring,
            (name.partition(".")[0],),
            title=name,
        )
        for name, docstring in package_documents(packages)
    ]
    resolved = SourceSpec(f"docs:{','.join(packages)}", limit=spec.limit, without_see_also=spec.without_see_also)
    return Source(default_name(spec.source), resolved, lambda: iter(documents[: spec.limit]))


def documented_packages(source: str) -> tuple[str, ...]:
    """Return the packages of a source such as ``docs:numpy,pandas``; the demo packages for ``docs``."""
    return tuple(name.strip() for name in source.partition(":")[2].split(",") if name.strip()) or DEMO_PACKAGES


def _file(path: Path, spec: SourceSpec) -> Source:
    name, spec = default_name(spec.source), replace(spec, source=str(path.resolve()))
    if is_archive(path.name):
        return _files(functools.partial(list_archive, path, "", spec.options), name, spec)
    if is_any_archive(path.name):
        raise ExemplarError(f"{spec.where} is an archive, and of these zip and tar alone are read; unpack it first")
    return _one_file(file_on_disk(path, options=spec.options), name, spec)


def _at_url(spec: SourceSpec) -> Source:
    url, name = spec.source, default_name(spec.source)
    file = files_at(url, spec.options)[0]
    if file.in_folder:
        return _files(functools.partial(list_url, url, spec.options), name, spec)
    if is_any_archive(file.name):
        raise ExemplarError(f"{spec.where} is an archive, which is read from disk alone; download it first")
    return _one_file(file, name, spec)


def _one_file(file: File, name: str, spec: SourceSpec) -> Source:
    with reading(spec.where):
        found = format_of(file)
    if found is None:
        raise ExemplarError(
            f"Exemplar can't read files such as {spec.where}; it reads {listed_suffixes()}, and these packed "
            f"({', '.join(PACKINGS)}); another name needs its format",
            hint="format",
        )
    check_options(found, spec.options)
    if found.is_table:
        return _table_file(file, name, spec)

    def read() -> Documents:
        with reading(spec.where):
            yield from read_text_file(file)

    return Source(name, spec.for_texts(), read)


def _folder(folder: Path, spec: SourceSpec) -> Source:
    name, spec = default_name(spec.source), replace(spec, source=str(folder))
    candidates = (folder / file for file in _BEIR if not leads_out(folder / file, folder))
    if is_lance(folder):
        if any(leads_out(path, folder) for path, _ in walk(folder)):
            raise ExemplarError(f"cannot read {spec.where}: it has a link that leads out of the folder")
        return _table_file(folder_as_file(folder, options=spec.options), name, spec)
    if beir := next(filter(Path.is_file, candidates), None):
        return _table_file(file_on_disk(beir, options=spec.options), name, spec)
    if spec.dataset_options or is_data_set(folder):
        return _data_set(spec, name)
    return _files(functools.partial(list_folder, folder, spec.options), name, spec)


def _check_no_options(spec: SourceSpec) -> None:
    if spec.options != DEFAULTS:
        raise ExemplarError(f"{spec.where} says itself how it is read; leave out what says how files are read")


def _data_set(spec: SourceSpec, name: str) -> Source:
    _check_no_options(spec)
    spec = replace(spec, split=spec.split or default_split(spec.source))
    return _table(data_set_table(spec), name, spec)


def _table_file(file: File, name: str, spec: SourceSpec) -> Source:
    with reading(spec.where):
        table = open_table(file, spec.columns.names(), holds_text(spec.columns))

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        with reading(spec.where):
            yield from table.rows(needed)

    return _table(replace(table, rows=rows), name, spec.for_files(), file)


def _table(table: Table, name: str, spec: SourceSpec, file: File | None = None) -> Source:
    where = spec.where
    chosen = _picked(table, spec, file)

    def read() -> Documents:
        documents = _first_rows(read_rows(table, chosen, set(), file), spec.limit)
        return _not_empty(documents, f"column '{chosen.text or chosen.title}' of {where}")

    resolved = replace(
        spec,
        text_column=chosen.text or spec.text_column,
        title_column=chosen.title or spec.title_column,
        label_column=chosen.label or spec.label_column,
        id_column=chosen.id or spec.id_column,
    )
    return Source(name, resolved, read, lambda: table.columns, tables=table.tables, notes=table.notes)


def _picked(table: Table, spec: SourceSpec, file: File | None) -> Columns:
    """Return the roles of columns; an error says which column may hold the text, or why the table looks wrong."""
    try:
        return pick_columns_of(table, spec.columns, spec.where, hint=table.hint)
    except TextColumnUnknown as error:
        hint = ""
        if file is not None and not table.hint:
            with contextlib.suppress(*UNREADABLE):
                hint = text_hint(table)
        if file is not None and is_taken_for_table(file):
            hint = "; ".join(filter(None, [hint, "if it is no table, say that its format is text"]))
        message = f"{error}; {hint}" if hint else str(error)
        raise TextColumnUnknown(message, error.columns, table.tables) from error


def _files(listing: Listing, name: str, spec: SourceSpec) -> Source:
    where, columns = spec.where, spec.columns
    with reading(where):
        files, _ = listing()
    if not files:
        raise ExemplarError(f"{where} holds no file that Exemplar reads: {listed_suffixes()}, and these packed")

    def read() -> Documents:
        with reading(where):
            files, problems = listing()
        yield from problems
        yield from _first_rows(read_files(files, columns), spec.limit)

    tables = _tables(files)
    used = spec.for_files() if tables else spec.for_texts()
    return Source(
        name, used, read, functools.partial(_first_columns, tables), functools.partial(_roles, tables, columns)
    )


def _tables(files: list[File]) -> list[File]:
    """Return the files with rows; of those that only their content tells, the first are looked at."""
    looked_at = itertools.islice(
        (file for file in files if may_be_table(file) and not is_table_by_name(file)), _MOST_LOOKED_AT
    )
    by_content = set()
    for file in looked_at:
        with contextlib.suppress(*UNREADABLE):
            if has_rows(file):
                by_content.add(file.name)
    return [file for file in files if is_table_by_name(file) or file.name in by_content]


def _first_columns(tables: list[File]) -> tuple[str, ...]:
    for file in tables:
        with contextlib.suppress(*UNREADABLE):
            return open_table(file, (), holds_text(Columns())).columns
    return ()


def _roles(tables: list[File], requested: Columns) -> dict[str, Columns]:
    roles = {}
    for file in tables[:_MOST_SHOWN]:
        with contextlib.suppress(*UNREADABLE):
            table = open_table(file, requested.names(), holds_text(requested))
            roles[file.name] = pick_columns_of(table, requested, file.name)
    return roles


def _first_rows(items: Documents, limit: int | None) -> Documents:
    n_rows = 0
    for item in items:
        yield item
        n_rows += not isinstance(item, Problem) or item.left_out
        if n_rows == limit:
            return


def _not_empty(items: Documents, what: str) -> Documents:
    """Yield documents and problems; raise ExemplarError at the end if no document was among them."""
    reasons: Counter[str] = Counter()
    n_documents = 0
    for item in items:
        if isinstance(item, Document):
            n_documents += 1
        elif item.left_out:
            reasons[item.reason] += 1
        yield item
    if not n_documents:
        reason, n_rows = next(iter(reasons.most_common(1)), ("no text", 0))
        why = "" if reason == "no text" else f": {reason} in {n_rows:,} of {reasons.total():,} rows"
        raise ExemplarError(f"{what} holds no text{why}")
