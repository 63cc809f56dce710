"""Indexing: counts the terms of every document, chunk by chunk, and writes the words index of a build.

A chunk is some documents with about two million words. Its counts, ordered by term, go to a temporary file; when
the number of postings of every term is known, all chunks are merged by counting, some million postings at a time.
"""

import hashlib
import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.words.analysis import Analyser, analysis_version
from exemplar.data.words.characters import raw_words
from exemplar.data.words.counting import CHUNK, MOST_COUNT, MOST_RAW_WORDS, RawWords, ranges
from exemplar.data.words.header import DOCUMENTS, HEADER, K1, LENGTHS, N_WORDS, TERMS, WEIGHTS, B, Header
from exemplar.data.words.index import TERM_SCHEMA, npy_header

_BLOCK = 2**25  # postings that are merged together


def write_index(
    texts: Iterable[str],
    folder: Path,
    language: str,
    *,
    is_chosen: bool,
    documents_sha256: str,
    on_progress: Callable[[int], None] = lambda n: None,
) -> None:
    """Write the words index of texts into a new folder, whose name appears when the index is complete.

    Parameters
    ----------
    texts
        The full texts of all documents, in order.
    language, is_chosen, documents_sha256
        See ``Header``.
    on_progress
        Called with the number of texts done so far.

    Raises
    ------
    OSError
        A file can't be written.
    """
    temporary = folder.with_name(f"{folder.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    temporary.mkdir()
    try:
        with tempfile.TemporaryFile(dir=temporary) as spill:
            counts = _Counts(Analyser(language), spill)
            counts.add(texts, on_progress)
            files = _write_files(counts, temporary)
        n_documents, n_terms = counts.n_documents, len(counts.terms)
        header = Header(analysis_version(), language, is_chosen, n_documents, n_terms, documents_sha256, files)
        _write(temporary / HEADER, header.to_bytes())
        if folder.is_dir():
            shutil.rmtree(folder)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


class _Counts:
    """The counts of all terms in all documents, in chunks on the disk.

    Attributes
    ----------
    n_words
        Of every document, the number of its terms, repeated ones counted.
    document_counts
        ``(n_terms,) int64``, by the number of a term: how many documents have it.
    """

    def __init__(self, analyser: Analyser, spill: IO[bytes]) -> None:
        self._words = RawWords(analyser)
        self._spill = spill
        self.n_documents = 0
        self.n_words: NDArray[np.int32] = np.empty(0, np.int32)
        self.document_counts: NDArray[np.int64] = np.empty(0, np.int64)

    @property
    def terms(self) -> list[str]:
        """The terms by their numbers."""
        return list(self._words.term_numbers)

    def add(self, texts: Iterable[str], on_progress: Callable[[int], None]) -> None:
        """Count the terms of all texts."""
        n_words = [self.n_words]
        words: list[NDArray[np.int32]] = []
        size = done = 0
        number_of = self._words.__getitem__
        for text in texts:
            found = raw_words(text)
            words.append(np.fromiter(map(number_of, found), np.int32, len(found)))
            size += len(found) + 1
            if size >= CHUNK:
                done += len(words)
                n_words.append(self._add_chunk(words))
                words, size = [], 0
                on_progress(done)
        n_words.append(self._add_chunk(words))
        on_progress(done + len(words))
        self.n_words = np.concatenate(n_words)

    def _add_chunk(self, words: list[NDArray[np.int32]]) -> NDArray[np.int32]:
        """Write the counts of the next documents, given as words, ordered by term; return the words of each."""
        n = max(len(words), 1)
        owners = np.repeat(np.arange(len(words)), [len(of_document) for of_document in words])
        n_terms, terms = self._words.terms_of(np.concatenate([*words, np.empty(0, np.int32)]))
        owners = np.repeat(owners, n_terms)
        pairs, counts = np.unique(terms.astype(np.int64) * n + owners, return_counts=True)
        terms, documents = np.divmod(pairs, n)
        starts = np.flatnonzero(np.diff(terms, prepend=-1))
        lengths = np.diff(np.append(starts, len(terms)))
        self._count(terms[starts], lengths)
        documents += self.n_documents
        contents = (terms[starts], np.int32), (lengths, np.int32), (documents, np.int32)
        for content, dtype in (*contents, (np.minimum(counts, MOST_COUNT), np.uint16)):
            np.save(self._spill, content.astype(dtype))
        self.n_documents += len(words)
        if self._words.n_words > MOST_RAW_WORDS:
            self._words.forget()
        return np.bincount(owners, minlength=len(words)).astype(np.int32)

    def _count(self, terms: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        self.document_counts.resize(len(self._words.term_numbers), refcheck=False)  # new terms begin at 0
        self.document_counts[terms] += lengths

    def chunks(self) -> Iterator[tuple[NDArray[np.int32], ...]]:
        """Yield of every chunk its terms, the number of documents of each, these documents, and the counts."""
        end = self._spill.seek(0, io.SEEK_END)
        self._spill.seek(0)
        while self._spill.tell() < end:
            yield tuple(np.load(self._spill, allow_pickle=False) for _ in range(4))


def _write_files(counts: _Counts, folder: Path) -> dict[str, tuple[int, str]]:
    """Write all files but the header; return the size and the SHA-256 of each."""
    terms = counts.terms
    order = np.array(sorted(range(len(terms)), key=terms.__getitem__), np.int64)  # code points sort as UTF-8 does
    df = counts.document_counts
    first: NDArray[np.int64] = np.zeros(len(terms) + 1, np.int64)
    np.cumsum(df[order], out=first[1:])
    starts = np.empty(len(terms), np.int64)  # by the number of a term: its first posting
    starts[order] = first[:-1]
    batch = pa.record_batch([pa.array([terms[n] for n in order], pa.large_string()), first[:-1]], schema=TERM_SCHEMA)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, TERM_SCHEMA) as writer:
        writer.write_batch(batch)
    del terms, order, batch
    files = {TERMS: _write(folder / TERMS, memoryview(sink.getvalue()))}
    n_postings = int(first[-1])
    squares = np.zeros(counts.n_documents)
    with (
        _Output(folder / DOCUMENTS, np.int32, n_postings) as documents,
        _Output(folder / WEIGHTS, np.float16, n_postings) as weights,
    ):
        for low in range(0, n_postings, _BLOCK):
            block = _merged(counts, starts, low, min(low + _BLOCK, n_postings))
            np.add.at(squares, block[0], np.square(block[1], dtype=np.float64))
            documents.write(block[0])
            weights.write(block[1])
    files |= {DOCUMENTS: documents.size_and_sha256, WEIGHTS: weights.size_and_sha256}
    for name, content in ((N_WORDS, counts.n_words), (LENGTHS, np.sqrt(squares).astype(np.float32))):
        with _Output(folder / name, content.dtype, len(content)) as output:
            output.write(content)
        files[name] = output.size_and_sha256
    return files


def _merged(
    counts: _Counts, starts: NDArray[np.int64], low: int, high: int
) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
    """Return the documents and weights of the postings from low to high."""
    df, n = counts.document_counts, counts.n_documents
    idf = np.log1p((n - df + 0.5) / (df + 0.5))
    mean = counts.n_words.mean(dtype=np.float64) if n else 1.0
    norms = K1 * (1 - B + B * counts.n_words / (mean or 1.0))
    documents, weights = np.empty(high - low, np.int32), np.empty(high - low, np.float16)
    next_of = starts.copy()
    for terms, lengths, its_documents, tf in counts.chunks():
        places = ranges(next_of[terms], lengths) - low
        next_of[terms] += lengths
        owners = np.repeat(terms, lengths)
        inside = (places >= 0) & (places < high - low)
        places, owners, its_documents, tf = places[inside], owners[inside], its_documents[inside], tf[inside]
        documents[places] = its_documents
        weights[places] = idf[owners] * tf * (K1 + 1) / (tf + norms[its_documents])
    return documents, weights


class _Output:
    """An .npy file of one dimension, written piece by piece; its SHA-256 is known at the end."""

    def __init__(self, path: Path, dtype: Any, n: int) -> None:
        self._path, self._dtype, self._n = path, np.dtype(dtype), n
        self._digest = hashlib.sha256()
        self.size_and_sha256 = (0, "")

    def __enter__(self) -> "_Output":
        self._file = self._path.open("xb")
        self._put(npy_header(self._dtype, self._n))
        return self

    def write(self, content: NDArray[Any]) -> None:
        """Write the next numbers."""
        self._put(np.ascontiguousarray(content).data.cast("B"))

    def _put(self, content: bytes | memoryview) -> None:
        self._file.write(content)
        self._digest.update(content)

    def __exit__(self, *_: object) -> None:
        with self._file as file:
            file.flush()
            os.fsync(file.fileno())
            self.size_and_sha256 = (file.tell(), self._digest.hexdigest())


def _write(path: Path, content: bytes | memoryview) -> tuple[int, str]:
    """Write a file and wait until it is on the disk; return its size and SHA-256."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return len(content), hashlib.sha256(content).hexdigest()
