"""The lock that lets one process build a corpus, and the line that says how far that process has come.

The operating system releases the lock when the process dies.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import filelock

from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.errors import CorpusBusy, ExemplarError
from exemplar.data.home import content_of, home_folder

PROGRESS = "progress.json"

_LOCK = "build.lock"
_MOST_BYTES = 2**12  # of the line's file
_LONGEST = 100  # characters


def links_in(folder: Path) -> list[Path]:
    """Return the links in a corpus's folder, or the folder itself if it is one."""
    if folder.is_symlink():
        return [folder]
    return [
        path for pattern in ("*", "build-*/*", "build-*/words/*") for path in folder.glob(pattern) if path.is_symlink()
    ]


@contextlib.contextmanager
def lock_corpus(name: str) -> Iterator[Path]:
    """Yield the folder of a corpus, created if necessary; no other process builds or removes the corpus meanwhile.

    Raises
    ------
    CorpusBusy
        Another process holds the lock.
    ExemplarError
        The folder is a link or contains one, so that files would be written elsewhere.
    """
    folder = corpus_folder(name)
    if links := links_in(folder):
        remedy = "remove the corpus (the link goes, not what it leads to) and build it again"
        raise ExemplarError(f"the corpus '{name}' can be searched, but not built: {links[0]} is a link; {remedy}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / _LOCK, timeout=0.5):  # is_being_built holds it for a moment
            yield folder
    except filelock.Timeout:
        raise CorpusBusy(f"the corpus '{name}' is being built by another process; wait for it") from None


def is_being_built(name: str) -> bool:
    """Return whether a process is building a corpus now."""
    return _is_held(corpus_folder(name) / _LOCK)


def any_being_built() -> bool:
    """Return whether a process is building any corpus now, be it one of which nothing is written yet."""
    return any(map(_is_held, (home_folder() / "corpora").glob(f"*/{_LOCK}")))


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with filelock.FileLock(path, timeout=0.05):  # another process may be checking, too
            return False
    except filelock.Timeout:
        return True
    except OSError:  # a read-only folder
        return False


def write_progress(folder: Path, in_words: str) -> None:
    """Write a line for people into a corpus's folder; whoever can't read it shows none."""
    temporary = folder / f"{PROGRESS}.tmp"
    with contextlib.suppress(OSError):  # it matters too little to end a build
        temporary.write_text(json.dumps({"progress": in_words}))
        os.replace(temporary, folder / PROGRESS)


def read_progress(name: str) -> str:
    """Return the line that the process has written that builds a corpus now; empty if there is none."""
    try:
        content = json.loads(content_of(corpus_folder(name) / PROGRESS, _MOST_BYTES))
        return str(content["progress"])[:_LONGEST]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""
