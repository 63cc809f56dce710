"""A corpus into a Milvus collection: in batches, resumable, counted."""

import base64
import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.facets import facets_of
from exemplar.data.documents import Document, signed_hash
from exemplar.data.errors import ExemplarError, IndexUnreachable
from exemplar.data.milvus.server import (
    CHOICES,
    COMPLETE,
    MANIFEST,
    MEAN,
    Server,
    answering,
    collection_name,
    manifest_in,
    properties_of,
)

SEGMENT_BYTES = 2**30  # of vectors, by which Milvus splits a collection; each part has an index of its own
INDEX_TYPES = ("FLAT", "IVF_FLAT", "IVF_SQ8", "HNSW", "AUTOINDEX")

_BATCH = 1000  # passages
_BATCH_BYTES = 4_000_000
_IN_FLIGHT = 2 * _BATCH  # passages of which it isn't known whether they arrived
_MOST_BYTES = 65_535  # of a text in Milvus
_MOST_PROPERTY = 60_000  # characters
_SECONDS = 3600.0  # for a call that writes, or builds the index


@dataclass
class Pushed:
    """What was pushed: passages that are there, of them those that were written now, and texts that were cut.

    Attributes
    ----------
    n_cut
        Documents of whose text, or other columns, not all went into Milvus, which takes 65,535 bytes.
    """

    n_passages: int = 0
    n_written: int = 0
    n_cut: int = 0


