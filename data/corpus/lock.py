"""One builder a corpus: a lock that the operating system gives back when its holder dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.errors import CorpusBusy, ExemplarError


def links_in(folder: Path) -> list[Path]:
    """Return the links in a corpus's folder, or the folder itself if it is one."""
    if folder.is_symlink():
        return [folder]
    return [path for pattern in ("*", "build-*/*") for path in folder.glob(pattern) if path.is_symlink()]


@contextmanager
def building(name: str) -> Iterator[Path]:
    """Hold a corpus so that nobody else builds or removes it; give its folder, made if need be.

    Raises
    ------
    CorpusBusy
        Another process holds it.
    ExemplarError
        It is a link or holds one: what is written would end up elsewhere.
    """
    folder = corpus_folder(name)
    if links := links_in(folder):
        told = "remove the corpus (the link goes, not what it leads to) and build it again"
        raise ExemplarError(f"the corpus '{name}' can be searched, but not built: {links[0]} is a link; {told}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / "build.lock", timeout=0.5):  # a look at the state holds it for a moment
            yield folder
    except filelock.Timeout:
        raise CorpusBusy(f"the corpus '{name}' is being built by another process; wait for it") from None


def is_being_built(name: str) -> bool:
    """Whether a process is building a corpus now."""
    path = corpus_folder(name) / "build.lock"
    if not path.exists():
        return False
    try:
        with filelock.FileLock(path, timeout=0.05):  # another may be looking at this very moment
            return False
    except filelock.Timeout:
        return True
    except OSError:  # a folder that may only be read
        return False
