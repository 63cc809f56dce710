"""The main part of a build: cuts documents into passages and embeds these, shard by shard."""

import functools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from exemplar.data.arrow import read_documents
from exemplar.data.building.known_vectors import EarlierBuild, EmbeddedDocument
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.journal import Shard
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.encoders.base import Encoder, EncoderInfo, Span
from exemplar.data.encoders.passages import split
from exemplar.data.errors import ExemplarError

# A shard ends at either limit; a killed build embeds at most one shard again.
SHARD, GPU_SHARD = 256, 2048  # documents; quick vectors are as quick as a GPU
SHARD_BYTES = 2_000_000  # of text

CutTexts = list[tuple[str, list[Span]]]  # texts, and the spans of their passages


class Embedder(Protocol):
    """Turns documents into passages and vectors, shard after shard: in this process, or on a cluster."""

    @property
    def model(self) -> str:
        """The name of its model; to know it loads nothing."""

    @property
    def info(self) -> EncoderInfo:
        """What identifies its encoders."""

    def embed(
        self, documents: Path, shards: Iterable[Sequence[int]], *, whole: bool, on_progress: Callable[[int], None]
    ) -> Iterator[list[EmbeddedDocument]]:
        """Yield the embedded documents of every shard, in order.

        Parameters
        ----------
        documents
            The Arrow file of a build's documents.
        shards
            The rows of the documents to embed together, ascending; a shard may be empty.
        on_progress
            May be called with the number of documents of the current shard that are done.

        Raises
        ------
        ExemplarError
            The documents of the current shard can't be embedded.
        OSError
            All workers are lost.
        """


@dataclass(frozen=True, slots=True)
class LocalEmbedder:
    """Embeds by an encoder in this process."""

    encoder: Encoder

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.encoder.info.model

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""
        return self.encoder.info

    def embed(
        self, documents: Path, shards: Iterable[Sequence[int]], *, whole: bool, on_progress: Callable[[int], None]
    ) -> Iterator[list[EmbeddedDocument]]:
        """Yield the embedded documents of every shard, in order; a shard is embedded when it is requested.

        The next shard is cut into passages meanwhile.
        """
        texts = read_documents(documents)["text"]

        def cut(rows: Sequence[int]) -> CutTexts:
            return cut_texts(texts_at(texts, rows), self.encoder, whole=whole)

        with ThreadPoolExecutor(1) as ahead:
            waiting: deque[Future[CutTexts]] = deque()
            for rows in shards:
                waiting.append(ahead.submit(cut, rows))
                if len(waiting) > 1:
                    yield embed_passages(waiting.popleft().result(), self.encoder, on_progress)
            if waiting:
                yield embed_passages(waiting.popleft().result(), self.encoder, on_progress)


class LateEmbedder:
    """Embeds by an encoder in this process that is loaded when it is first needed."""

    def __init__(self, model: str, load: Callable[[], Encoder]) -> None:
        self.model, self._load = model, load

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""
        return self._embedder.info

    def embed(
        self, documents: Path, shards: Iterable[Sequence[int]], *, whole: bool, on_progress: Callable[[int], None]
    ) -> Iterator[list[EmbeddedDocument]]:
        """Yield the embedded documents of every shard, in order; a shard is embedded when it is requested."""
        return self._embedder.embed(documents, shards, whole=whole, on_progress=on_progress)

    @functools.cached_property
    def _embedder(self) -> LocalEmbedder:
        return LocalEmbedder(self._load())