def push_corpus(
    corpus: Corpus,
    uri: str,
    *,
    index_type: str = "FLAT",
    replace: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pushed:
    """Load a corpus into a collection of its name, and index it; what was interrupted goes on.

    Parameters
    ----------
    uri
        See data.milvus.server.Server; a Milvus Lite file is made if need be.
    index_type
        FLAT is exact; the others are approximate, and faster where there are many.
    replace
        Allow a collection to go that holds something else, or an earlier build of the corpus.
    on_progress
        Called with the number of passages that are there, and of how many.

    Raises
    ------
    ExemplarError
        The corpus is unfinished, the type of index unknown, an id too long, or the collection holds something else.
    IndexUnreachable
        The server does not answer, or refuses.
    """
    if index_type not in INDEX_TYPES:
        raise ExemplarError(f"the type of index is one of {', '.join(INDEX_TYPES)}; got '{index_type}'")
    if not corpus.manifest.created:
        raise ExemplarError(f"the corpus '{corpus.manifest.name}' is unfinished; build it on first")
    return _Push(Server(uri, create=True), corpus, on_progress).run(index_type, replace)


class _Push:
    def __init__(self, server: Server, corpus: Corpus, on_progress: Callable[[int, int], None]) -> None:
        self.client, self.uri, self.corpus, self.tell = server.client, server.uri, corpus, on_progress
        self.name = collection_name(corpus.manifest.name)
        self.pushed = Pushed()

    def run(self, index_type: str, replace: bool) -> Pushed:
        with answering(self.uri):
            if not self._is_there(replace):
                self._create()
            n_there = self._count()
            self._write(n_there)
            self.client.flush(self.name, timeout=_SECONDS)
            self.pushed.n_passages = self._count()
            if self.pushed.n_passages != self.corpus.manifest.n_passages:
                raise IndexUnreachable(
                    f"the collection {self.name} at {self.uri} holds {self.pushed.n_passages:,} passages, not "
                    f"{self.corpus.manifest.n_passages:,}; push with --replace"
                )
            self._index(index_type)
            self.client.alter_collection_properties(self.name, self._properties(), timeout=_SECONDS)
        return self.pushed

    def _is_there(self, replace: bool) -> bool:
        """Whether there is a collection for this very build; one that holds something else goes, if it may."""
        if not self.client.has_collection(self.name, timeout=_SECONDS):
            return False
        properties = properties_of(self.client.describe_collection(self.name, timeout=_SECONDS))
        manifest, own = manifest_in(properties), self.corpus.manifest
        if manifest and (manifest.name, manifest.build) == (own.name, own.build):
            return True
        if not replace:
            what = f"the corpus '{manifest.name}', built {manifest.created}" if manifest else "something else"
            raise ExemplarError(
                f"the collection {self.name} at {self.uri} holds {what}; allow it to be replaced", hint="replace"
            )
        self.client.drop_collection(self.name, timeout=_SECONDS)
        return False

    def _create(self) -> None:
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("passage", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.corpus.manifest.encoder.dim)
        for name in ("document", "number", "n_passages", "start", "end", "text_hash"):
            schema.add_field(name, DataType.INT64)
        schema.add_field("doc_id", DataType.VARCHAR, max_length=_MOST_BYTES)
        schema.add_field("text", DataType.VARCHAR, max_length=_MOST_BYTES, enable_analyzer=True, enable_match=True)
        schema.add_field("label", DataType.VARCHAR, max_length=_MOST_BYTES, nullable=True)
        schema.add_field("metadata", DataType.JSON)
        manifest = json.dumps(self.corpus.manifest.to_json())
        self.client.create_collection(
            self.name, schema=schema, properties={MANIFEST: manifest, COMPLETE: "no"}, timeout=_SECONDS
        )
        self._index("FLAT")  # a collection is not read without an index

    def _count(self) -> int:
        [row] = self.client.query(
            self.name, filter="", output_fields=["count(*)"], consistency_level="Strong", timeout=_SECONDS
        )
        return int(row["count(*)"])

    def _write(self, n_there: int) -> None:
        """Write what is not there: batches go one after another, so what is there is the beginning, but for the last.

        A batch that may have arrived is written over.
        """
        known = max(0, n_there - _IN_FLIGHT) if n_there < self.corpus.manifest.n_passages else n_there
        for batch in _batches(self._entities(known)):
            doubtful = n_there and batch[0]["passage"] < n_there + _IN_FLIGHT
            write = self.client.upsert if doubtful else self.client.insert
            write(self.name, batch, timeout=_SECONDS)
            self.pushed.n_written += len(batch)
            self.tell(batch[-1]["passage"] + 1, self.corpus.manifest.n_passages)

    def _entities(self, first: int) -> Iterator[dict[str, Any]]:
        """Yield the entities from a passage on."""
        corpus = self.corpus
        if first >= len(corpus.passages):
            return
        for row in range(int(corpus.document_rows[first]), corpus.n_documents):
            document, passages = corpus.document(row), corpus.passages_of(row)
            shared = self._shared(row, document, len(passages))
            stretches = _stretches(document.text, [tuple(corpus.passages[each, 1:].tolist()) for each in passages])
            for number, (passage, stretch) in enumerate(zip(passages, stretches, strict=True)):
                if passage >= first:
                    yield shared | {
                        "passage": passage,
                        "vector": corpus.vectors[passage],
                        "number": number,
                        "start": int(corpus.passages[passage, 1]),
                        "end": int(corpus.passages[passage, 2]),
                        "text": stretch,
                    }
            self.pushed.n_cut += "".join(stretches) != document.text or shared["metadata"] != dict(document.metadata)

    def _shared(self, row: int, document: Document, n_passages: int) -> dict[str, Any]:
        """Return what all passages of a document have in common."""
        for name, text in (("id", document.doc_id), ("label", document.label or "")):
            if len(text.encode()) > _MOST_BYTES:
                raise ExemplarError(
                    f"the {name} of the document in row {row} is longer than the {_MOST_BYTES:,} bytes that Milvus "
                    f"takes: '{text[:50]}...'"
                )
        return {
            "document": row,
            "doc_id": document.doc_id,
            "n_passages": n_passages,
            "text_hash": signed_hash(document.text),
            "label": document.label,
            "metadata": _fitting(document.metadata),
        }

    def _index(self, index_type: str) -> None:
        there = self.client.list_indexes(self.name, timeout=_SECONDS)
        if there and self.client.describe_index(self.name, "vector")["index_type"] != index_type:
            self.client.release_collection(self.name, timeout=_SECONDS)
            self.client.drop_index(self.name, "vector", timeout=_SECONDS)
            there = []
        if not there:
            indexes = self.client.prepare_index_params()
            indexes.add_index("vector", index_type=index_type, metric_type="IP", params=self._params(index_type))
            self.client.create_index(self.name, indexes, timeout=_SECONDS)
        self.client.load_collection(self.name, timeout=_SECONDS)

    def _params(self, index_type: str) -> dict[str, int]:
        if index_type == "HNSW":
            return {"M": 16, "efConstruction": 200}
        manifest = self.corpus.manifest
        return {"nlist": n_lists(manifest.n_passages, manifest.encoder.dim)} if index_type.startswith("IVF") else {}

    def _properties(self) -> dict[str, str]:
        mean = self.corpus.vectors.mean(axis=0, dtype=np.float64).astype("<f4")
        choices = facets_of(self.corpus.documents).to_json(_MOST_PROPERTY)
        return {MEAN: base64.b64encode(mean.tobytes()).decode(), CHOICES: choices, COMPLETE: "yes"}


def n_lists(n: int, dim: int) -> int:
    """Return how many lists an IVF index of n passages has: four times the root of what a segment of Milvus holds."""
    of_segment = min(n, SEGMENT_BYTES // (4 * dim))
    return max(1, min(4 * math.isqrt(of_segment), of_segment // 39))  # k-means wants some 39 rows a centre


def _batches(entities: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for entity in entities:
        batch.append(entity)
        size += entity["vector"].nbytes + len(entity["text"]) + len(json.dumps(entity["metadata"]))
        if len(batch) == _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _stretches(text: str, spans: list[tuple[int, int]]) -> list[str]:
    """Return a text in one stretch a passage, from its start to that of the next; together they are the text."""
    starts = [0, *(start for start, _ in spans[1:]), len(text)]
    return [_cut(text[start:end]) for start, end in itertools.pairwise(starts)]


def _cut(text: str) -> str:
    return text.encode()[:_MOST_BYTES].decode(errors="ignore")


def _fitting(metadata: Any) -> dict[str, str]:
    """Return the columns of a document, without the longest ones where they are more than Milvus takes."""
    fitting = dict(metadata)
    while len(json.dumps(fitting).encode()) > _MOST_BYTES:
        del fitting[max(fitting, key=lambda name: len(fitting[name]))]
    return fitting
