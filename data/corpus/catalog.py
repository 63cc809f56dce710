"""The corpora in the home folder: their states and sizes, and how one is verified or removed."""

import contextlib
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from exemplar.data.corpus.arrivals import ARRIVALS
from exemplar.data.corpus.lock import is_being_built, links_in, lock_corpus, read_progress
from exemplar.data.corpus.manifest import (
    Manifest,
    builds_of,
    corpus_folder,
    corpus_names,
    is_known,
    is_of_same,
    manifest_of,
    read_manifest,
)
from exemplar.data.corpus.shards import JOURNAL, WORDS, Damage, ShardStore, file_sha256
from exemplar.data.corpus.source_rows import ROWS
from exemplar.data.corpus.words import words_damages, words_header
from exemplar.data.encoders.base import VectorKind
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, JournalDamaged
from exemplar.data.words.header import Header

_USED = {"none": "words", "quick": "words and quick vectors", "full": "words and full vectors"}

State = Literal["complete", "rebuilding", "building", "unfinished", "damaged"]


@dataclass(frozen=True, slots=True)
class CorpusStatus:
    """The state of a corpus on disk.

    Attributes
    ----------
    manifest
        None if nothing is committed yet, or if the manifest can't be read.
    size
        Bytes on disk.
    share
        The share of the full vectors that are there, 0 to 1.
    progress
        How a process that embeds the corpus now goes on, for people; empty if none does.
    words
        The header of its words index; None if it has none that can be read, and for a corpus without a manifest.
    """

    name: str
    manifest: Manifest | None
    state: State
    size: int
    words: Header | None = None
    share: float = 1.0
    progress: str = ""

    @property
    def documents(self) -> str:
        """Return the number of documents for people."""
        return "no" if self.manifest is None else f"{self.manifest.n_documents:,}"

    @property
    def stage(self) -> str:
        """Return what rankings use, for people: ``words and quick vectors; full vectors 12%, 4 min left``."""
        if self.manifest is None:
            return ""
        return _stage(self.manifest.vectors, self.share, self.progress)


def list_corpora() -> list[CorpusStatus]:
    """Return the state of every corpus, ordered by name."""
    statuses = []
    for name in corpus_names():
        with contextlib.suppress(CorpusNotFound):  # another process has removed it
            statuses.append(corpus_status(name))
    return statuses


def searchable_corpora() -> dict[str, Manifest]:
    """Return the manifest of every corpus that can be searched, by name.

    This reads manifests and journals alone, so that a page can call it each time it is drawn.
    """
    manifests = {}
    for name in corpus_names():
        with contextlib.suppress(CorpusNotFound, CorpusDamaged, JournalDamaged):
            manifests[name] = read_manifest(name)
    return manifests


def corpus_status(name: str) -> CorpusStatus:
    """Return the state of a corpus without reading its vectors; CorpusNotFound if it does not exist."""
    folder = corpus_folder(name)
    _check_exists(name)
    size = _size(path for pattern in ("*", "build-*/*", f"build-*/{WORDS}/*") for path in folder.glob(pattern))
    busy = is_being_built(name)
    try:
        manifest = read_manifest(name)
    except CorpusNotFound:
        return CorpusStatus(name, None, "building" if busy else "unfinished", size)
    except (CorpusDamaged, JournalDamaged):
        return CorpusStatus(name, None, "building" if busy else "damaged", size)
    finished: State = "rebuilding" if busy else "complete"
    unfinished: State = "building" if busy else "unfinished"
    words = words_header(folder / manifest.build)
    progress = read_progress(name) if busy else ""
    return CorpusStatus(
        name, manifest, finished if manifest.created else unfinished, size, words, _share(manifest), progress
    )


def stage_in_words(manifest: Manifest) -> str:
    """Return what rankings of a corpus use, for people: ``words and quick vectors; full vectors 12%, 4 min left``."""
    progress = read_progress(manifest.name) if is_being_built(manifest.name) else ""
    return _stage(manifest.vectors, _share(manifest), progress)


def _stage(vectors: VectorKind, share: float, progress: str) -> str:
    used = _USED[vectors]
    if vectors == "full" or not (0 < share < 1 or progress):
        return used
    return f"{used}; full vectors {', '.join(filter(None, [f'{share:.0%}', progress]))}"


def _share(manifest: Manifest) -> float:
    """Return the share of a corpus's documents that have full vectors."""
    if manifest.vectors == "full":
        return 1.0
    same = (store for store in builds_of(manifest.name) if is_of_same(manifest_of(store, ""), manifest, "full"))
    return max((store.documents_done / store.n_documents for store in same), default=0.0)


def _check_exists(name: str) -> None:
    if not is_known(name):
        read_manifest(name)  # raises CorpusNotFound, which lists the corpora


def _size(paths: Iterable[Path]) -> int:
    """Return the bytes of files; one that has several names counts once."""
    sizes = {}
    for path in paths:
        with contextlib.suppress(OSError):  # a running build removes files
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                sizes[status.st_dev, status.st_ino or path] = status.st_size
    return sum(sizes.values())


def verify_corpus(name: str) -> list[Damage]:
    """Read every file of a corpus and return the parts that differ from what was committed.

    Raises
    ------
    CorpusNotFound
        No corpus has this name.
    CorpusDamaged
        The manifest or the journal can't be read, so that the other files can't be checked.
    """
    manifest = read_manifest(name)
    try:
        store = ShardStore(corpus_folder(name) / manifest.build)
    except JournalDamaged as error:
        raise CorpusDamaged(f"the journal of the corpus '{name}' can't be read; build it again") from error
    damages = store.damages()
    if manifest.vectors != "none" and store.documents_done < manifest.n_documents:
        damages.append(Damage(JOURNAL))
    elif manifest.created and (manifest.n_passages, manifest.encoder.dim) != (store.n_passages, store.dim):
        damages.append(Damage("manifest.json"))
    damages += words_damages(store.folder)
    if manifest.rows_sha256 and file_sha256(store.folder / ROWS) != manifest.rows_sha256:
        damages.append(Damage(ROWS))
    if manifest.arrivals_sha256 and file_sha256(store.folder / ARRIVALS) != manifest.arrivals_sha256:
        damages.append(Damage(ARRIVALS))
    for other in builds_of(name):
        if other.folder != store.folder and other.is_complete and is_of_same(manifest_of(other, ""), manifest, "quick"):
            damages += [replace(damage, file=f"quick vectors: {damage.file}") for damage in other.damages()]
    return damages


def remove_corpus(name: str) -> None:
    """Remove a corpus with all its files; the marks on it stay in the sessions.

    A link in the folder is removed, and its target stays.

    Raises
    ------
    CorpusNotFound
        No corpus has this name.
    CorpusBusy
        A process is building it.
    """
    _check_exists(name)
    links = links_in(corpus_folder(name))
    for link in links:  # without the lock: a folder with links can't be built
        link.unlink()
    if corpus_folder(name) in links:
        return
    with lock_corpus(name) as folder:
        for path in (folder / "manifest.json", *folder.glob("build-*")):  # manifest first: no reader opens the rest
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)  # under the lock, so that no other build loses its files
