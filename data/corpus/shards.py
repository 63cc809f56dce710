"""The vectors of one build on disk, committed in shards, each by a line in a journal.

::

    <build>/documents.arrow    doc_id, text, label, metadata; one row a document
    <build>/passages.npy       (n_passages, 3) int64: the document's row, start and end in its text
    <build>/vectors.npy        (n_passages, dim) float32
    <build>/journal.jsonl      the plan, then a line for each shard: its documents, its passages, their checksums

A shard is the passages of some consecutive documents, hence a stretch of both arrays. Its rows are on the disk before
its line is, and what lies beyond the last line counts for nothing: a build that was killed at any moment goes on
behind its last line. Every line carries its own checksum, so a torn one is known; one that is damaged later costs no
other shard.
"""

import hashlib
import io
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from exemplar.data.corpus.journal import Shard, good_lines, is_count, line_of, shards_in, without_gaps
from exemplar.data.errors import JournalDamaged
from exemplar.data.home import check_regular, content_of, write_atomically

DOCUMENTS, PASSAGES, VECTORS, JOURNAL = "documents.arrow", "passages.npy", "vectors.npy", "journal.jsonl"

_ARRAYS = (PASSAGES, VECTORS)
_MOST_JOURNAL = 2**31  # bytes, enough for a thousand million documents
_PIECE = 2**24  # bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what was written, and which shard's part of it (None: the file as a whole)."""

    file: str
    shard: Shard | None = None

    def __str__(self) -> str:
        if self.shard is None:
            return self.file
        first, last = self.shard.first_document, self.shard.first_document + self.shard.n_documents - 1
        return f"{self.file}, shard {self.shard.number} (documents {first:,} to {last:,})"


