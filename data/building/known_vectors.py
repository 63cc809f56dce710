"""The vectors of earlier builds, which a new build with the same settings reuses."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.arrow import read_documents
from exemplar.data.building.known_ids import text_hashes
from exemplar.data.corpus.manifest import manifest_of
from exemplar.data.corpus.shards import DOCUMENTS, ShardStore
from exemplar.data.documents import text_hash
from exemplar.data.encoders.base import Span

EmbeddedDocument = tuple[list[Span], NDArray[np.float32]]  # the spans of its passages, and a vector for every passage


class EarlierBuild:
    """The undamaged committed documents of a build, looked up by their text.

    Raises
    ------
    OSError, ValueError, pyarrow.ArrowException
        A file of the build can't be read.
    """

    def __init__(self, store: ShardStore) -> None:
        damages = store.shard_damages()
        if any(damage.shard is None for damage in damages):
            raise ValueError(f"a file of {store.folder} can't be read")
        damaged = {damage.shard.number for damage in damages if damage.shard}
        intact = [shard for shard in store.shards if shard.number not in damaged]
        self._passages, self._vectors = store.arrays(store.n_passages)
        self._first_passages = np.searchsorted(self._passages[:, 0], np.arange(store.documents_done + 1))
        self._texts = read_documents(store.folder / DOCUMENTS)["text"]
        rows = [np.arange(shard.first_document, shard.first_document + shard.n_documents) for shard in intact]
        self._rows = np.concatenate(rows or [np.empty(0, dtype=np.int64)])
        hashes = np.frombuffer(text_hashes(self._texts), dtype=np.uint64)[self._rows]
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._rows = hashes[order], self._rows[order]

    def find(self, text: str) -> EmbeddedDocument | None:
        """Return the passages and vectors of a text; None if the build has no such text."""
        content = text.encode()
        first = int(np.searchsorted(self._hashes, np.uint64(text_hash(content))))
        if first == len(self._hashes) or self._texts[int(self._rows[first])].as_buffer().to_pybytes() != content:
            return None
        row = int(self._rows[first])
        start, end = self._first_passages[row : row + 2]
        spans = [(int(a), int(b)) for a, b in self._passages[start:end, 1:]]
        return spans, self._vectors[start:end]


def earlier_builds(stores: Iterable[ShardStore], preparation: dict[str, object]) -> list[EarlierBuild]:
    """Open the readable builds that were made with a preparation (``Manifest.preparation``)."""
    builds = []
    for store in stores:
        if store.shards and manifest_of(store, "").preparation == preparation:
            try:
                builds.append(EarlierBuild(store))
            except (OSError, ValueError, pa.ArrowException):  # missing or damaged: its texts are embedded again
                continue
    return builds
