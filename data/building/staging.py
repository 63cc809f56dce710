"""Staging: writes a source's documents to a file before any is embedded, with ids that stay with their texts."""

import itertools
import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from exemplar.data.arrow import DOCUMENT_SCHEMA, row_of
from exemplar.data.building.joining import Given, Joined
from exemplar.data.building.known_ids import Known, stable_ids
from exemplar.data.corpus.arrivals import write_arrivals
from exemplar.data.corpus.shards import file_sha256
from exemplar.data.corpus.source_rows import RowsWriter
from exemplar.data.documents import Document, Problem, text_hash
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import Source

# A batch of documents, which is held in memory until it is written, ends at either limit.
_BATCH = 1024  # documents
_BATCH_CHARACTERS = 2**25  # a longer document is a batch of its own

DUPLICATE = "same text as an earlier document"


@dataclass(frozen=True, slots=True)
class Staged:
    """The files of a source's documents, of its rows and of the times at which documents came.

    Attributes
    ----------
    given
        What each of the sources gave.
    problems
        Number of problems by reason.
    """

    path: Path
    sha256: str
    rows_path: Path
    rows_sha256: str
    arrivals_path: Path
    arrivals_sha256: str
    n_documents: int
    given: list[Given]
    problems: dict[str, int]


def stage(
    source: Source,
    path: Path,
    earlier: Known,
    *,
    now: int,
    strict: bool,
    on_problem: Callable[[Problem], None],
    on_read: Callable[[int], None],
) -> Staged:
    """Read a source and write its documents to a file.

    Parameters
    ----------
    earlier
        The ids that documents of the corpus have or had. If the source does not identify its documents, their texts
        keep these ids and no other text gets one, so that marks stay with the texts they were made on.
    now
        When documents that are new have come, in seconds.
    strict
        Make a problem an error.
    on_read
        Called after every batch with the number of documents read so far.

    Raises
    ------
    ExemplarError
        The source has no documents or can't be read, or has a problem and ``strict`` is set.
    OSError
        The file can't be written.
    """
    problems: Counter[str] = Counter()

    def count(problem: Problem) -> None:
        if strict:
            where = problem.where if source.added else f"{source.spec.where}, {problem.where}"
            raise ExemplarError(f"{where}: {problem.reason}; repair it, or leave out --strict")
        problems[problem.reason] += 1
        on_problem(problem)

    identities, joined = _Identities(), Joined(source, earlier)
    rows_path = path.with_suffix(".rows")
    with RowsWriter(rows_path) as kept_rows, _writer(path) as writer:
        documents = _documents(joined, identities, count, kept_rows)
        while rows := _batch(documents):
            writer.write(pa.RecordBatch.from_pylist(rows, schema=DOCUMENT_SCHEMA))
            on_read(len(identities.hashes))
    if not identities.hashes:
        raise ExemplarError(f"{source.spec.source} holds no documents")
    if any(identities.numbered) and (earlier.doc_ids or source.added or not all(identities.numbered)):
        _keep_ids(path, identities, earlier)
    arrivals_path = path.with_suffix(".arrivals")
    write_arrivals(arrivals_path, earlier.arrivals(_ids_in(path), identities.hashes, now))
    return Staged(
        path,
        _sha256(path),
        rows_path,
        _sha256(rows_path),
        arrivals_path,
        _sha256(arrivals_path),
        len(identities.hashes),
        joined.given,
        dict(problems),
    )


def _sha256(path: Path) -> str:
    digest = file_sha256(path)
    if digest is None:
        raise OSError(f"cannot read {path}, which was just written")
    return digest


@dataclass(frozen=True, slots=True)
class _Identities:
    """Of every document read so far, the hash of its text and whether its id is a row number."""

    hashes: "array[int]" = field(default_factory=lambda: array("Q"))
    numbered: bytearray = field(default_factory=bytearray)


def _documents(
    joined: Joined, identities: _Identities, on_problem: Callable[[Problem], None], kept_rows: RowsWriter
) -> Iterator[Document]:
    """Yield the documents of a source; add their identities, keep all rows, report problems and duplicate texts."""
    known_hashes: set[int] = set()
    for item in joined.read():
        if isinstance(item, Problem):
            on_problem(item)
            if item.left_out:
                kept_rows.add(item, None)
            continue
        hash_of_text = text_hash(item.full_text.encode())
        if hash_of_text in known_hashes:
            line = f", line {item.line}" if item.line else ""
            on_problem(Problem(f"document '{item.doc_id}'{line}", DUPLICATE, left_out=False))
        known_hashes.add(hash_of_text)
        kept_rows.add(item, len(identities.hashes))
        identities.hashes.append(hash_of_text)
        identities.numbered.append(item.numbered)
        yield item


@contextmanager
def _writer(path: Path) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    """Yield a writer of an Arrow file of documents, which is flushed to the disk at the end."""
    with path.open("wb") as file:
        with pa.ipc.new_file(file, DOCUMENT_SCHEMA) as writer:
            yield writer
        file.flush()
        os.fsync(file.fileno())


def _batch(documents: Iterator[Document]) -> list[dict[str, Any]]:
    """Return the rows of the next batch of documents; empty after the last."""
    rows: list[dict[str, Any]] = []
    n_characters = 0
    for document in itertools.islice(documents, _BATCH):
        rows.append(row_of(document))
        cells = document.metadata.items()
        n_characters += len(document.full_text) + sum(len(name) + len(cell) for name, cell in cells)
        if n_characters >= _BATCH_CHARACTERS:
            break
    return rows


def _ids_in(path: Path) -> list[str]:
    with pa.memory_map(str(path)) as file:
        opened = pa.ipc.open_file(file)
        batches = (opened.get_batch(number)["doc_id"].to_pylist() for number in range(opened.num_record_batches))
        return list(itertools.chain.from_iterable(batches))


def _keep_ids(path: Path, identities: _Identities, earlier: Known) -> None:
    """Write the file again if texts of earlier documents have to keep their ids."""
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
        own = table["doc_id"].to_pylist()
        ids = stable_ids(own, identities.numbered, identities.hashes, earlier.doc_ids, earlier.hashes)
        if ids == own:
            return
        renamed = path.with_suffix(".renamed")
        table = table.set_column(0, DOCUMENT_SCHEMA.field(0), pa.array(ids, pa.large_string()))
        with _writer(renamed) as writer:
            writer.write_table(table, max_chunksize=_BATCH)
    os.replace(renamed, path)
