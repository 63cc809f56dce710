"""Builds a corpus from a source, resumably and incrementally.

A build has stages, each with a folder: documents and words, quick vectors, full vectors. The name of a folder is a hash
of the documents and of the settings that the vectors depend on. The same build again therefore opens the same folders
and resumes after the last committed shard. A build reuses the vectors that another build of the corpus holds, be it the
corpus that is replaced or an interrupted build.
"""

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.arrow import read_documents
from exemplar.data.building.embed import Embedder, EmbeddingRun, LocalEmbedder, damaged_shards
from exemplar.data.building.folders import build_in, builds_with, in_its_folder, share
from exemplar.data.building.known_ids import Known
from exemplar.data.building.known_vectors import earlier_builds
from exemplar.data.building.progress import BuildEvent, LanguageKnown, NoQuickVectors, Progress, SourceAdded
from exemplar.data.building.replacing import check_same
from exemplar.data.building.staging import Staged, stage
from exemplar.data.corpus.arrivals import ARRIVALS, arrivals_in, in_words, now
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.lock import PROGRESS, lock_corpus, write_progress
from exemplar.data.corpus.manifest import (
    BEGUN,
    Manifest,
    build_manifests,
    builds_of,
    corpus_folder,
    is_of_same,
    manifest_of,
    read_begun,
    read_manifest,
    write_begun,
    write_manifest,
)
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore, file_sha256
from exemplar.data.corpus.source_rows import ROWS
from exemplar.data.corpus.unknown_texts import UNKNOWN, unknown_texts
from exemplar.data.corpus.words import prepare_words, sweep_words
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.encoders.model_files import languages_in_card
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError, NoQuickEncoder
from exemplar.data.sources.columns import Columns, guess_columns
from exemplar.data.sources.spec import AddedSource, Source, SourceSpec
from exemplar.data.words.languages import RECOGNISE, is_language

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

OnEvent = Callable[[BuildEvent], None]
LoadQuick = Callable[[], Encoder]


def build_corpus(
    source: Source,
    encoder: Encoder | Embedder,
    *,
    name: str | None = None,
    whole: bool = False,
    replace: bool = False,
    left_out: Sequence[str] = (),
    strict: bool = False,
    quick: LoadQuick | None = None,
    until: Literal["quick", "full"] = "full",
    on_event: OnEvent | None = None,
) -> Corpus:
    """Embed a source's documents and write them as a corpus; an existing corpus is replaced in one step at the end.

    A new corpus can be searched before: by words as soon as these are indexed, and by quick vectors as soon as all
    documents have them. The next call resumes an interrupted build. It updates an existing corpus: it embeds new and
    changed documents, drops documents that the source no longer has, and repairs damaged files.

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
    left_out
        Added sources that the corpus has and may lose, by ``SourceSpec.source``.
    strict
        Make every problem with a document an error.
    quick
        Returns the quick encoder of the model, or raises NoQuickEncoder; None to make no quick vectors.
    until
        The vectors with which the corpus is complete.
    on_event
        Called with every problem of the source and with the progress of the build.

    Raises
    ------
    ExemplarError
        The source is empty or can't be read, or the name is not valid or belongs to a corpus that was built otherwise;
        or the corpus is to have quick vectors, and the model has no quick encoder.
    CorpusBusy
        Another process builds the corpus.
    OSError
        A file can't be written, in particular if the disk is full; or all workers of a cluster are lost.
    """
    embedder = _embedder(encoder)
    name = name or source.name
    build = _Build(embedder, quick, until, replace, tuple(left_out), strict, on_event or (lambda event: None))
    with lock_corpus(name) as folder:
        _sweep(folder)
        with _shortages_explained(name, folder), _swept(folder):
            build.from_source(source, _planned_manifest(source, embedder.model, name, whole), folder)
    return open_corpus(name)


