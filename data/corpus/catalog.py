"""What corpora there are, how they stand on the disk, whether they are whole, and how one goes."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exemplar.data.corpus.lock import building, is_being_built, links_in
from exemplar.data.corpus.manifest import Manifest, corpus_folder, corpus_names, is_known, read_manifest
from exemplar.data.corpus.shards import JOURNAL, Damage, ShardStore
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, JournalDamaged

State = Literal["complete", "rebuilding", "building", "unfinished", "damaged"]


@dataclass(frozen=True, slots=True)
class CorpusStatus:
    """A corpus as it stands on the disk.

    Attributes
    ----------
    manifest
        None where nothing is committed yet, or the manifest can't be read.
    n_planned
        Documents that there will be when it is finished; 0 where that isn't known.
    size
        Bytes on the disk.
    """

    name: str
    manifest: Manifest | None
    state: State
    n_planned: int
    size: int

    @property
    def documents(self) -> str:
        """Return how many documents there are, for people; and of how many while it is unfinished."""
        if self.manifest is None:
            return "no"
        return _documents(self.manifest, self.n_planned)


def list_corpora() -> list[CorpusStatus]:
    """Return how all corpora stand, by name."""
    found = []
    for name in corpus_names():
        with contextlib.suppress(CorpusNotFound):  # removed meanwhile
            found.append(corpus_status(name))
    return found


def searchable_corpora() -> dict[str, str]:
    """Return the corpora that can be searched, by name, with how many documents each has, for people.

    What takes a look at every file is left out, so that a page can ask each time it is drawn.
    """
    found = {}
    for name in corpus_names():
        with contextlib.suppress(CorpusNotFound, CorpusDamaged, JournalDamaged):
            manifest = read_manifest(name)
            planned = manifest.n_documents
            if not manifest.created:
                planned = ShardStore(corpus_folder(name) / manifest.build).n_documents
            found[name] = _documents(manifest, planned)
    return found


def _documents(manifest: Manifest, n_planned: int) -> str:
    n = f"{manifest.n_documents:,}"
    return n if manifest.created else f"{n} of {n_planned:,}"


def corpus_status(name: str) -> CorpusStatus:
    """Return how a corpus stands, without reading its vectors; CorpusNotFound if there is nothing of that name."""
    folder = corpus_folder(name)
    if not is_known(name):
        read_manifest(name)  # says what there is
    size = sum(map(_size, (*folder.glob("*"), *folder.glob("build-*/*"))))
    busy = is_being_built(name)
    try:
        manifest = read_manifest(name)
        planned = ShardStore(folder / manifest.build).n_documents
    except CorpusNotFound:
        return CorpusStatus(name, None, "building" if busy else "unfinished", 0, size)
    except (CorpusDamaged, JournalDamaged):
        return CorpusStatus(name, None, "building" if busy else "damaged", 0, size)
    finished: State = "rebuilding" if busy else "complete"
    begun: State = "building" if busy else "unfinished"
    return CorpusStatus(name, manifest, finished if manifest.created else begun, planned, size)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # a build that goes on removes files
        return 0


def verify_corpus(name: str) -> list[Damage]:
    """Read every file of a corpus and return what is not as it was committed.

    Raises
    ------
    CorpusNotFound
        There is no corpus of that name.
    CorpusDamaged
        Its manifest or journal can't be read, so that nothing is known of the rest.
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
    return damages


def remove_corpus(name: str) -> None:
    """Remove a corpus and all of its files, of links the links alone; marks that were made on it stay in the sessions.

    Raises
    ------
    CorpusNotFound
        There is no corpus of that name.
    CorpusBusy
        It is being built.
    """
    if not is_known(name):
        read_manifest(name)  # says what there is
    links = links_in(corpus_folder(name))
    for link in links:  # nobody builds where there are any
        link.unlink()
    if corpus_folder(name) in links:
        return
    with building(name) as folder:
        for path in (folder / "manifest.json", *folder.glob("build-*")):  # first, so that nobody opens what is going
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)  # with the lock held, so that no other builder loses its own
