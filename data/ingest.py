"""Source -> encoder -> corpus: embed the documents and commit them as one build."""

import os
import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import filelock
import numpy as np
import pyarrow as pa

from data.corpus import (
    DOCUMENT_SCHEMA,
    Corpus,
    CorpusDamaged,
    CorpusNotFound,
    Manifest,
    corpus_folder,
    open_corpus,
    read_manifest,
    write_manifest,
)
from data.encoder import Encoder
from data.sources import Document, Source

CHUNK = 128  # documents a call of the encoder, so that progress is seen and memory stays flat


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
        Allow a corpus of the same name to be replaced that was built from other documents or by another model.
    on_progress
        Called with (documents embedded, documents in all).

    Raises
    ------
    ValueError
        The source is empty, the name can't be one, or it belongs to a corpus that was built otherwise.
    CorpusBusy
        Another process is building it.
    """
    name = name or source.name
    folder = corpus_folder(name)
    if not source.documents:
        raise ValueError(f"{source.description['source']} holds no documents")
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / "build.lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise CorpusBusy(f"the corpus '{name}' is being built by another process; wait for it") from None
    try:
        if not replace:
            _check_same(name, source, encoder.model)
        _build(source, encoder, name, folder, on_progress or (lambda done, total: None))
    finally:
        lock.release()
    return open_corpus(name)


def _check_same(name: str, source: Source, model: str) -> None:
    """Refuse to replace what was built from other documents, or by another model; a limit may change."""
    try:
        manifest = read_manifest(name)
    except (CorpusNotFound, CorpusDamaged):
        return
    old, new = dict(manifest.source, model=manifest.model), dict(source.description, model=model)
    for key in new:
        if key != "limit" and old.get(key) != new[key]:
            what = key.replace("_", " ")
            raise ValueError(
                f"there is a corpus '{name}' already, built with the {what} {old.get(key)}, not {new[key]}; "
                "choose another name, or allow it to be replaced (--replace)"
            )


def _build(source: Source, encoder: Encoder, name: str, folder: Path, on_progress: Callable[[int, int], None]) -> None:
    build = f"build-{secrets.token_hex(4)}"
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
    except BaseException:
        shutil.rmtree(folder / build, ignore_errors=True)
        raise
    for other in folder.glob("build-*"):  # the one that was replaced, and what a crash has left
        if other.name != build:
            shutil.rmtree(other, ignore_errors=True)


def _write_documents(path: Path, source: Source) -> None:
    with path.open("wb") as file:
        with pa.ipc.new_file(file, DOCUMENT_SCHEMA) as writer:
            for start in range(0, len(source.documents), CHUNK):
                rows = [_as_row(document) for document in source.documents[start : start + CHUNK]]
                writer.write_table(pa.Table.from_pylist(rows, schema=DOCUMENT_SCHEMA))
        _flush(file)


def _as_row(document: Document) -> dict[str, str | None]:
    return {"doc_id": document.doc_id, "text": document.text, "label": document.label}


def _write_vectors(path: Path, source: Source, encoder: Encoder, on_progress: Callable[[int, int], None]) -> None:
    total = len(source.documents)
    header = {"descr": "<f4", "fortran_order": False, "shape": (total, encoder.dim)}
    with path.open("wb") as file:  # not through a memory map, which a full disk ends with a signal
        np.lib.format.write_array_header_1_0(file, header)
        on_progress(0, total)
        for start in range(0, total, CHUNK):
            texts = [document.text for document in source.documents[start : start + CHUNK]]
            try:
                vectors = encoder.encode_documents(texts)
            except ValueError as error:
                first = source.documents[start].doc_id
                raise ValueError(f"among the {len(texts)} documents from '{first}' on: {error}") from error
            file.write(vectors.astype("<f4", copy=False).tobytes())
            on_progress(start + len(texts), total)
        _flush(file)


def _flush(file: BinaryIO) -> None:
    """Wait until what was written is on the disk: the manifest must not be there before it."""
    file.flush()
    os.fsync(file.fileno())
