"""The passages and vectors of one build on disk, committed in shards through a journal.

::

    <build>/documents.arrow    see data/arrow.py; one row a document
    <build>/rows.parquet       see source_rows.py; one row a row of the source
    <build>/arrivals.npy       see arrivals.py; when each document came
    <build>/words              see data/words; made of the documents alone
    <build>/passages.npy       (n_passages, 3) int64: the document's row, start and end in its text
    <build>/vectors.npy        (n_passages, dim) float32
    <build>/journal.jsonl      the plan, then one line a shard: its documents, its passages, their checksums

A shard holds the passages of consecutive documents, and so consecutive rows of both arrays. Its rows reach the disk
before its line does, and readers ignore rows beyond the last line: a build that is killed at any moment resumes after
its last line. Every line has a checksum, which reveals an incomplete or damaged line; the other lines stay valid.
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

DOCUMENTS, WORDS = "documents.arrow", "words"
PASSAGES, VECTORS, JOURNAL = "passages.npy", "vectors.npy", "journal.jsonl"

_ARRAYS = (PASSAGES, VECTORS)
_MOST_JOURNAL = 2**31  # bytes, enough for a thousand million documents
_PIECE = 2**24  # bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that differs from what was written, in the part of ``shard``; None if all of it may differ."""

    file: str
    shard: Shard | None = None

    def __str__(self) -> str:
        if self.shard is None:
            return self.file
        first, last = self.shard.first_document, self.shard.first_document + self.shard.n_documents - 1
        return f"{self.file}, shard {self.shard.number} (documents {first:,} to {last:,})"


