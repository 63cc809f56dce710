"""The long part of a build: documents into passages into vectors, a shard at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from exemplar.data.arrow import read_documents
from exemplar.data.building.known_vectors import EarlierBuild, Prepared
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.journal import Shard
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.encoders.passages import split
from exemplar.data.errors import ExemplarError

# What a killed build has to do again at the most: so many documents, or one of those that are longer.
SHARD, GPU_SHARD = 256, 2048
SHARD_BYTES = 2_000_000


@runtime_checkable
class Embedder(Protocol):
    """Makes passages and vectors of documents, shard after shard: here, or on a cluster."""

    @property
    def info(self) -> EncoderInfo:
        """What identifies its encoders."""

    def embed(
        self, documents: Path, shards: Iterable[Sequence[int]], *, whole: bool, tell: Callable[[int], None]
    ) -> Iterator[list[Prepared]]:
        """Yield, for each shard in order, what its documents became.

        Parameters
        ----------
        documents
            The file with a build's documents.
        shards
            Rows of documents that are to be embedded together; ascending, and there may be none.
        tell
            May be called with the number of the present shard's documents that are done.

        Raises
        ------
        ValueError, RuntimeError
            The documents of the present shard can't be embedded.
        OSError
            There is nothing left to embed by.
        """


@dataclass(frozen=True, slots=True)
class LocalEmbedder:
    """Embeds by an encoder in this process."""

    encoder: Encoder

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""
        return self.encoder.info

    def embed(
        self, documents: Path, shards: Iterable[Sequence[int]], *, whole: bool, tell: Callable[[int], None]
    ) -> Iterator[list[Prepared]]:
        """Yield, for each shard in order, what its documents became; nothing is done ahead."""
        texts = read_documents(documents)["text"]
        for rows in shards:
            yield prepare(texts_at(texts, rows), self.encoder, whole=whole, tell=tell)


@dataclass
class Embedding:
    """What it takes to embed the documents of a store, and how many have been."""

    store: ShardStore
    embedder: Embedder
    whole: bool
    earlier: Sequence[EarlierBuild]
    on_progress: Callable[[Progress], None]
    n_embedded: int = 0
    started: float = field(default_factory=time.monotonic)

    def run(self, damaged: Sequence[Shard]) -> None:
        """Write damaged shards anew, then commit shards until every document has its vectors."""
        documents = read_documents(self.store.folder / DOCUMENTS)
        self._tell(self.store.documents_done)
        anew = [range(shard.first_document, shard.first_document + shard.n_documents) for shard in damaged]
        for shard, (_, passages, vectors) in zip(damaged, self._prepared(documents, anew), strict=True):
            if len(passages) != shard.n_passages:  # its passages are others than they were: what follows moves
                self.store.forget_from(shard.number)
                break
            self.store.repair(shard, passages, vectors)
        for rows, passages, vectors in self._prepared(documents, self._shards_to_come(documents)):
            self.store.commit(len(rows), passages, vectors)
            self._tell(rows.stop)

    def _shards_to_come(self, documents: pa.Table) -> list[range]:
        """Return the rows of each shard that is not committed yet."""
        sizes = pc.binary_length(documents["text"]).to_numpy()
        first, shards = self.store.documents_done, []
        while first < self.store.n_documents:
            shards.append(range(first, first + self._shard_size(sizes[first:])))
            first = shards[-1].stop
        return shards

    def _shard_size(self, sizes: NDArray[np.int64]) -> int:
        """Return how many of the documents to come, of so many bytes each, make a shard."""
        most = SHARD if self.embedder.info.device == "cpu" else GPU_SHARD
        return max(1, int(np.searchsorted(np.cumsum(sizes[:most]), SHARD_BYTES, side="right")))

    def _prepared(
        self, documents: pa.Table, shards: Sequence[range]
    ) -> Iterator[tuple[range, NDArray[np.int64], NDArray[np.float32]]]:
        """Yield each shard with its passages and vectors: those that exist, and the others embedded together."""
        texts = documents["text"]
        asked: deque[Sequence[int]] = deque()  # new rows; an embedder may ask for many shards ahead

        def new() -> Iterator[Sequence[int]]:
            for rows in shards:
                asked.append(self._new(texts, rows))
                yield asked[-1]

        def tell(n: int) -> None:
            self._tell(rows.stop - len(asked[0]) + n, self.n_embedded + n)

        embedded = self.embedder.embed(self.store.folder / DOCUMENTS, new(), whole=self.whole, tell=tell)
        for rows in shards:
            try:
                of_new = next(embedded)
            except (ExemplarError, RuntimeError) as error:  # what torch raises where a device's memory is too small
                what, first = " ".join(str(error).split())[:300], documents["doc_id"][rows.start].as_py()
                raise ExemplarError(f"among the {len(rows)} documents from '{first}' on: {what}") from error
            by_row = dict(zip(asked.popleft(), of_new, strict=True))
            self.n_embedded += len(by_row)
            prepared = [by_row.get(row) or self._find(texts[row].as_py()) for row in rows]
            yield rows, *_as_arrays(rows, [of_it for of_it in prepared if of_it is not None])

    def _new(self, texts: pa.ChunkedArray, rows: range) -> Sequence[int]:
        """Return those of some rows whose texts no earlier build holds."""
        if not self.earlier:
            return rows
        return [row for row, text in zip(rows, texts_at(texts, rows), strict=True) if not self._find(text)]

    def _find(self, text: str) -> Prepared | None:
        return next((found for build in self.earlier if (found := build.find(text))), None)

    def _tell(self, done: int, n_embedded: int | None = None) -> None:
        embedded = self.n_embedded if n_embedded is None else n_embedded
        seconds = time.monotonic() - self.started
        self.on_progress(Progress("embedding", done, self.store.n_documents, embedded, seconds))


def texts_at(texts: pa.ChunkedArray, rows: Sequence[int]) -> list[str]:
    """Return the texts of some rows, ascending and not far apart."""
    if not rows:
        return []
    stretch: list[str] = texts.slice(rows[0], rows[-1] - rows[0] + 1).to_pylist()
    return [stretch[row - rows[0]] for row in rows]


def prepare(texts: list[str], encoder: Encoder, *, whole: bool, tell: Callable[[int], None]) -> list[Prepared]:
    """Return passages and vectors of texts; tell how many of the texts are done."""
    if not texts:
        return []
    spans = [[(0, len(text))] for text in texts] if whole else split(texts, encoder)
    passages = [text[start:end] for text, of_it in zip(texts, spans, strict=True) for start, end in of_it]
    # Passages are embedded by length, so the number of documents is by rule of three.
    vectors = encoder.encode_documents(passages, lambda n: tell(len(texts) * n // len(passages)))
    ends = np.cumsum([len(of_it) for of_it in spans])
    return list(zip(spans, np.split(vectors, ends[:-1]), strict=True))


def damaged_shards(store: ShardStore) -> list[Shard]:
    """Return the shards that are not as they were committed, in order; a file's lost header is mended on the way."""
    damages = [damage for damage in store.damages() if damage.file != DOCUMENTS]
    if any(damage.shard is None for damage in damages):
        store.mend_headers()
        damages = [damage for damage in store.damages() if damage.file != DOCUMENTS]
    return list({damage.shard.number: damage.shard for damage in damages if damage.shard}.values())


def _as_arrays(rows: range, prepared: list[Prepared]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    passages = [(row, start, end) for row, (spans, _) in zip(rows, prepared, strict=True) for start, end in spans]
    return np.array(passages, dtype=np.int64), np.concatenate([vectors for _, vectors in prepared])