def finish_corpus(
    name: str, encoder: Encoder | Embedder, *, quick: LoadQuick | None = None, on_event: OnEvent | None = None
) -> Corpus:
    """Give the documents that a corpus has their full vectors; its source is not read.

    Parameters and errors are those of ``build_corpus``.
    """
    embedder = _embedder(encoder)
    build = _Build(embedder, quick, "full", False, (), False, on_event or (lambda event: None))
    with lock_corpus(name) as folder:
        _sweep(folder)
        manifest = read_begun(name) or read_manifest(name)
        if file_sha256(folder / manifest.build / DOCUMENTS) != manifest.documents_sha256:
            raise CorpusDamaged(f"the documents of the corpus '{name}' are damaged; build it again from its source")
        with _shortages_explained(name, folder), _swept(folder):
            known = Known.of(_earlier_documents(name), folder)
            build.from_documents(manifest, ShardStore(folder / manifest.build), folder, known)
    return open_corpus(name)


def _embedder(encoder: Encoder | Embedder) -> Embedder:
    return cast(Embedder, encoder) if hasattr(encoder, "embed") else LocalEmbedder(encoder)


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


@contextlib.contextmanager
def _swept(folder: Path) -> Iterator[None]:
    """Remove a build's temporary files at the end."""
    try:
        yield
    finally:
        _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove the temporary files of a build, such as a killed build leaves behind."""
    for path in (*folder.glob("documents.*"), *folder.glob("*.tmp"), *folder.glob("build-*/*.tmp"), folder / PROGRESS):
        if not path.is_dir():  # no build makes such a folder
            path.unlink(missing_ok=True)
    for build in folder.glob("build-*"):
        sweep_words(build)


def _planned_manifest(source: Source, model: str, name: str, whole: bool) -> Manifest:
    """Return the manifest of a build before its documents and its encoder are known."""
    spec = source.spec
    return Manifest(
        name=name,
        build="",
        created="",
        source=_with_language(spec, name),
        encoder=EncoderInfo.none(model),
        whole=whole,
        n_documents=0,
        n_passages=0,
        documents_sha256="",
        corpus_id=_corpus_id(name, spec.source),
        added=_added(name, source),
    )


def _added(name: str, source: Source) -> tuple[AddedSource, ...]:
    """Return the added sources of a build, each with the time at which the corpus of this name took it."""
    times = {added.spec.source: added.at for manifest in reversed(_manifests(name)) for added in manifest.added}
    specs = [added.spec for added in source.added]
    return tuple(AddedSource(spec, times.get(spec.source, in_words(now()))) for spec in specs)


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


@dataclass(frozen=True, slots=True)
class _Build:
    """The stages of a build: documents and words, quick vectors, full vectors, each in a folder of its own.

    They share the files of the documents and the words.
    """

    embedder: Embedder
    quick: LoadQuick | None
    until: Literal["quick", "full"]
    replace: bool
    left_out: tuple[str, ...]
    strict: bool
    on_event: OnEvent

    def from_source(self, source: Source, planned: Manifest, folder: Path) -> None:
        """Read the source and build its documents."""
        if not self.replace:
            self._check_allowed(planned, guess_columns(source.columns()))
        known, before = Known.of(_earlier_documents(planned.name), folder), _sources_of(planned.name)
        staged = stage(
            source,
            folder / "documents.new",
            known,
            now=now(),
            strict=self.strict,
            on_problem=self.on_event,
            on_read=lambda n: self.on_event(Progress("reading", n)),
        )
        for added, given in zip(planned.added, staged.given[1:], strict=True):
            if added.spec.source not in before:
                self.on_event(SourceAdded(given.name, given.n_documents, given.n_copies, given.n_same))
        manifest = _with_documents(planned, staged)
        same = builds_with(manifest)
        store = same[0] if same else build_in(folder, in_its_folder(manifest))
        os.replace(staged.rows_path, store.folder / ROWS)
        os.replace(staged.arrivals_path, store.folder / ARRIVALS)
        os.replace(staged.path, store.folder / DOCUMENTS)
        write_begun(replace_fields(manifest, build=store.folder.name))
        self.from_documents(manifest, store, folder, known)

    def from_documents(self, manifest: Manifest, store: ShardStore, folder: Path, known: Known) -> None:
        """Index the words of the documents that are in a build's folder, and embed them."""
        language = self._index_words(manifest, store)
        quick_build = ""
        if quick := self._quick_encoder(manifest):
            manifest, store = self._embedded(manifest, LocalEmbedder(quick), store, folder)
            quick_build = manifest.build
        info = self.embedder.info if self.until == "full" else manifest.encoder
        self.on_event(LanguageKnown(language, info.model, _languages_of(info)))  # before the hours that it may cost
        if self.until == "full":
            manifest, store = self._embedded(manifest, self.embedder, store, folder)
        known.write_gone(read_documents(store.folder / DOCUMENTS), folder)
        of_source = {reason: n for reason, n in manifest.problems.items() if reason != UNKNOWN}
        problems = Counter(of_source) + self._unknown_texts(store)
        _commit(replace_fields(manifest, problems=dict(problems)), store)
        (folder / BEGUN).unlink(missing_ok=True)
        self._remove_others(manifest, store, folder, quick_build)

    def _remove_others(self, committed: Manifest, store: ShardStore, folder: Path, quick_build: str) -> None:
        """Remove the build that was replaced, and interrupted ones; those that stay share the files of documents."""
        kept = {each.folder: each for each in builds_of(committed.name) if self._stays(each, committed, quick_build)}
        for other in folder.glob("build-*"):
            if other not in kept and other != store.folder:
                shutil.rmtree(other, ignore_errors=True)
            elif other in kept and kept[other].plan["documents_sha256"] == committed.documents_sha256:
                share(store.folder, other)

    def _stays(self, other: ShardStore, committed: Manifest, quick_build: str) -> bool:
        """Return whether another build is kept beside the one that is committed."""
        of = manifest_of(other, "")
        if is_of_same(of, committed, "quick"):  # the page may show a ranking by it, and an evaluation may compare both
            return quick_build in ("", other.folder.name) and other.is_complete and not other.damages()
        return self.until == "quick" and of.vectors == "full" and of.encoder.model == committed.encoder.model

    def _check_allowed(self, planned: Manifest, guesses: Columns) -> None:
        """Raise ExemplarError if the corpus would lose what it has: another source's documents, or full vectors."""
        has_full = False
        with contextlib.suppress(CorpusNotFound, CorpusDamaged):
            has_full = read_manifest(planned.name).vectors == "full"
        if has_full and self.until == "quick":
            raise ExemplarError(
                f"the corpus '{planned.name}' has its full vectors; build it with these"
                + ("" if planned.added else ", or allow it to be replaced"),
                hint="full" if planned.added else "replace",
            )
        # To compare the encoder, it is loaded now; for any other corpus after the words are indexed.
        with_encoder = replace_fields(planned, encoder=self.embedder.info) if has_full else planned
        check_same(with_encoder, guesses, self.left_out)

    def _index_words(self, manifest: Manifest, store: ShardStore) -> str:
        """Make the words index unless it fits the documents; return the language of the texts."""
        texts = read_documents(store.folder / DOCUMENTS)["text"]
        started = time.monotonic()

        def on_progress(done: int) -> None:
            self.on_event(Progress("indexing words", done, store.n_documents, seconds=time.monotonic() - started))

        sha256, language = manifest.documents_sha256, manifest.source.language
        return prepare_words(store.folder, texts, sha256, language, on_progress).language

    def _quick_encoder(self, manifest: Manifest) -> Encoder | None:
        """Return the quick encoder; None if there is none, or if the full vectors are there already."""
        stores = {manifest_of(store, "").vectors: store for store in builds_with(manifest) if store.is_complete}
        if self.until == "full" and (self.quick is None or "full" in stores):
            return None
        try:
            if self.quick is None:
                raise NoQuickEncoder("no quick encoder was given")
            return self.quick()
        except NoQuickEncoder as error:
            if self.until == "quick":
                raise
            self.on_event(NoQuickVectors(str(error)))
            return None

    def _embedded(
        self, documents: Manifest, embedder: Embedder, origin: ShardStore, folder: Path
    ) -> tuple[Manifest, ShardStore]:
        """Embed the documents of a build, in the folder that they and the encoder's settings name."""
        manifest = in_its_folder(replace_fields(documents, encoder=embedder.info))
        others = [store for store in builds_of(manifest.name) if store.folder.name != manifest.build]
        store = build_in(folder, manifest)
        share(origin.folder, store.folder)
        damaged = damaged_shards(store)
        if damaged or not store.is_complete:
            earlier = earlier_builds(others, manifest.preparation)
            EmbeddingRun(store, embedder, manifest.whole, earlier, self._told(folder)).run(damaged)
        store.finish()
        return manifest, store

    def _told(self, folder: Path) -> Callable[[Progress], None]:
        """Return what reports the progress to the caller, and once a second to other processes."""
        last = 0.0

        def on_progress(progress: Progress) -> None:
            nonlocal last
            if progress.stage == "embedding" and progress.speed and time.monotonic() - last > 1:
                write_progress(folder, progress.speed)
                last = time.monotonic()
            self.on_event(progress)

        return on_progress

    def _unknown_texts(self, store: ShardStore) -> Counter[str]:
        """Report the texts of which the model knows no token; return how many there are, by the reason."""
        problems: Counter[str] = Counter()
        for problem in unknown_texts(store):
            if self.strict:
                raise ExemplarError(f"{problem.where}: {problem.reason}")
            problems[problem.reason] += 1
            self.on_event(problem)
        return problems


