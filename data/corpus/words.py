"""The words index of a build: opened if it fits the documents, made again if it does not.

It is derived from the documents, so nothing is lost with it. A build makes it before it embeds; a corpus of an earlier
version gets one when it is first needed.
"""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from exemplar.data.corpus.lock import lock_corpus
from exemplar.data.corpus.manifest import Manifest, corpus_folder
from exemplar.data.corpus.shards import WORDS, Damage, file_sha256
from exemplar.data.errors import ExemplarError
from exemplar.data.text import one_line
from exemplar.data.words.header import HEADER, Header
from exemplar.data.words.index import WordsIndex
from exemplar.data.words.indexing import write_index
from exemplar.data.words.language import recognised_language
from exemplar.data.words.languages import NO_LANGUAGE

_SAMPLE = 400  # documents whose language is recognised
_UNREADABLE = (OSError, EOFError, ValueError, MemoryError, RecursionError, pa.ArrowException)

_logger = logging.getLogger(__name__)

OnProgress = Callable[[int], None]


def words_index(manifest: Manifest, texts: pa.ChunkedArray, on_progress: OnProgress) -> WordsIndex:
    """Return the words index of a corpus's build; make it if it is missing, damaged or of another version.

    It is made in the build's folder, unless another process builds the corpus or the folder can't be written. Then it
    is made in the system's temporary folder, and goes with this process.

    Parameters
    ----------
    texts
        The full texts of all documents.
    on_progress
        Called with the number of documents done so far, if the index is made.

    Raises
    ------
    OSError
        The index can't be written anywhere.
    """
    folder = corpus_folder(manifest.name) / manifest.build
    language = manifest.source.language if manifest.created else None
    if index := _fitting(folder / WORDS, manifest.documents_sha256, language, is_any=not manifest.created):
        return index
    try:
        with lock_corpus(manifest.name):
            return prepare_words(folder, texts, manifest.documents_sha256, language, on_progress)
    except (ExemplarError, OSError) as error:
        _logger.warning("the words of '%s' are indexed in a temporary folder: %s", manifest.name, one_line(error))
        return temporary_words(texts, language, on_progress, manifest.documents_sha256)


def prepare_words(
    folder: Path, texts: pa.ChunkedArray, documents_sha256: str, language: str | None, on_progress: OnProgress
) -> WordsIndex:
    """Return the words index of a build, whose corpus is locked; make it if it does not fit the documents.

    Parameters
    ----------
    folder
        Of the build.
    language
        The choice of a person, as in ``SourceSpec``; None to recognise it.
    """
    if index := _fitting(folder / WORDS, documents_sha256, language):
        return index
    _write(folder / WORDS, texts, documents_sha256, language, on_progress)
    return WordsIndex(folder / WORDS)


def words_header(folder: Path) -> Header | None:
    """Return the header of a build's words index; None if it has none that can be read."""
    try:
        return Header.read(folder / WORDS)
    except _UNREADABLE:
        return None


def words_damages(folder: Path) -> list[Damage]:
    """Read every file of a build's words index and return those that differ from what was written.

    An index that is missing is no damage: it is made when it is needed.
    """
    if not (folder / WORDS).exists():
        return []
    try:
        header = Header.read(folder / WORDS, check_sizes=False)
    except _UNREADABLE:
        return [Damage(f"{WORDS}/{HEADER}")]
    files = header.files.items()
    return [Damage(f"{WORDS}/{file}") for file, (_, sha256) in files if file_sha256(folder / WORDS / file) != sha256]


def sweep_words(folder: Path) -> None:
    """Remove what a killed process left in a build's folder; the corpus is locked."""
    for path in folder.glob(f"{WORDS}.*.tmp"):
        shutil.rmtree(path, ignore_errors=True)


def _fitting(folder: Path, documents_sha256: str, language: str | None, *, is_any: bool = False) -> WordsIndex | None:
    """Return the index in a folder if it is intact and was made from the documents with a choice of language.

    Parameters
    ----------
    is_any
        Take an index with any choice of language: the plan of an unfinished build may have an earlier one.
    """
    if not folder.exists():
        return None
    try:
        index = WordsIndex(folder)
        header = index.header
        for file, (_, sha256) in header.files.items():
            if file_sha256(folder / file) != sha256:
                raise ValueError(f"{file} differs from what was written")
    except _UNREADABLE as error:
        _logger.warning("the words index in %s is made again: %s", folder, one_line(error))
        return None
    fits = header.documents_sha256 == documents_sha256 and (is_any or header.chosen_language == language)
    return index if fits and header.is_current else None


def _write(
    folder: Path, texts: pa.ChunkedArray, documents_sha256: str, language: str | None, on_progress: OnProgress
) -> None:
    chosen = "" if language == NO_LANGUAGE else language
    code = recognised_language(_sample(texts)) if chosen is None else chosen
    is_chosen = language is not None
    write_index(
        _all(texts), folder, code, is_chosen=is_chosen, documents_sha256=documents_sha256, on_progress=on_progress
    )


def temporary_words(
    texts: pa.ChunkedArray, language: str | None, on_progress: OnProgress, documents_sha256: str = ""
) -> WordsIndex:
    """Return an index whose files are removed while they are mapped, so that none stays behind (but on Windows)."""
    with tempfile.TemporaryDirectory(prefix="exemplar-words-", ignore_cleanup_errors=True) as folder:
        _write(Path(folder) / WORDS, texts, documents_sha256, language, on_progress)
        return WordsIndex(Path(folder) / WORDS)


def _all(texts: pa.ChunkedArray) -> Iterator[str]:
    for chunk in texts.chunks:
        for text in chunk:  # one by one: texts may be long
            yield text.as_py()


def _sample(texts: pa.ChunkedArray) -> Iterator[str]:
    rows = np.linspace(0, len(texts) - 1, min(len(texts), _SAMPLE)).astype(np.int64)
    for row in rows.tolist():
        yield texts[row].as_py()
