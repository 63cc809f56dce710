"""Files that were uploaded: kept, so that a corpus can be built on later, and gone with the last corpus of them."""

import contextlib
import hashlib
import re
import shutil
import time
from collections.abc import Collection
from pathlib import Path

from exemplar.data.corpus.manifest import builds_of, corpus_names, manifest_of, read_manifest
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.data.home import home_folder, write_atomically

_DAY = 86_400.0  # seconds
_LONGEST = 150  # bytes of a name; no system takes more than 255


def save_upload(name: str, content: bytes | memoryview) -> Path:
    """Keep a file under a name like its own; the same content is kept once under each name.

    What was uploaded more than a day ago and became no corpus goes on the way.
    """
    _sweep()
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = _folder() / digest / safe_name(name)
    if not path.is_file() or path.stat().st_size != len(content):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, bytes(content))
    return path


def safe_name(name: str) -> str:
    """Return a file's name without folders and without what a file system or a reader may stumble over."""
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w.() -]+", "_", last).strip(" .") or "upload"
    stem, suffixes = re.fullmatch(r"(.*?)((?:\.\w{1,10}){0,2})", plain, re.DOTALL).groups()  # type: ignore[union-attr]
    return _cut(stem or "upload", _LONGEST) + suffixes


def uploaded_name(source: str) -> str | None:
    """Return the name of the file if a corpus's source is an uploaded one."""
    path = Path(source)
    return path.name if _folder() in path.parents else None


def remove_upload(source: str, in_use: Collection[str] = ()) -> None:
    """Remove an uploaded file, unless a corpus was built from it or it is in use; do nothing to another source."""
    path = Path(source)
    if uploaded_name(source) and not ({str(path)} & {*_named(), *in_use}):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the same content under another name
            path.parent.rmdir()


def _folder() -> Path:
    return (home_folder() / "uploads").resolve()


def _sweep() -> None:
    named = {Path(source).parent for source in _named()}
    for folder in _folder().glob("*"):
        with contextlib.suppress(OSError):
            if folder not in named and time.time() - folder.stat().st_mtime > _DAY:
                shutil.rmtree(folder)


def _named() -> set[str]:
    """Return the sources of all corpora, and of what is being built of them."""
    sources: set[str] = set()
    for name in corpus_names():
        manifests = [manifest_of(store, name) for store in builds_of(name)]
        with contextlib.suppress(CorpusNotFound, CorpusDamaged):
            manifests.append(read_manifest(name))
        sources |= {manifest.source.source for manifest in manifests}
    return sources


def _cut(text: str, n_bytes: int) -> str:
    return text.encode()[:n_bytes].decode(errors="ignore")
