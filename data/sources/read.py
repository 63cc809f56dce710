"""Where documents come from: Hugging Face data sets, files and folders, installed packages."""

import contextlib
import functools
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from exemplar.data.documents import Document, Problem, Source
from exemplar.data.readers.tables import open_table
from exemplar.data.readers.text_files import read_text_file
from exemplar.data.sources.columns import Columns, Placed, Row, Table, pick_columns, read_rows, unique
from exemplar.data.sources.files import (
    KINDS,
    TABLES,
    UNREADABLE,
    ZIP,
    File,
    file_on_disk,
    files_at,
    is_url,
    kind_of,
    local_path,
    name_at,
    reading,
)
from exemplar.data.sources.folders import Listing, leads_out, list_folder, list_zip, read_files
from exemplar.data.sources.hub_datasets import Part, data_set_table, is_data_set
from exemplar.data.sources.package_docs import DEMO_PACKAGES, package_documents
from exemplar.data.sources.see_also import without_see_also as stripped

Choices = dict[str, str | int | bool | None]
Found = Iterator[Document | Problem]

_MOST_CHARACTERS = 4096  # of a source's name; no system has longer paths
_MOST_ROWS = 10**12  # more than any machine holds, and still a number to every reader
_BEIR = ("corpus.jsonl", "corpus.jsonl.gz")