def _languages_of(encoder: EncoderInfo) -> frozenset[str]:
    """Return the codes of an encoder's languages; empty if its card does not name them, or not by such codes."""
    languages = languages_in_card(encoder.model, encoder.revision if encoder.kind == "full" else "main")
    return languages if all(map(is_language, languages)) else frozenset()


def _sources_of(name: str) -> set[str]:
    """Return the sources of the existing corpus."""
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        return {spec.source for spec in read_manifest(name).sources}
    return set()


def _earlier_documents(name: str) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
    """Yield the documents of the existing corpus, even if its other files are damaged, then those of other builds.

    With each table come the times at which its documents came.

    People may have searched and marked what an interrupted build holds.
    """
    builds = sorted(builds_of(name), key=lambda store: store.documents_done, reverse=True)
    places = [(store.plan["documents_sha256"], store.folder, "") for store in builds]
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        manifest = read_manifest(name)
        places.insert(0, (manifest.documents_sha256, corpus_folder(name) / manifest.build, manifest.created))
    seen = set()
    for sha256, folder, created in places:
        with contextlib.suppress(OSError, ValueError, pa.ArrowException):
            if sha256 not in seen:  # stages share documents
                documents = read_documents(folder / DOCUMENTS)
                seen.add(sha256)
                yield documents, arrivals_in(folder, len(documents), created)


def _with_documents(planned: Manifest, staged: Staged) -> Manifest:
    """Return the manifest with its documents."""
    return replace_fields(
        planned,
        n_documents=staged.n_documents,
        documents_sha256=staged.sha256,
        rows_sha256=staged.rows_sha256,
        arrivals_sha256=staged.arrivals_sha256,
        added=tuple(
            replace_fields(added, n_documents=given.n_documents)
            for added, given in zip(planned.added, staged.given[1:], strict=True)
        ),
        problems=staged.problems,
    )


def _commit(manifest: Manifest, store: ShardStore) -> None:
    """Write the manifest unless it would repeat the existing one; time, device and backend do not count."""
    new = replace_fields(manifest, n_passages=store.n_passages)
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        old = read_manifest(new.name)
        encoder = replace_fields(new.encoder, device=old.encoder.device, backend=old.encoder.backend)
        if old.created and old == replace_fields(new, created=old.created, encoder=encoder):
            return
    write_manifest(replace_fields(new, created=datetime.now(UTC).isoformat(timespec="seconds")))
