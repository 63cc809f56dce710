"""The long part of a build: documents into passages into vectors, a shard at a time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.corpus import read_documents
from data.encoder import Encoder
from data.passages import split
from data.reuse import EarlierBuild, Prepared
from data.shards import DOCUMENTS, Shard, ShardStore

# What a killed build has to do again at the most: so many documents, or one of those that are longer.
SHARD, GPU_SHARD = 256, 2048
SHARD_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build has come.

    Attributes
    ----------
    done, total
        Documents read, or with vectors; the total is None while they are being read.
    embedded
        Documents embedded by this run; the others' vectors were there.
    seconds
        Since the stage began.
    """

    stage: Literal["reading", "embedding"]
    done: int
    total: int | None = None
    embedded: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Documents embedded a second; 0 before the first."""
        return self.embedded / self.seconds if self.embedded and self.seconds else 0.0

    @property
    def speed(self) -> str:
        """Return rate and estimate for people: ``88 documents/s, 4 min left``; empty before there is a rate."""
        if not self.rate or self.total is None:
            return ""
        left = round((self.total - self.done) / self.rate)  # as if all that is left had to be embedded
        in_words = f"{left} s" if left < 90 else f"{left / 60:.0f} min" if left < 5400 else f"{left / 3600:.1f} h"
        return f"{self.rate:.0f} documents/s, {in_words} left"


@dataclass
class Embedding:
    """What it takes to embed the documents of a store, and how many have been."""

    store: ShardStore
    encoder: Encoder
    whole: bool
    earlier: Sequence[EarlierBuild]
    on_progress: Callable[[Progress], None]
    n_embedded: int = 0
    started: float = field(default_factory=time.monotonic)

    def run(self, damaged: Sequence[Shard]) -> None:
        """Write damaged shards anew, then commit shards until every document has its vectors."""
        documents = read_documents(self.store.folder / DOCUMENTS)
        self._tell(self.store.documents_done)
        for shard in damaged:
            prepared = self._prepare(documents, range(shard.first_document, shard.first_document + shard.n_documents))
            if len(prepared[0]) != shard.n_passages:  # its passages are others than they were: what follows moves
                self.store.forget_from(shard.number)
                break
            self.store.repair(shard, *prepared)
        sizes = pc.binary_length(documents["text"]).to_numpy()
        while (first := self.store.documents_done) < self.store.n_documents:
            rows = range(first, first + self._shard_size(sizes[first:]))
            self.store.commit(len(rows), *self._prepare(documents, rows))
            self._tell(rows.stop)

    def _shard_size(self, sizes: NDArray[np.int64]) -> int:
        """Return how many of the documents to come, of so many bytes each, make a shard."""
        most = SHARD if self.encoder.device == "cpu" else GPU_SHARD
        return max(1, int(np.searchsorted(np.cumsum(sizes[:most]), SHARD_BYTES, side="right")))

    def _prepare(self, documents: pa.Table, rows: range) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return passages and vectors of some documents: those that exist, and the others embedded together."""
        texts: list[str] = documents["text"].slice(rows.start, len(rows)).to_pylist()
        prepared = [self._find(text) for text in texts]
        new = [place for place, found in enumerate(prepared) if found is None]
        first_id = documents["doc_id"][rows.start].as_py()
        try:
            embedded = self._embed([texts[place] for place in new], rows)
        except (ValueError, RuntimeError) as error:  # what torch raises where a device's memory is too small
            what = " ".join(str(error).split())[:300]
            raise ValueError(f"among the {len(rows)} documents from '{first_id}' on: {what}") from error
        for place, of_it in zip(new, embedded, strict=True):
            prepared[place] = of_it
        self.n_embedded += len(new)
        return _as_arrays(rows, [of_it for of_it in prepared if of_it is not None])

    def _find(self, text: str) -> Prepared | None:
        return next((found for build in self.earlier if (found := build.find(text))), None)

    def _embed(self, texts: list[str], rows: range) -> list[Prepared]:
        if not texts:
            return []
        spans = [[(0, len(text))] for text in texts] if self.whole else split(texts, self.encoder)
        passages = [text[start:end] for text, of_it in zip(texts, spans, strict=True) for start, end in of_it]

        def tell(n_passages: int) -> None:
            n = len(texts) * n_passages // len(passages)  # passages are embedded by length, so this is by rule of three
            self._tell(rows.stop - len(texts) + n, self.n_embedded + n)

        vectors = self.encoder.encode_documents(passages, tell)
        ends = np.cumsum([len(of_it) for of_it in spans])
        return list(zip(spans, np.split(vectors, ends[:-1]), strict=True))

    def _tell(self, done: int, n_embedded: int | None = None) -> None:
        embedded = self.n_embedded if n_embedded is None else n_embedded
        seconds = time.monotonic() - self.started
        self.on_progress(Progress("embedding", done, self.store.n_documents, embedded, seconds))


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