def read_source(
    source: str,
    *,
    config: str | None = None,
    split: str | None = None,
    revision: str | None = None,
    streaming: bool = False,
    text_column: str | None = None,
    title_column: str | None = None,
    label_column: str | None = None,
    id_column: str | None = None,
    limit: int | None = None,
    without_see_also: bool = False,
) -> Source:
    """Find a source and look at its columns; its documents are read when ``read`` is called.

    Parameters
    ----------
    source
        ``docs`` or ``docs:numpy,pandas`` for the documentation of installed packages; the path of a table
        (CSV, TSV, JSON Lines, JSON, Parquet), a text, a Markdown or PDF file, packed by gzip or not; of a folder or
        zip of such files; the URL of such a file, or of a folder of them, in object storage (``s3://``, ``gs://``,
        ``hf://`` and what else fsspec reads); or a Hugging Face data set: a folder, or a name on the hub.
    config, split, revision, streaming
        For Hugging Face data sets. Without a split ``train`` is read; slices may be named (``train[:10%]``).
    text_column, title_column, label_column, id_column
        Without them columns of the usual names are taken; ``none`` takes none. A title is put before its text.
        Without an id the row number is one.
    limit
        At most so many rows, from the first.
    without_see_also
        For the documentation of packages: leave out its "See Also" sections.

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
    if "\0" in source or len(source) > _MOST_CHARACTERS:
        raise ValueError(f"no source can be named '{source[:100]}'")
    source = local_path(source)
    asked = Columns(text_column, title_column, label_column, id_column)
    part = Part(config, split, revision, streaming)
    path, is_docs = Path(os.path.expanduser(source)), source == "docs" or source.startswith("docs:")
    if (is_docs or is_url(source) or path.is_file()) and part.asked():
        raise ValueError(f"{', '.join(part.asked())} goes with a Hugging Face data set, and {source} is none")
    if without_see_also and not is_docs:
        raise ValueError(f"--without-see-also goes with docs, and {source} is none")
    if is_docs:
        return _package_docs(source, limit, without_see_also)
    if is_url(source):
        return _at_url(source, default_name(source), asked, limit)
    if path.is_file():
        return _file(path, default_name(source), asked, limit)
    if path.is_dir():
        return _folder(path.resolve(), default_name(source), part, asked, limit)
    if kind_of(path.name) in (*KINDS, ZIP) or source.startswith((".", "/", "~")):
        raise ValueError(f"there is no file or folder {source}")
    return _data_set(source, default_name(source), part, asked, limit)


def default_name(source: str) -> str:
    """Return the name that a corpus of this source gets where none is given."""
    if source.startswith("docs:"):
        return "docs"
    path = Path(os.path.expanduser(local_path(source)))
    name = name_at(source) if is_url(source) else path.name
    if path.is_file() or (is_url(source) and kind_of(name) in KINDS):
        name = Path(re.sub(r"(?i)\.gz$", "", name)).stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "corpus"


def _package_docs(source: str, limit: int | None, without: bool) -> Source:
    packages = documented_packages(source)
    documents = [
        Document(name, f"{name}\n\n{stripped(docstring) if without else docstring}", name.partition(".")[0])
        for name, docstring in package_documents(packages)
    ]
    choices: Choices = {"source": f"docs:{','.join(packages)}", "limit": limit}
    if without:
        choices["without_see_also"] = True
    return Source(default_name(source), choices, lambda: iter(documents[:limit]))


def documented_packages(source: str) -> tuple[str, ...]:
    """Return the packages that a source of package documentation names."""
    return tuple(name.strip() for name in source.partition(":")[2].split(",") if name.strip()) or DEMO_PACKAGES


def _file(path: Path, name: str, asked: Columns, limit: int | None) -> Source:
    where = str(path.resolve())
    if path.suffix.lower() == ZIP:
        return _files(functools.partial(list_zip, path), where, name, asked, limit)
    if kind_of(path.name) not in KINDS:
        raise ValueError(f"{path} is none of the files that can be read: {', '.join((*KINDS, ZIP))}, and .gz of these")
    return _one_file(file_on_disk(path), where, name, asked, limit)


def _at_url(url: str, name: str, asked: Columns, limit: int | None) -> Source:
    file = files_at(url)[0]
    if file.in_folder:
        return _files(functools.partial(_list_url, url), url, name, asked, limit)
    if file.kind not in KINDS:
        raise ValueError(
            f"{url} is none of the files that can be read from storage: {', '.join(KINDS)}, and .gz of these"
        )
    return _one_file(file, url, name, asked, limit)


def _list_url(url: str) -> tuple[list[File], list[Problem]]:
    files = files_at(url)
    others = [Problem(file.name, "not a kind that is read") for file in files if file.kind not in KINDS]
    return [file for file in files if file.kind in KINDS], others


def _one_file(file: File, where: str, name: str, asked: Columns, limit: int | None) -> Source:
    if file.kind in TABLES:
        return _table_file(file, where, name, asked, limit)

    def read() -> Found:
        with reading(where):
            yield from read_text_file(file)

    return Source(name, {"source": where, "limit": limit}, read)


def _folder(folder: Path, name: str, part: Part, asked: Columns, limit: int | None) -> Source:
    where = str(folder)
    own = (folder / file for file in _BEIR if not leads_out(folder / file, folder))
    if beir := next(filter(Path.is_file, own), None):
        return _table_file(file_on_disk(beir), where, name, asked, limit)
    if part.asked() or is_data_set(folder):
        return _data_set(where, name, part, asked, limit)
    return _files(functools.partial(list_folder, folder), where, name, asked, limit)


def _data_set(source: str, name: str, part: Part, asked: Columns, limit: int | None) -> Source:
    part = part.with_split()
    table = data_set_table(source, part, asked.names())
    return _table(table, {"source": source, **asdict(part)}, name, asked, limit)


def _table_file(file: File, where: str, name: str, asked: Columns, limit: int | None) -> Source:
    with reading(where):
        table = open_table(file, asked.names())

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        with reading(where):
            yield from table.rows(needed)

    return _table(replace(table, rows=rows), {"source": where}, name, asked, limit)


def _table(table: Table, choices: Choices, name: str, asked: Columns, limit: int | None) -> Source:
    where = str(choices["source"])
    chosen = pick_columns(table.columns, asked, where)

    def read() -> Found:
        placed = functools.partial(read_rows, table, chosen)
        found = unique(placed, f"column '{chosen.id}' of {where} can't be the id") if chosen.id else placed()
        return _not_empty(_first_rows(found, limit), f"column '{chosen.text}' of {where}")

    choices |= {
        "text_column": chosen.text,
        "title_column": chosen.title or asked.title,
        "label_column": chosen.label or asked.label,
        "id_column": chosen.id or asked.id,
        "limit": limit,
    }
    return Source(name, choices, read, lambda: table.columns)


def _files(listing: Listing, where: str, name: str, asked: Columns, limit: int | None) -> Source:
    with reading(where):
        files, _ = listing()
    if not files:
        raise ValueError(f"{where} holds none of the files that can be read: {', '.join(KINDS)}, and .gz of these")

    def read() -> Found:
        with reading(where):
            files, problems = listing()
        yield from problems
        refused = f"the files of {where} can't share an id column"
        yield from _first_rows(unique(lambda: read_files(files, asked), refused), limit)

    choices: Choices = {"source": where}
    tables = [file for file in files if file.kind in TABLES]
    if tables:
        choices |= {f"{role}_column": getattr(asked, role) for role in ("text", "title", "label", "id")}
    return Source(name, choices | {"limit": limit}, read, functools.partial(_first_columns, tables))


def _first_columns(tables: list[File]) -> tuple[str, ...]:
    for file in tables:
        with contextlib.suppress(*UNREADABLE):
            return open_table(file).columns
    return ()


def _first_rows(found: Iterator[Placed], limit: int | None) -> Found:
    n_rows = 0
    for _, each in found:
        yield each
        n_rows += not isinstance(each, Problem) or each.left_out
        if n_rows == limit:
            return


def _not_empty(found: Found, what: str) -> Found:
    """Yield what is found; raise ValueError if no document was."""
    reasons: Counter[str] = Counter()
    n_documents = 0
    for each in found:
        if isinstance(each, Document):
            n_documents += 1
        elif each.left_out:
            reasons[each.reason] += 1
        yield each
    if not n_documents:
        reason, n_rows = next(iter(reasons.most_common(1)), ("no text", 0))
        why = "" if reason == "no text" else f": {reason} in {n_rows:,} of {reasons.total():,} rows"
        raise ValueError(f"{what} holds no text{why}")
