"""A source's documents onto the disk, before any is embedded: counted, and with ids that stay."""

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

from exemplar.data.arrow import DOCUMENT_SCHEMA
from exemplar.data.building.stable_ids import stable_ids
from exemplar.data.corpus.shards import file_sha256
from exemplar.data.documents import Document, Problem, text_hash
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import Source

_BATCH = 1024  # documents that are held until they are written
_BATCH_CHARACTERS = 2**25  # of theirs, or one document that has more

DUPLICATE = "same text as an earlier document"


@dataclass(frozen=True, slots=True)
class Spooled:
    """Documents that were read into a file; ``problems`` counts what was odd, by its kind."""

    path: Path
    sha256: str
    n_documents: int
    problems: dict[str, int]


def text_hashes(texts: pa.ChunkedArray) -> "array[int]":
    """Return the hashes of a column of texts, even where damage has made some no text."""
    return array("Q", (text_hash(text.as_buffer().to_pybytes()) for text in texts))


def spool(
    source: Source,
    path: Path,
    earlier: pa.Table | None,
    *,
    strict: bool,
    on_problem: Callable[[Problem], None],
    on_read: Callable[[int], None],
) -> Spooled:
    """Read a source and write its documents to a file.

    Parameters
    ----------
    earlier
        The documents that the corpus had before. Where nothing in the source identifies a document, a text that was
        there keeps its doc_id wherever it stands now, and marks stay with the texts they were made on.
    strict
        Make a problem an error.
    on_read
        Called now and then with the number of documents read.

    Raises
    ------
    ExemplarError
        There are no documents, the source can't be read, or, if strict, has a problem.
    """
    problems: Counter[str] = Counter()

    def tell(problem: Problem) -> None:
        if strict:
            raise ExemplarError(f"{problem.where}: {problem.reason}")
        problems[problem.reason] += 1
        on_problem(problem)

    read = _Read()
    documents = _documents(source, read, tell)
    with _writing(path) as writer:
        while rows := _batch(documents):
            writer.write(pa.RecordBatch.from_pylist(rows, schema=DOCUMENT_SCHEMA))
            on_read(len(read.hashes))
    if not read.hashes:
        raise ExemplarError(f"{source.spec.source} holds no documents")
    if earlier is not None and any(read.numbered):
        _keep_ids(path, read, earlier)
    digest = file_sha256(path)
    if digest is None:
        raise OSError(f"cannot read {path}, which was just written")
    return Spooled(path, digest, len(read.hashes), dict(problems))


@dataclass(frozen=True, slots=True)
class _Read:
    """What is remembered of the documents that were read: of each text its hash, and whether its id is a number."""

    hashes: "array[int]" = field(default_factory=lambda: array("Q"))
    numbered: bytearray = field(default_factory=bytearray)


def _documents(source: Source, read: _Read, tell: Callable[[Problem], None]) -> Iterator[Document]:
    seen: set[int] = set()
    for found in source.read():
        if isinstance(found, Problem):
            tell(found)
            continue
        text = text_hash(found.text.encode())
        if text in seen:
            tell(Problem(f"document '{found.doc_id}'", DUPLICATE, left_out=False))
        seen.add(text)
        read.hashes.append(text)
        read.numbered.append(found.numbered)
        yield found


@contextmanager
def _writing(path: Path) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    with path.open("wb") as file:
        with pa.ipc.new_file(file, DOCUMENT_SCHEMA) as writer:
            yield writer
        file.flush()
        os.fsync(file.fileno())


def _batch(documents: Iterator[Document]) -> list[dict[str, Any]]:
    """Return the rows of the next documents, of as many as there is room for."""
    rows: list[dict[str, Any]] = []
    n_characters = 0
    for document in itertools.islice(documents, _BATCH):
        rows.append(_as_row(document))
        cells = document.metadata.items()
        n_characters += len(document.text) + sum(len(name) + len(cell) for name, cell in cells)
        if n_characters >= _BATCH_CHARACTERS:
            break
    return rows


def _as_row(document: Document) -> dict[str, Any]:
    metadata = sorted(document.metadata.items())
    return {"doc_id": document.doc_id, "text": document.text, "label": document.label, "metadata": metadata}


def _keep_ids(path: Path, read: _Read, earlier: pa.Table) -> None:
    """Write the file anew where documents have other ids than their rows' numbers."""
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
        own = table["doc_id"].to_pylist()
        earlier_ids = [doc_id.as_buffer().to_pybytes().decode(errors="replace") for doc_id in earlier["doc_id"]]
        ids = stable_ids(own, read.numbered, read.hashes, earlier_ids, text_hashes(earlier["text"]))
        if ids == own:
            return
        renamed = path.with_suffix(".renamed")
        table = table.set_column(0, DOCUMENT_SCHEMA.field(0), pa.array(ids, pa.large_string()))
        with _writing(renamed) as writer:
            writer.write_table(table, max_chunksize=_BATCH)
    os.replace(renamed, path)