@dataclass
class EmbeddingRun:
    """Embeds the documents of a store, except for texts whose vectors an earlier build holds.

    Attributes
    ----------
    n_embedded
        Number of documents embedded so far.
    started
        When the run began, in seconds of the monotonic clock.
    """

    store: ShardStore
    embedder: Embedder
    whole: bool
    earlier: Sequence[EarlierBuild]
    on_progress: Callable[[Progress], None]
    n_embedded: int = 0
    started: float = field(default_factory=time.monotonic)

    def run(self, damaged: Sequence[Shard]) -> None:
        """Repair damaged shards, then commit shards until every document has its vectors."""
        documents = read_documents(self.store.folder / DOCUMENTS)
        self._report(self.store.documents_done, 0)
        rows_to_repair = [range(shard.first_document, shard.first_document + shard.n_documents) for shard in damaged]
        repaired = self._embedded_shards(documents, rows_to_repair)
        for shard, (_, passages, vectors) in zip(damaged, repaired, strict=True):
            if len(passages) != shard.n_passages:  # the following shards move
                self.store.forget_from(shard.number)
                break
            self.store.repair(shard, passages, vectors)
        remaining = shards_of(documents["text"], self.embedder.info, self.store.documents_done)
        for rows, passages, vectors in self._embedded_shards(documents, remaining):
            self.store.commit(len(rows), passages, vectors)
            self._report(rows.stop, 0)

    def _embedded_shards(
        self, documents: pa.Table, shards: Sequence[range]
    ) -> Iterator[tuple[range, NDArray[np.int64], NDArray[np.float32]]]:
        """Yield the rows, passages and vectors of every shard; the new texts of a shard are embedded together."""
        texts = documents["text"]
        pending: deque[Sequence[int]] = deque()  # the new rows of shards; an embedder may take many shards ahead

        def new_rows() -> Iterator[Sequence[int]]:
            for rows in shards:
                pending.append(self._new_rows(texts, rows))
                yield pending[-1]

        def on_progress(n: int) -> None:
            self._report(rows.stop - len(pending[0]) + n, n)

        results = self.embedder.embed(
            self.store.folder / DOCUMENTS, new_rows(), whole=self.whole, on_progress=on_progress
        )
        for rows in shards:
            try:
                embedded = next(results)
            except ExemplarError as error:
                reason, first = " ".join(str(error).split())[:300], documents["doc_id"][rows.start].as_py()
                raise ExemplarError(f"among the {len(rows)} documents from '{first}' on: {reason}") from error
            by_row = dict(zip(pending.popleft(), embedded, strict=True))
            self.n_embedded += len(by_row)
            yield rows, *as_arrays(rows, [by_row.get(row) or self._known(texts[row].as_py()) for row in rows])

    def _new_rows(self, texts: pa.ChunkedArray, rows: range) -> Sequence[int]:
        """Return the rows of the texts that no earlier build holds."""
        if not self.earlier:
            return rows
        return [row for row, text in zip(rows, texts_at(texts, rows), strict=True) if not self._known(text)]

    def _known(self, text: str) -> EmbeddedDocument | None:
        return next((document for build in self.earlier if (document := build.find(text))), None)

    def _report(self, done: int, n_ahead: int) -> None:
        """Report progress; ``n_ahead`` documents of the current shard are embedded beyond those counted."""
        seconds = time.monotonic() - self.started
        stage = stage_of(self.embedder.info)
        self.on_progress(Progress(stage, done, self.store.n_documents, self.n_embedded + n_ahead, seconds))


def stage_of(info: EncoderInfo) -> Literal["quick vectors", "embedding"]:
    """Return the stage of a build in which an encoder embeds."""
    return "quick vectors" if info.kind == "quick" else "embedding"


def shards_of(texts: pa.ChunkedArray, info: EncoderInfo, first: int = 0) -> list[range]:
    """Return the rows of every shard of texts, from a row on, by the sizes of the texts."""
    n_bytes = pc.binary_length(texts).to_numpy()
    most = SHARD if info.device == "cpu" and info.kind != "quick" else GPU_SHARD
    shards = []
    while first < len(n_bytes):
        n_fitting = int(np.searchsorted(np.cumsum(n_bytes[first : first + most]), SHARD_BYTES, side="right"))
        shards.append(range(first, first + max(1, n_fitting)))
        first = shards[-1].stop
    return shards


def texts_at(texts: pa.ChunkedArray, rows: Sequence[int]) -> list[str]:
    """Return the texts at rows, which are ascending and near each other."""
    if not rows:
        return []
    stretch: list[str] = texts.slice(rows[0], rows[-1] - rows[0] + 1).to_pylist()
    return [stretch[row - rows[0]] for row in rows]


def cut_texts(texts: list[str], encoder: Encoder, *, whole: bool) -> CutTexts:
    """Return texts with the spans of their passages; with ``whole`` a text is one."""
    spans = [[(0, len(text))] for text in texts] if whole else split(texts, encoder)
    return list(zip(texts, spans, strict=True))


def embed_passages(texts: CutTexts, encoder: Encoder, on_progress: Callable[[int], None]) -> list[EmbeddedDocument]:
    """Return the passages and vectors of every text; ``on_progress`` gets the number of texts done so far."""
    if not texts:
        return []
    passages = [text[start:end] for text, spans in texts for start, end in spans]
    # The encoder sorts passages by length, so the number of finished documents is an estimate.
    vectors = encoder.encode_documents(passages, lambda n: on_progress(len(texts) * n // len(passages)))
    ends = np.cumsum([len(spans) for _, spans in texts])
    return [(spans, rows) for (_, spans), rows in zip(texts, np.split(vectors, ends[:-1]), strict=True)]


def damaged_shards(store: ShardStore) -> list[Shard]:
    """Return the shards that differ from what was committed, in order, after restoring the headers of their files."""
    damages = store.shard_damages()
    if any(damage.shard is None for damage in damages):
        store.rewrite_headers()
        damages = store.shard_damages()
    by_number = {damage.shard.number: damage.shard for damage in damages if damage.shard}
    return [by_number[number] for number in sorted(by_number)]


def as_arrays(
    rows: range, documents: Sequence[EmbeddedDocument | None]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the passages of the documents at rows as ``(n_passages, 3) int64``, and their vectors."""
    complete = [document for document in documents if document]
    passages = [(row, start, end) for row, (spans, _) in zip(rows, complete, strict=True) for start, end in spans]
    return np.array(passages, dtype=np.int64), np.concatenate([vectors for _, vectors in complete])
