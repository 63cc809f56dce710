"""Documents with the same full text: which they are, without reading every text in full."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.documents import text_hash

_SAMPLED = 16  # bytes of a text


class Copies:
    """The documents of a table that have the same full text as others.

    Attributes
    ----------
    first
        ``(n_documents,) int64``: for every document, the row of the first one that has its text.
    """

    def __init__(self, texts: pa.ChunkedArray) -> None:
        self.first = _first_rows(texts)
        copied = np.flatnonzero(np.bincount(self.first)[self.first] > 1)
        self._rows = copied[np.argsort(self.first[copied], kind="stable")]

    def of(self, row: int) -> NDArray[np.intp]:
        """Return the rows of all documents that have the text of a document, ascending; itself included."""
        first = self.first[row]
        start, end = np.searchsorted(self.first[self._rows], (first, first + 1))
        return self._rows[start:end] if end > start else np.array([row], np.intp)


def _first_rows(texts: pa.ChunkedArray) -> NDArray[np.int64]:
    chunks = [_Texts(chunk) for chunk in texts.chunks]
    first = np.arange(len(texts))
    if not first.size:
        return first
    # Few texts share a length and sampled bytes with a text that is not their copy, so hardly more than the copies
    # themselves are hashed.
    fingerprints = np.concatenate([chunk.fingerprints() for chunk in chunks])
    _, inverse, counts = np.unique(fingerprints, return_inverse=True, return_counts=True)
    candidates = np.flatnonzero(counts[inverse] > 1)
    bounds = np.cumsum([0, *(chunk.sizes.size for chunk in chunks)])
    hashes = [
        chunk.hashes(candidates[slice(*np.searchsorted(candidates, (start, end)))] - start)
        for chunk, start, end in zip(chunks, bounds[:-1], bounds[1:], strict=True)
    ]
    _, firsts, inverse = np.unique(np.concatenate(hashes), return_index=True, return_inverse=True)
    first[candidates] = candidates[firsts[inverse]]
    return first


class _Texts:
    """The texts of a chunk as bytes that are not copied."""

    def __init__(self, chunk: pa.LargeStringArray) -> None:
        _, offsets, content = chunk.buffers()
        bounds = np.frombuffer(offsets, np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
        self._starts, self.sizes = bounds[:-1], np.diff(bounds)
        self._buffer = memoryview(content or b"")
        self._content = np.frombuffer(self._buffer, np.uint8)

    def fingerprints(self) -> NDArray[np.uint64]:
        """Return for every text a number that equal texts share: its size and sampled bytes, mixed."""
        mixed = self.sizes.astype(np.uint64)
        for number in range(_SAMPLED if self._content.size else 0):
            places = self._starts + (self.sizes - 1).clip(0) * number // (_SAMPLED - 1)
            sampled = self._content[places.clip(max=self._content.size - 1)]
            mixed = (mixed ^ np.where(self.sizes > 0, sampled, 0).astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        return mixed

    def hashes(self, places: NDArray[np.intp]) -> NDArray[np.uint64]:
        """Return the hashes of the texts at places."""
        bounds = zip(self._starts[places].tolist(), self.sizes[places].tolist(), strict=True)
        return np.array([text_hash(self._buffer[start : start + size]) for start, size in bounds], np.uint64)
