"""Builds a corpus from a source, resumably and incrementally.

The name of a build's folder is a hash of its documents and its settings. The same build again therefore opens the same
folder and resumes after the last committed shard. A build reuses the vectors that another build of the corpus holds,
be it the corpus that is replaced or an interrupted build.
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace as replace_fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from exemplar.data.arrow import read_documents
from exemplar.data.building.embed import Embedder, EmbeddingRun, LocalEmbedder, damaged_shards
from exemplar.data.building.known_ids import Known
from exemplar.data.building.known_vectors import earlier_builds
from exemplar.data.building.progress import BuildEvent, LanguageKnown, Progress
from exemplar.data.building.staging import Staged, stage
from exemplar.data.building.unknown_texts import unknown_texts
from exemplar.data.building.uploads import uploaded_name
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.lock import lock_corpus
from exemplar.data.corpus.manifest import (
    Manifest,
    build_manifests,
    builds_of,
    corpus_folder,
    plan_of_build,
    read_manifest,
    write_manifest,
)
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.corpus.source_rows import ROWS
from exemplar.data.corpus.words import prepare_words, sweep_words
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.encoders.model_files import languages_in_card
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError, JournalDamaged
from exemplar.data.sources.columns import OFF, guess_columns
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.words.languages import RECOGNISE, is_language

# Options of a source that may differ when its corpus is built again: they change how many of its documents are read,
# and how, but not what they are.
_CHANGEABLE = ("language", "limit", "revision", "streaming")
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

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
    """Embed a source's documents and write them as a corpus; an existing corpus is replaced in one step at the end.

    The next call resumes an interrupted build. It updates an existing corpus: it embeds new and changed documents,
    drops documents that the source no longer has, and repairs damaged files.

    Parameters
    ----------
    encoder
        Embeds in this process; an embedder does so elsewhere, such as that of ``ray_cluster.on_ray`` on a cluster.
    name
        Name of the corpus; None for the name of the source.
    whole
        Make every document one passage, of which the model reads the beginning.
    replace
        Allow the build to replace a corpus of this name with another source or other settings.
    strict
        Make every problem with a document an error.
    on_event
        Called with every problem of the source and with the progress of the build.

    Raises
    ------
    ExemplarError
        The source is empty or can't be read, or the name is not valid or belongs to a corpus that was built otherwise.
    CorpusBusy
        Another process builds the corpus.
    OSError
        A file can't be written, in particular if the disk is full; or all workers of a cluster are lost.
    """
    embedder = encoder if isinstance(encoder, Embedder) else LocalEmbedder(encoder)
    name = name or source.name
    on_event = on_event or (lambda event: None)
    with lock_corpus(name) as folder:
        _sweep(folder)
        planned = _planned_manifest(source, embedder, name, whole)
        if not replace:
            _check_same(planned, source)
        try:
            with _shortages_explained(name, folder):
                _build(source, embedder, planned, folder, strict, on_event)
        finally:
            _sweep(folder)
    return open_corpus(name)


@contextlib.contextmanager
def _shortages_explained(name: str, folder: Path) -> Iterator[None]:
    """Word the errors of a full disk or of too little memory: a person can act on both, and resume."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        message = f"the disk with {folder} is full; make room and build again: what was embedded is kept"
        raise OSError(error.errno, message) from error
    except MemoryError as error:
        remedy = "close other programs and build again: what was embedded is kept"
        raise ExemplarError(f"there is not enough memory to build '{name}'; {remedy}") from error


def _sweep(folder: Path) -> None:
    """Remove the temporary files of a build, such as a killed build leaves behind."""
    for path in (*folder.glob("documents.*"), *folder.glob("*.tmp"), *folder.glob("build-*/*.tmp")):
        if not path.is_dir():  # no build makes such a folder
            path.unlink()
    for build in folder.glob("build-*"):
        sweep_words(build)


def _planned_manifest(source: Source, embedder: Embedder, name: str, whole: bool) -> Manifest:
    """Return the manifest of a build before its documents are known."""
    return Manifest(
        name=name,
        build="",
        created="",
        source=_with_language(source.spec, name),
        encoder=embedder.info,
        whole=whole,
        n_documents=0,
        n_passages=0,
        documents_sha256="",
        corpus_id=_corpus_id(name, source.spec.source),
    )


def _with_language(spec: SourceSpec, name: str) -> SourceSpec:
    """Return the spec with the language that the corpus of this name has for the source, unless it chooses one."""
    if spec.language == RECOGNISE:
        return replace_fields(spec, language=None)
    if spec.language is None:
        specs = [manifest.source for manifest in _manifests(name) if manifest.source.source == spec.source]
        return replace_fields(spec, language=specs[0].language) if specs else spec
    return spec


def _manifests(name: str) -> list[Manifest]:
    """Return the manifest of the corpus of this name, then those of its readable builds."""
    manifests = build_manifests(name)
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        manifests.insert(0, read_manifest(name))
    return manifests


def _corpus_id(name: str, source: str) -> str:
    """Return the identity of the corpus of this name if it was built from the source, else a new one."""
    ids = (manifest.corpus_id for manifest in _manifests(name) if manifest.source.source == source)
    return next(filter(None, ids), "") or secrets.token_hex(8)


