"""The corpora in the home folder: their states and sizes, and how one is verified or removed."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exemplar.data.corpus.lock import is_being_built, links_in, lock_corpus
from exemplar.data.corpus.manifest import Manifest, corpus_folder, corpus_names, is_known, read_manifest
from exemplar.data.corpus.shards import JOURNAL, Damage, ShardStore, file_sha256
from exemplar.data.corpus.source_rows import ROWS
from exemplar.data.corpus.words import WORDS, words_damages, words_header
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, JournalDamaged
from exemplar.data.words.header import Header

State = Literal["complete", "rebuilding", "building", "unfinished", "damaged"]


@dataclass(frozen=True, slots=True)
class CorpusStatus:
    """The state of a corpus on disk.

    Attributes
    ----------
    manifest
        None if nothing is committed yet, or if the manifest can't be read.
    n_planned
        Number of documents of the finished corpus; 0 if it is not known.
    size
        Bytes on disk.
    words
        The header of its words index; None if it has none that can be read, and for a corpus without a manifest.
    """

    name: str
    manifest: Manifest | None
    state: State
    n_planned: int
    size: int
    words: Header | None = None

    @property
    def documents(self) -> str:
        """Return the number of documents for people; of an unfinished corpus also the planned number."""
        if self.manifest is None:
            return "no"
        return _documents(self.manifest, self.n_planned)


def list_corpora() -> list[CorpusStatus]:
    """Return the state of every corpus, ordered by name."""
    statuses = []
    for name in corpus_names():
        with contextlib.suppress(CorpusNotFound):  # another process has removed it
            statuses.append(corpus_status(name))
    return statuses


def searchable_corpora() -> dict[str, str]:
    """Return by name the number of documents, for people, of every corpus that can be searched.

    This reads manifests and journals alone, so that a page can call it each time it is drawn.
    """
    n_documents = {}
    for name in corpus_names():
        with contextlib.suppress(CorpusNotFound, CorpusDamaged, JournalDamaged):
            manifest = read_manifest(name)
            n_planned = manifest.n_documents
            if not manifest.created:
                n_planned = ShardStore(corpus_folder(name) / manifest.build).n_documents
            n_documents[name] = _documents(manifest, n_planned)
    return n_documents


def _documents(manifest: Manifest, n_planned: int) -> str:
    n = f"{manifest.n_documents:,}"
    return n if manifest.created else f"{n} of {n_planned:,}"


def corpus_status(name: str) -> CorpusStatus:
    """Return the state of a corpus without reading its vectors; CorpusNotFound if it does not exist."""
    folder = corpus_folder(name)
    _check_exists(name)
    size = sum(_size(path) for pattern in ("*", "build-*/*", f"build-*/{WORDS}/*") for path in folder.glob(pattern))
    busy = is_being_built(name)
    try:
        manifest = read_manifest(name)
        n_planned = ShardStore(folder / manifest.build).n_documents
    except CorpusNotFound:
        return CorpusStatus(name, None, "building" if busy else "unfinished", 0, size)
    except (CorpusDamaged, JournalDamaged):
        return CorpusStatus(name, None, "building" if busy else "damaged", 0, size)
    finished: State = "rebuilding" if busy else "complete"
    unfinished: State = "building" if busy else "unfinished"
    words = words_header(folder / manifest.build)
    return CorpusStatus(name, manifest, finished if manifest.created else unfinished, n_planned, size, words)


def _check_exists(name: str) -> None:
    if not is_known(name):
        read_manifest(name)  # raises CorpusNotFound, which lists the corpora


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # a running build removes files
        return 0


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
    if manifest.created and store.documents_done < manifest.n_documents:
        damages.append(Damage(JOURNAL))
    elif manifest.created and (manifest.n_passages, manifest.encoder.dim) != (store.n_passages, store.dim):
        damages.append(Damage("manifest.json"))
    damages += words_damages(store.folder)
    if manifest.rows_sha256 and file_sha256(store.folder / ROWS) != manifest.rows_sha256:
        damages.append(Damage(ROWS))
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