class ShardStore:
    """The folder of one build: its plan and its committed shards.

    Parameters
    ----------
    folder
        Contains a journal, which ``ShardStore.create`` writes.

    Attributes
    ----------
    plan
        The JSON that ``create`` wrote, with at least ``dim``, ``n_documents`` and ``documents_sha256``.
    shards
        In order, without a gap.

    Raises
    ------
    JournalDamaged
        The plan can't be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            lines, self._journal_end = good_lines(content_of(folder / JOURNAL, _MOST_JOURNAL))
            self.plan: dict[str, Any] = lines[0]["plan"]
            self.dim, self.n_documents = self.plan["dim"], self.plan["n_documents"]
            self._documents_sha256 = self.plan["documents_sha256"]
            if not (is_count(self.dim) and is_count(self.n_documents) and isinstance(self._documents_sha256, str)):
                raise ValueError("not the plan of a build")
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise JournalDamaged(f"the journal of {folder} can't be read") from error
        self.shards, self._has_more = without_gaps(shards_in(lines[1:]), self.n_documents)

    @classmethod
    def create(cls, folder: Path, plan: dict[str, Any]) -> "ShardStore":
        """Begin a build without shards in an existing folder, or write the plan of a damaged journal again."""
        journal = folder / JOURNAL
        lines, _ = good_lines(content_of(journal, _MOST_JOURNAL) if journal.exists() else b"")
        shards = [asdict(shard) for shard in shards_in(lines)]
        if not shards:
            for file in _ARRAYS:
                (folder / file).unlink(missing_ok=True)  # truncating it would break readers that map it
                with (folder / file).open("wb") as output:
                    output.write(_header(file, 0, plan["dim"]))
                    _flush(output)
        write_atomically(journal, b"".join(map(line_of, [{"plan": plan}, *shards])))
        return cls(folder)

    @property
    def documents_done(self) -> int:
        """Number of documents with committed passages; these are the first ones."""
        return self.shards[-1].first_document + self.shards[-1].n_documents if self.shards else 0

    @property
    def is_complete(self) -> bool:
        """Whether all documents are committed."""
        return self.documents_done == int(self.n_documents)

    @property
    def n_passages(self) -> int:
        """Number of committed passages."""
        return self.shards[-1].first_passage + self.shards[-1].n_passages if self.shards else 0

    def arrays(self, n_passages: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the first passages and vectors, memory-mapped and read-only.

        Returns
        -------
        passages
            ``(n_passages, 3) int64``: the document's row, start and end in its text.
        vectors
            ``(n_passages, dim) float32``.

        Raises
        ------
        OSError, ValueError
            A file is missing or too short.
        """
        passages, vectors = (_mapped(self.folder / file, file, n_passages, self.dim) for file in _ARRAYS)
        return passages, vectors

    def commit(self, n_documents: int, passages: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Append the passages and vectors of the next documents as a shard."""
        self._write(
            Shard(len(self.shards), self.documents_done, n_documents, self.n_passages, len(passages), "", ""),
            passages,
            vectors,
        )

    def repair(self, shard: Shard, passages: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Overwrite a damaged shard; ValueError if the number of its passages has changed."""
        if len(passages) != shard.n_passages:
            raise ValueError(f"shard {shard.number} had {shard.n_passages} passages and now has {len(passages)}")
        self._write(shard, passages, vectors)

    def _write(self, shard: Shard, passages: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        contents = (passages.astype("<i8").tobytes(), vectors.astype("<f4").tobytes())
        for file, content in zip(_ARRAYS, contents, strict=True):
            with (self.folder / file).open("r+b") as output:
                output.seek(_offset(file, shard.first_passage, self.dim))
                output.write(content)
                _flush(output)
        of_passages, of_vectors = (hashlib.sha256(content).hexdigest() for content in contents)
        shard = replace(shard, passages_sha256=of_passages, vectors_sha256=of_vectors)
        if self.shards[shard.number : shard.number + 1] != [shard]:  # a repair mostly restores the same bytes
            self._append(shard)
            self.shards[shard.number : shard.number + 1] = [shard]

    def _append(self, shard: Shard) -> None:
        if self._has_more:  # lines beyond a gap: new lines must not follow them
            self.forget_from(len(self.shards))
        line = line_of(asdict(shard))
        with (self.folder / JOURNAL).open("r+b") as output:
            output.truncate(self._journal_end)  # removes a line that a crash left incomplete
            output.seek(self._journal_end)
            output.write(line)
            _flush(output)
        self._journal_end += len(line)

    def finish(self) -> None:
        """Write the number of rows into the headers of both arrays, and cut off what follows the last row."""
        for file in _ARRAYS:
            header, size = _header(file, self.n_passages, self.dim), _offset(file, self.n_passages, self.dim)
            with (self.folder / file).open("r+b") as output:
                if output.read(len(header)) != header or output.seek(0, os.SEEK_END) != size:
                    output.seek(0)
                    output.write(header)
                    output.truncate(size)
                    _flush(output)

    def forget_from(self, number: int) -> None:
        """Remove the shards from a number on from the journal."""
        journal = b"".join(map(line_of, [{"plan": self.plan}, *map(asdict, self.shards[:number])]))
        write_atomically(self.folder / JOURNAL, journal)
        self._journal_end = len(journal)
        del self.shards[number:]
        self._has_more = False

    def rewrite_headers(self) -> None:
        """Write the headers of both arrays again, and create an array's file if it is missing."""
        for file in _ARRAYS:
            (self.folder / file).touch()
            with (self.folder / file).open("r+b") as output:
                output.write(_header(file, self.n_passages, self.dim))
                _flush(output)

    def damages(self) -> list[Damage]:
        """Read every file and return the parts that differ from what was committed."""
        damages = [Damage(DOCUMENTS)] if file_sha256(self.folder / DOCUMENTS) != self._documents_sha256 else []
        return damages + self.shard_damages()

    def shard_damages(self) -> list[Damage]:
        """Return the damages of the journal and of the arrays."""
        damages = [Damage(JOURNAL, shard) for shard in self.shards if not shard.vectors_sha256]
        for file in _ARRAYS:
            damages += self._damages_of(file)
        return damages

    def _damages_of(self, file: str) -> list[Damage]:
        try:
            check_regular(self.folder / file)
            with (self.folder / file).open("rb") as content:
                headers = (_header(file, 0, self.dim), _header(file, self.n_passages, self.dim))
                if content.read(len(headers[0])) not in headers:
                    return [Damage(file)]
                checkable = [shard for shard in self.shards if shard.vectors_sha256]
                return [Damage(file, shard) for shard in checkable if not self._is_intact(content, file, shard)]
        except OSError:
            return [Damage(file)]

    def _is_intact(self, content: BinaryIO, file: str, shard: Shard) -> bool:
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
    """Return the SHA-256 of a file as hexadecimal digits; None if it can't be read."""
    try:
        check_regular(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _layout(file: str, dim: int) -> tuple[DTypeLike, int]:
    return ("<i8", 3) if file == PASSAGES else ("<f4", dim)


def _header(file: str, n: int, dim: int) -> bytes:
    """Return the header of an .npy file with n rows; NumPy gives it the same length for every n."""
    dtype, width = _layout(file, dim)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (n, width)}
    )
    return header.getvalue()


def _offset(file: str, row: int, dim: int) -> int:
    dtype, width = _layout(file, dim)
    return len(_header(file, 0, dim)) + row * width * np.dtype(dtype).itemsize


def _mapped(path: Path, file: str, n: int, dim: int) -> NDArray[Any]:
    dtype, width = _layout(file, dim)
    if n == 0:
        return np.empty((0, width), dtype)
    check_regular(path)
    if path.stat().st_size < _offset(file, n, dim):
        raise ValueError(f"{path} is too short for {n:,} rows")
    # A view of the base class, because arithmetic on a memmap returns memmaps.
    return np.memmap(path, dtype, "r", _offset(file, 0, dim), (n, width)).view(np.ndarray)


def _flush(file: BinaryIO) -> None:
    """Wait until a file's content is on the disk, so that no journal line precedes the rows it describes."""
    file.flush()
    os.fsync(file.fileno())