def _check_same(planned: Manifest, source: Source) -> None:
    """Raise ExemplarError if the existing corpus has another source or other settings.

    A column that its name alone gives a role may be new: earlier versions knew fewer names.
    """
    try:
        existing = read_manifest(planned.name)
    except (CorpusNotFound, CorpusDamaged):
        return
    old, new = (manifest.source.to_json() | manifest.preparation for manifest in (existing, planned))
    guesses = guess_columns(source.columns())
    for key in new | old:
        before, after = old.get(key), new.get(key)
        # A column that is switched off is none, as one that does not exist.
        is_none = {before, after} == {None, OFF}
        is_guess = before is None and after == getattr(guesses, key.removesuffix("_column"), None)
        if key not in _CHANGEABLE and before != after and not is_none and not is_guess:
            raise ExemplarError(
                f"there is a corpus '{planned.name}' already, built with {_in_words(key, before)}, not "
                f"{_in_words(key, after)}; choose another name, or allow it to be replaced",
                hint="replace",
            )


def _in_words(key: str, value: Any) -> str:
    if key == "source" and (name := uploaded_name(str(value))):
        return f"the uploaded file {name}"
    if key == "whole":
        return "one passage a document" if value else "as many passages as it takes"
    if key == "without_see_also":
        return "no See Also sections" if value else "See Also sections"
    if value is None:
        return f"no {key.replace('_', ' ')}"
    return f"the {key.replace('_', ' ')} {value!s:.500}"


def _build(
    source: Source, embedder: Embedder, planned: Manifest, folder: Path, strict: bool, on_event: OnEvent
) -> None:
    known = Known.of(_earlier_documents(planned.name), folder)
    staged = stage(
        source,
        folder / "documents.new",
        known,
        strict=strict,
        on_problem=on_event,
        on_read=lambda n: on_event(Progress("reading", n)),
    )
    manifest = _with_documents(planned, staged)
    others = [store for store in builds_of(manifest.name) if store.folder.name != manifest.build]
    store = _store(folder / manifest.build, manifest)
    os.replace(staged.rows_path, store.folder / ROWS)
    os.replace(staged.path, store.folder / DOCUMENTS)
    _index_words(store, manifest, on_event)
    damaged = damaged_shards(store)
    if damaged or store.documents_done < store.n_documents:
        earlier = earlier_builds(others, manifest.preparation)
        EmbeddingRun(store, embedder, manifest.whole, earlier, on_event).run(damaged)
    store.finish()
    known.write_gone(read_documents(store.folder / DOCUMENTS), folder)
    problems = Counter(staged.problems)
    for problem in unknown_texts(store):
        if strict:
            raise ExemplarError(f"{problem.where}: {problem.reason}")
        problems[problem.reason] += 1
        on_event(problem)
    _commit(replace_fields(manifest, problems=dict(problems)), store)
    for other in folder.glob("build-*"):  # the replaced build, and interrupted ones
        if other.name != manifest.build:
            shutil.rmtree(other, ignore_errors=True)


def _index_words(store: ShardStore, manifest: Manifest, on_event: OnEvent) -> None:
    """Make the words index unless it fits the documents; report the language, and whether the model has it."""
    texts = read_documents(store.folder / DOCUMENTS)["text"]
    started = time.monotonic()

    def on_progress(done: int) -> None:
        on_event(Progress("indexing words", done, store.n_documents, seconds=time.monotonic() - started))

    index = prepare_words(store.folder, texts, manifest.documents_sha256, manifest.source.language, on_progress)
    encoder = manifest.encoder
    on_event(LanguageKnown(index.language, encoder.model, _languages_of(encoder)))


def _languages_of(encoder: EncoderInfo) -> frozenset[str]:
    """Return the codes of an encoder's languages; empty if its card does not name them, or not by such codes."""
    languages = languages_in_card(encoder.model, encoder.revision)
    return languages if all(map(is_language, languages)) else frozenset()


def _earlier_documents(name: str) -> Iterator[pa.Table]:
    """Yield the documents of the existing corpus, even if its other files are damaged, then those of other builds.

    People may have searched and marked what an interrupted build holds.
    """
    builds = sorted(builds_of(name), key=lambda store: store.documents_done, reverse=True)
    folders = [store.folder for store in builds]
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        folders.insert(0, corpus_folder(name) / read_manifest(name).build)
    for folder in dict.fromkeys(folders):
        with contextlib.suppress(OSError, ValueError, pa.ArrowException):
            yield read_documents(folder / DOCUMENTS)


def _with_documents(planned: Manifest, staged: Staged) -> Manifest:
    """Return the manifest with its documents, and with the folder that they and the settings name."""
    content = json.dumps([planned.preparation, staged.sha256], sort_keys=True)
    return replace_fields(
        planned,
        build=f"build-{hashlib.sha256(content.encode()).hexdigest()[:12]}",
        n_documents=staged.n_documents,
        documents_sha256=staged.sha256,
        rows_sha256=staged.rows_sha256,
        problems=staged.problems,
    )


def _store(folder: Path, manifest: Manifest) -> ShardStore:
    """Return the existing build in a folder, or begin one."""
    try:
        return ShardStore(folder)
    except JournalDamaged:
        folder.mkdir(exist_ok=True)
        return ShardStore.create(folder, plan_of_build(manifest))


def _commit(manifest: Manifest, store: ShardStore) -> None:
    """Write the manifest unless it would repeat the existing one; time, device and backend do not count."""
    new = replace_fields(manifest, n_passages=store.n_passages)
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        old = read_manifest(new.name)
        encoder = replace_fields(new.encoder, device=old.encoder.device, backend=old.encoder.backend)
        if old.created and old == replace_fields(new, created=old.created, encoder=encoder):
            return
    write_manifest(replace_fields(new, created=datetime.now(UTC).isoformat(timespec="seconds")))