class ShardStore:
    """One build's folder: what it is planned to be, and the shards that have been committed.

    Parameters
    ----------
    folder
        Holds a journal; ``ShardStore.create`` makes one.

    Attributes
    ----------
    plan
        JSON, as it was given to ``create``; holds at least ``dim``, ``n_documents`` and ``documents_sha256``.
    shards
        In order, without a gap.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            lines, self._journal_end = good_lines(content_of(folder / JOURNAL, _MOST_JOURNAL))
            self.plan: dict[str, Any] = lines[0]["plan"]
            self.dim, self.n_documents = self.plan["dim"], self.plan["n_documents"]
            self._documents_sha256 = self.plan["documents_sha256"]
            if not (is_count(self.dim) and is_count(self.n_documents) and isinstance(self._documents_sha256, str)):
                raise ValueError("no plan of a build")
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise JournalDamaged(f"the journal of {folder} can't be read") from error
        self.shards, self._has_more = without_gaps(shards_in(lines[1:]), self.n_documents)

    @classmethod
    def create(cls, folder: Path, plan: dict[str, Any]) -> "ShardStore":
        """Begin a build in a folder that exists, with no shard yet; or mend a journal whose plan was damaged."""
        journal = folder / JOURNAL
        lines, _ = good_lines(content_of(journal, _MOST_JOURNAL) if journal.exists() else b"")
        shards = [asdict(shard) for shard in shards_in(lines)]
        if not shards:
            for file in _ARRAYS:
                (folder / file).unlink(missing_ok=True)  # a reader may have mapped it
                with (folder / file).open("wb") as output:
                    output.write(_header(file, 0, plan["dim"]))
                    _flush(output)
        write_atomically(journal, b"".join(map(line_of, [{"plan": plan}, *shards])))
        return cls(folder)

    @property
    def documents_done(self) -> int:
        """Number of documents whose passages are committed, from the first."""
        return self.shards[-1].first_document + self.shards[-1].n_documents if self.shards else 0

    @property
    def n_passages(self) -> int:
        """Number of passages committed."""
        return self.shards[-1].first_passage + self.shards[-1].n_passages if self.shards else 0

    def arrays(self, n_passages: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the first passages and vectors, memory-mapped and read-only.

        Raises
        ------
        OSError, ValueError
            A file is missing or cut short.
        """
        passages, vectors = (_mapped(self.folder / file, file, n_passages, self.dim) for file in _ARRAYS)
        return passages, vectors

    def commit(self, n_documents: int, passages: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Append a shard: the passages of the next documents and their vectors."""
        self._write(
            Shard(len(self.shards), self.documents_done, n_documents, self.n_passages, len(passages), "", ""),
            passages,
            vectors,
        )

    def repair(self, shard: Shard, passages: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Write a damaged shard anew, in its place; a ValueError says so if it no longer fits there."""
        if len(passages) != shard.n_passages:
            raise ValueError(f"shard {shard.number} had {shard.n_passages} passages and now has {len(passages)}")
        self._write(shard, passages, vectors)

    def _write(self, place: Shard, passages: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        contents = (passages.astype("<i8").tobytes(), vectors.astype("<f4").tobytes())
        for file, content in zip(_ARRAYS, contents, strict=True):
            with (self.folder / file).open("r+b") as output:
                output.seek(_offset(file, place.first_passage, self.dim))
                output.write(content)
                _flush(output)
        of_passages, of_vectors = (hashlib.sha256(content).hexdigest() for content in contents)
        shard = replace(place, passages_sha256=of_passages, vectors_sha256=of_vectors)
        if self.shards[shard.number : shard.number + 1] != [shard]:  # a repair mostly gives what was there
            self._append(shard)
            self.shards[shard.number : shard.number + 1] = [shard]

    def _append(self, shard: Shard) -> None:
        if self._has_more:  # lines of shards that can't be placed; those to come must not mix with them
            self.forget_from(len(self.shards))
        line = line_of(asdict(shard))
        with (self.folder / JOURNAL).open("r+b") as output:
            output.truncate(self._journal_end)  # a line torn by a crash
            output.seek(self._journal_end)
            output.write(line)
            _flush(output)
        self._journal_end += len(line)

    def finish(self) -> None:
        """Make the arrays whole files of their own: their headers say how many rows there are, and none is beyond."""
        for file in _ARRAYS:
            header, size = _header(file, self.n_passages, self.dim), _offset(file, self.n_passages, self.dim)
            with (self.folder / file).open("r+b") as output:
                if output.read(len(header)) != header or output.seek(0, os.SEEK_END) != size:
                    output.seek(0)
                    output.write(header)
                    output.truncate(size)
                    _flush(output)

    def forget_from(self, number: int) -> None:
        """Take back the shards from a number on."""
        journal = b"".join(map(line_of, [{"plan": self.plan}, *map(asdict, self.shards[:number])]))
        write_atomically(self.folder / JOURNAL, journal)
        self._journal_end = len(journal)
        del self.shards[number:]
        self._has_more = False

    def mend_headers(self) -> None:
        """Write the arrays' headers anew, and the files themselves where they are gone."""
        for file in _ARRAYS:
            (self.folder / file).touch()
            with (self.folder / file).open("r+b") as output:
                output.write(_header(file, self.n_passages, self.dim))
                _flush(output)

    def damages(self) -> list[Damage]:
        """Read every file and return what is not as it was committed."""
        found = [Damage(DOCUMENTS)] if file_sha256(self.folder / DOCUMENTS) != self._documents_sha256 else []
        found += [Damage(JOURNAL, shard) for shard in self.shards if not shard.vectors_sha256]
        for file in _ARRAYS:
            found += self._damages_of(file)
        return found

    def _damages_of(self, file: str) -> list[Damage]:
        try:
            check_regular(self.folder / file)
            with (self.folder / file).open("rb") as content:
                headers = (_header(file, 0, self.dim), _header(file, self.n_passages, self.dim))
                if content.read(len(headers[0])) not in headers:
                    return [Damage(file)]
                known = [shard for shard in self.shards if shard.vectors_sha256]
                return [Damage(file, shard) for shard in known if not self._is_whole(content, file, shard)]
        except OSError:
            return [Damage(file)]

    def _is_whole(self, content: BinaryIO, file: str, shard: Shard) -> bool:
        start = _offset(file, shard.first_passage, self.dim)
        end = _offset(file, shard.first_passage + shard.n_passages, self.dim)
        if content.seek(0, os.SEEK_END) < end:
            return False
        content.seek(start)
        digest = hashlib.sha256()
        for at in range(start, end, _PIECE):
            digest.update(content.read(min(_PIECE, end - at)))
        return digest.hexdigest() == (shard.passages_sha256 if file == PASSAGES else shard.vectors_sha256)


def file_sha256(path: Path) -> str | None:
    """Return the SHA-256 of a file, None where it can't be read."""
    try:
        check_regular(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _kind(file: str, dim: int) -> tuple[DTypeLike, int]:
    return ("<i8", 3) if file == PASSAGES else ("<f4", dim)


def _header(file: str, n: int, dim: int) -> bytes:
    """Return the header of an .npy file; NumPy makes it equally long for any number of rows."""
    dtype, width = _kind(file, dim)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (n, width)}
    )
    return header.getvalue()


def _offset(file: str, row: int, dim: int) -> int:
    dtype, width = _kind(file, dim)
    return len(_header(file, 0, dim)) + row * width * np.dtype(dtype).itemsize


def _mapped(path: Path, file: str, n: int, dim: int) -> NDArray[Any]:
    dtype, width = _kind(file, dim)
    if n == 0:
        return np.empty((0, width), dtype)
    check_regular(path)
    if path.stat().st_size < _offset(file, n, dim):
        raise ValueError(f"{path} is cut short")
    # A view of the base class: arithmetic on a memmap makes memmaps.
    return np.memmap(path, dtype, "r", _offset(file, 0, dim), (n, width)).view(np.ndarray)


def _flush(file: BinaryIO) -> None:
    """Wait until what was written is on the disk: the line that names it must not be there before it."""
    file.flush()
    os.fsync(file.fileno())
