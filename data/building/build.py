"""Source -> passages -> encoder -> corpus: resumable and incremental.

A build's folder is named after what is to be in it: its documents and how they are prepared. So building the same
again finds what was done, whether all of it or a part, and goes on from there; and a text whose vectors exist in
another build of the corpus, the one that is replaced or one that was interrupted, is not embedded again.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace as replace_fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from exemplar.data.arrow import read_documents
from exemplar.data.building.embed import Embedder, Embedding, LocalEmbedder, damaged_shards
from exemplar.data.building.known_vectors import earlier_builds
from exemplar.data.building.progress import BuildEvent, Progress
from exemplar.data.building.staging import Spooled, spool
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.lock import building
from exemplar.data.corpus.manifest import (
    Manifest,
    builds_of,
    corpus_folder,
    plan_of_build,
    read_manifest,
    write_manifest,
)
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.encoders.base import Encoder
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError, JournalDamaged
from exemplar.data.sources.spec import Source

_MAY_CHANGE = ("limit", "revision")  # of a source, when it is built again
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

OnEvent = Callable[[BuildEvent], None]


def build_corpus(
    source: Source,
    encoder: Encoder | Embedder,
    *,
    name: str | None = None,
    whole: bool = False,
    replace: bool = False,
    strict: bool = False,
    on_event: OnEvent | None = None,
) -> Corpus:
    """Embed a source's documents and write them as a corpus; an existing one serves until the new one is whole.

    What is interrupted goes on with the next call. What exists is brought up to date: new and changed documents are
    embedded, those that are gone are dropped, damaged files are written anew, and nothing else is done.

    Parameters
    ----------
    encoder
        Embeds here; an embedder does so elsewhere, as ``data.building.ray_cluster.on_ray`` on a cluster.
    name
        Name of the corpus; the source's own name without it.
    whole
        Make a document one passage, as much of it as the model reads, and not as many as it takes.
    replace
        Allow a corpus of the same name to be replaced that was built from another source or prepared otherwise.
    strict
        Make whatever is odd about a document an error.
    on_event
        Called with what is odd, and with how far the build has come.

    Raises
    ------
    ExemplarError
        The source is empty or can't be read, the name can't be one, or it belongs to a corpus that was built otherwise.
    CorpusBusy
        Another process is building it.
    OSError
        A file can't be written, and the message says so if the disk is full; or all workers of a cluster are lost.
    """
    embedder = encoder if isinstance(encoder, Embedder) else LocalEmbedder(encoder)
    name = name or source.name
    on_event = on_event or (lambda event: None)
    with building(name) as folder:
        _sweep(folder)
        wanted = _manifest(source, embedder, name, whole)
        if not replace:
            _check_same(wanted)
        try:
            _build(source, embedder, wanted, folder, strict, on_event)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            room = f"the disk with {folder} is full; make room and build again: what was embedded is kept"
            raise OSError(error.errno, room) from error
        except MemoryError as error:
            told = "close other programs and build again: what was embedded is kept"
            raise ExemplarError(f"there is not enough memory to build '{name}'; {told}") from error
        finally:
            _sweep(folder)
    return open_corpus(name)


def _sweep(folder: Path) -> None:
    """Remove what a build writes on its way, which one that was killed has left."""
    for path in (*folder.glob("documents.*"), *folder.glob("*.tmp"), *folder.glob("build-*/*.tmp")):
        if not path.is_dir():  # none of ours
            path.unlink()


def _manifest(source: Source, embedder: Embedder, name: str, whole: bool) -> Manifest:
    """Return the manifest as far as it is known before the documents are."""
    return Manifest(
        name=name,
        build="",
        created="",
        source=source.spec,
        encoder=embedder.info,
        whole=whole,
        n_documents=0,
        n_passages=0,
        documents_sha256="",
    )


def _check_same(wanted: Manifest) -> None:
    """Refuse to replace what was built from another source, or prepared otherwise."""
    try:
        manifest = read_manifest(wanted.name)
    except (CorpusNotFound, CorpusDamaged):
        return
    old, new = (each.source.to_json() | each.preparation for each in (manifest, wanted))
    for key in new | old:
        if key not in _MAY_CHANGE and old.get(key) != new.get(key):
            raise ExemplarError(
                f"there is a corpus '{wanted.name}' already, built with {_in_words(key, old.get(key))}, not "
                f"{_in_words(key, new.get(key))}; choose another name, or allow it to be replaced",
                hint="replace",
            )


def _in_words(key: str, value: Any) -> str:
    if key == "whole":
        return "one passage a document" if value else "as many passages as it takes"
    return f"the {key.replace('_', ' ')} {value}"


def _build(source: Source, embedder: Embedder, wanted: Manifest, folder: Path, strict: bool, on_event: OnEvent) -> None:
    spooled = spool(
        source,
        folder / "documents.new",
        _earlier_documents(wanted.name),
        strict=strict,
        on_problem=on_event,
        on_read=lambda n: on_event(Progress("reading", n)),
    )
    plan = _planned(wanted, spooled)
    others = [store for store in builds_of(plan.name) if store.folder.name != plan.build]
    store = _store(folder / plan.build, plan)
    os.replace(spooled.path, store.folder / DOCUMENTS)
    damaged = damaged_shards(store)
    if damaged or store.documents_done < store.n_documents:
        Embedding(store, embedder, plan.whole, earlier_builds(others, plan.preparation), on_event).run(damaged)
    store.finish()
    _commit(plan, store)
    for other in folder.glob("build-*"):  # the one that was replaced, and what was interrupted
        if other.name != plan.build:
            shutil.rmtree(other, ignore_errors=True)


def _earlier_documents(name: str) -> pa.Table | None:
    """Return the documents of the corpus as it is, finished or not, whatever else of it is damaged."""
    builds = sorted(builds_of(name), key=lambda store: store.documents_done, reverse=True)
    folders = [store.folder for store in builds]
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        folders.insert(0, corpus_folder(name) / read_manifest(name).build)
    for folder in folders:
        with contextlib.suppress(OSError, ValueError, pa.ArrowException):
            return read_documents(folder / DOCUMENTS)
    return None


def _planned(wanted: Manifest, spooled: Spooled) -> Manifest:
    content = json.dumps([wanted.preparation, spooled.sha256], sort_keys=True)
    return replace_fields(
        wanted,
        build=f"build-{hashlib.sha256(content.encode()).hexdigest()[:12]}",
        n_documents=spooled.n_documents,
        documents_sha256=spooled.sha256,
        problems=spooled.problems,
    )


def _store(folder: Path, plan: Manifest) -> ShardStore:
    """Return the build of this plan as far as it is, or a new one."""
    try:
        return ShardStore(folder)
    except JournalDamaged:
        folder.mkdir(exist_ok=True)
        return ShardStore.create(folder, plan_of_build(plan))


def _commit(plan: Manifest, store: ShardStore) -> None:
    """Write the manifest, if it says anything new."""
    new = replace_fields(plan, n_passages=store.n_passages)
    try:
        old = read_manifest(plan.name)
        ran_as_before = replace_fields(new.encoder, device=old.encoder.device, backend=old.encoder.backend)
        as_it_was = replace_fields(new, created=old.created, encoder=ran_as_before)
        if old.created and old == as_it_was:
            return
    except (CorpusNotFound, CorpusDamaged):
        pass
    write_manifest(replace_fields(new, created=datetime.now(UTC).isoformat(timespec="seconds")))
