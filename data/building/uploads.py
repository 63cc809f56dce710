"""Uploaded files, kept so that their corpus can be built again; removed with the last corpus of a file."""

import contextlib
import hashlib
import re
import shutil
import time
from collections.abc import Collection
from pathlib import Path

from exemplar.data.corpus.lock import any_being_built
from exemplar.data.corpus.manifest import build_manifests, corpus_names, read_manifest
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.data.home import home_folder, write_atomically

_DAY = 86_400.0  # seconds
_LONGEST = 150  # bytes of a name; file systems allow 255


def save_upload(name: str, content: bytes | memoryview) -> Path:
    """Keep an uploaded file under a safe form of its name; equal content under the same name is kept once.

    Unless a build is under way, this removes files that were uploaded more than a day ago and that no corpus was built
    from.
    """
    _sweep()
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = _folder() / digest / safe_name(name)
    if not path.is_file() or path.stat().st_size != len(content):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, bytes(content))
    return path


def safe_name(name: str) -> str:
    """Return the last part of a file's name, with only characters that every file system and reader allows."""
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w.() -]+", "_", last).strip(" .") or "upload"
    stem, suffixes = re.fullmatch(r"(.*?)((?:\.\w{1,10}){0,2})", plain, re.DOTALL).groups()  # type: ignore[union-attr]
    return _cut(stem or "upload", _LONGEST) + suffixes


def uploaded_name(source: str) -> str | None:
    """Return the file's name if a corpus's source is an uploaded file, else None."""
    path = Path(source)
    return path.name if _folder() in path.parents else None


def remove_upload(source: str, in_use: Collection[str] = ()) -> None:
    """Remove a source that is an uploaded file, unless a corpus was built from it or ``in_use`` names it."""
    path = Path(source)
    if uploaded_name(source) and not ({str(path)} & {*_corpus_sources(), *in_use}):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another name of the same content is in the folder
            path.parent.rmdir()


def _folder() -> Path:
    return (home_folder() / "uploads").resolve()


def _sweep() -> None:
    if any_being_built():  # a build that still reads has no manifest that names its source
        return
    needed = {Path(source).parent for source in _corpus_sources()}
    for folder in _folder().glob("*"):
        with contextlib.suppress(OSError):
            if folder not in needed and time.time() - folder.stat().st_mtime > _DAY:
                shutil.rmtree(folder)


def _corpus_sources() -> set[str]:
    """Return the sources of all corpora and of their unfinished builds."""
    sources: set[str] = set()
    for name in corpus_names():
        manifests = build_manifests(name)
        with contextlib.suppress(CorpusNotFound, CorpusDamaged):
            manifests.append(read_manifest(name))
        sources |= {spec.source for manifest in manifests for spec in manifest.sources}
    return sources


def _cut(text: str, n_bytes: int) -> str:
    return text.encode()[:n_bytes].decode(errors="ignore")
