"""Source -> passages -> encoder -> corpus: resumable and incremental.

A build's folder is named after what is to be in it: its documents and how they are prepared. So building the same
again finds what was done, whether all of it or a part, and goes on from there; and a text whose vectors exist in
another build of the corpus, the one that is replaced or one that was interrupted, is not embedded again.
"""

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from exemplar.data.arrow import read_documents
from exemplar.data.building.embed import Embedder, Embedding, Here, Progress, damaged_shards
from exemplar.data.building.known_vectors import earlier_builds
from exemplar.data.building.staging import Spooled, spool
from exemplar.data.corpus.corpus import (
    Corpus,
    builds_of,
    corpus_folder,
    manifest_of,
    open_corpus,
    read_manifest,
    write_manifest,
)
from exemplar.data.corpus.lock import building
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.documents import Problem, Source
from exemplar.data.encoders.sentence_transformer import Encoder, model_name
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, JournalDamaged

_MAY_CHANGE = ("limit", "revision")  # of a source, when it is built again
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

OnEvent = Callable[[Progress | Problem], None]


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
    ValueError
        The source is empty or can't be read, the name can't be one, or it belongs to a corpus that was built otherwise.
    CorpusBusy
        Another process is building it.
    OSError
        A file can't be written, and the message says so if the disk is full; or all workers of a cluster are lost.
    """
    embedder = encoder if isinstance(encoder, Embedder) else Here(encoder)
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
            raise ValueError(f"there is not enough memory to build '{name}'; {told}") from error
        finally:
            _sweep(folder)
    return open_corpus(name)


def _sweep(folder: Path) -> None:
    """Remove what a build writes on its way, which one that was killed has left."""
    for path in (*folder.glob("documents.*"), *folder.glob("*.tmp"), *folder.glob("build-*/*.tmp")):
        if not path.is_dir():  # none of ours
            path.unlink()


def precision_of(name: str, model: str, *, replace: bool = False) -> str | None:
    """Return the precision of what there is of a corpus by a model: what is added should have it too.

    ``replace``: of the build that was begun to replace it.
    """
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        complete = read_manifest(name)
        begun = [manifest_of(store, name) for store in builds_of(name) if store.folder.name != complete.build]
        of_model = [each for each in (begun if replace else [complete]) if each.model == model_name(model)]
        return of_model[0].precision if of_model else None
    return None


def _manifest(source: Source, embedder: Embedder, name: str, whole: bool) -> Manifest:
    """Return the manifest as far as it is known before the documents are."""
    facts = embedder.facts
    return Manifest(
        name=name,
        build="",
        created="",
        source=source.description,
        model=facts.model,
        model_revision=facts.revision,
        precision=facts.precision,
        device=facts.device,
        backend=facts.backend,
        similarity=facts.similarity,
        whole=whole,
        max_tokens=facts.max_tokens,
        dim=facts.dim,
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
    old, new = ({**each.source, **each.preparation} for each in (manifest, wanted))
    for key in new:
        if key not in _MAY_CHANGE and old.get(key) != new[key]:
            raise ValueError(
                f"there is a corpus '{wanted.name}' already, built with {_in_words(key, old.get(key))}, not "
                f"{_in_words(key, new[key])}; choose another name, or allow it to be replaced (--replace)"
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
    return dataclasses.replace(
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
        return ShardStore.create(folder, dataclasses.asdict(plan))


def _commit(plan: Manifest, store: ShardStore) -> None:
    """Write the manifest, if it says anything new."""
    new = dataclasses.replace(plan, n_passages=store.n_passages)
    try:
        old = read_manifest(plan.name)
        as_it_was = dataclasses.replace(new, created=old.created, device=old.device, backend=old.backend)
        if old.created and old == as_it_was:
            return
    except (CorpusNotFound, CorpusDamaged):
        pass
    write_manifest(dataclasses.replace(new, created=datetime.now(UTC).isoformat(timespec="seconds")))
