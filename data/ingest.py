"""Source -> encoder -> corpus: embed the documents and commit them as one build."""

import os
import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import filelock
import numpy as np
import pyarrow as pa

from data.corpus import (
    DOCUMENT_SCHEMA,
    Corpus,
    CorpusNotFound,
    Manifest,
    corpus_folder,
    open_corpus,
    read_manifest,
    write_manifest,
)
from data.encoder import Encoder
from data.sources import Document, Source

CHUNK = 256  # documents a call of the encoder, so that progress is seen and memory stays flat


class CorpusBusy(ValueError):
    """Another process is building this corpus."""


def build_corpus(
    source: Source,
    encoder: Encoder,
    *,
    name: str | None = None,
    replace: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Embed a source's documents and write them as a corpus; an existing one serves until the new one is whole.

    Parameters
    ----------
    name
        Name of the corpus; the source's own name without it.
    replace
        Replace a corpus of the same name that was built from something else.
    on_progress
        Called with (documents embedded, documents in all).

    Raises
    ------
    ValueError
        The name can't be one, or belongs to a corpus from another source.
    CorpusBusy
        Another process is building it.
    """
    name = name or source.name
    folder = corpus_folder(name)
    if not replace:
        _check_same_source(name, source)
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / "build.lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise CorpusBusy(f"the corpus '{name}' is being built by another process; wait for it") from None
    with lock:
        _build(source, encoder, name, folder, on_progress or (lambda done, total: None))
    return open_corpus(name)


def _check_same_source(name: str, source: Source) -> None:
    try:
        existing = read_manifest(name).source.get("source")
    except CorpusNotFound:
        return
    if existing != source.description["source"]:
        raise ValueError(
            f"there is a corpus '{name}' already, built from {existing}; "
            "choose another name, or replace it knowingly (--replace)"
        )


def _build(source: Source, encoder: Encoder, name: str, folder: Path, on_progress: Callable[[int, int], None]) -> None:
    build = f"build-{secrets.token_hex(4)}"
    _remove_builds(folder, keep=_current_build(name))  # what a crash has left behind
    try:
        (folder / build).mkdir()
        _write_documents(folder / build / "documents.arrow", source)
        _write_vectors(folder / build / "vectors.npy", source, encoder, on_progress)
        write_manifest(
            Manifest(
                name=name,
                build=build,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                source=source.description,
                model=encoder.model,
                precision=encoder.precision,
                device=encoder.device,
                dim=encoder.dim,
                n_documents=len(source.documents),
                n_passages=len(source.documents),
            )
        )
    finally:
        _remove_builds(folder, keep=_current_build(name))


def _current_build(name: str) -> str | None:
    try:
        return read_manifest(name).build
    except ValueError:
        return None


def _remove_builds(folder: Path, keep: str | None) -> None:
    for build in folder.glob("build-*"):
        if build.name != keep:
            shutil.rmtree(build, ignore_errors=True)


def _write_documents(path: Path, source: Source) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, DOCUMENT_SCHEMA) as writer:
        for start in range(0, len(source.documents), CHUNK):
            rows = [_as_row(document) for document in source.documents[start : start + CHUNK]]
            writer.write_table(pa.Table.from_pylist(rows, schema=DOCUMENT_SCHEMA))
    _flush(path)


def _as_row(document: Document) -> dict[str, str | None]:
    return {"doc_id": document.doc_id, "text": document.text, "label": document.label}


def _write_vectors(path: Path, source: Source, encoder: Encoder, on_progress: Callable[[int, int], None]) -> None:
    total = len(source.documents)
    vectors = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(total, encoder.dim))
    on_progress(0, total)
    for start in range(0, total, CHUNK):
        texts = [document.text for document in source.documents[start : start + CHUNK]]
        vectors[start : start + len(texts)] = encoder.encode_documents(texts)
        on_progress(start + len(texts), total)
    vectors.flush()
    _flush(path)


def _flush(path: Path) -> None:
    """Wait until a file's content is on the disk: the manifest must not be there before it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
