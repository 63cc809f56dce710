"""Copies a corpus into a Milvus collection in batches; an interrupted push resumes."""

import base64
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.arrivals import UNKNOWN
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.facets import facets_of
from exemplar.data.corpus.filters import folded
from exemplar.data.documents import Document, signed_hash
from exemplar.data.errors import ExemplarError, IndexUnreachable
from exemplar.data.milvus.server import (
    ARRIVED,
    CHOICES,
    COMPLETE,
    MANIFEST,
    MEAN,
    Server,
    collection_name,
    manifest_in,
    properties_of,
    translated_errors,
)
from exemplar.data.milvus.words import WORDS, WordsFacts, push_terms, term_weights, terms_collection

SEGMENT_BYTES = 2**30  # of vectors; Milvus splits a collection into segments, and every segment has its own index
INDEX_TYPES = ("FLAT", "IVF_FLAT", "IVF_SQ8", "HNSW", "AUTOINDEX")

_BATCH = 1000  # passages
_BATCH_BYTES = 4_000_000
_IN_FLIGHT = 2 * _BATCH  # passages that may or may not have arrived when a push was interrupted
_MOST_BYTES = 65_535  # of a text in Milvus
_BULKY = ("text", "words", "metadata")  # fields that decide the size of an entity, besides its vector
_MOST_LABELS = 4096  # of a document
_MOST_PROPERTY = 60_000  # characters of a property
_SECONDS = 3600.0  # timeout of a call that writes or builds the index


@dataclass
class PushResult:
    """The result of a push.

    Attributes
    ----------
    n_passages
        Number of passages in the collection.
    n_written
        Number of passages that this push wrote.
    n_cut
        Number of documents whose text or other columns were shortened to the 65,535 bytes that Milvus takes.
    has_words
        False if an earlier version wrote the collection, so that rankings use vectors alone.
    """

    n_passages: int = 0
    n_written: int = 0
    n_cut: int = 0
    has_words: bool = True


def push_corpus(
    corpus: Corpus,
    uri: str,
    *,
    index_type: str = "FLAT",
    replace: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> PushResult:
    """Write a corpus into the collection of its name and index it, or resume an interrupted push.

    Parameters
    ----------
    uri
        As for ``Server``; a Milvus Lite file is created if it does not exist.
    index_type
        FLAT is exact; the others are approximate, and faster for large corpora.
    replace
        Allow the push to replace a collection that holds something else, or an earlier build of the corpus, or this
        build with other words, as an earlier version wrote it.
    on_progress
        Called with the number of passages in the collection, and with the number of all passages.

    Raises
    ------
    ExemplarError
        The corpus is unfinished, ``index_type`` is unknown, an id is too long, or the collection holds something else.
    IndexUnreachable
        The server does not answer, or refuses a call.
    """
    if index_type not in INDEX_TYPES:
        raise ExemplarError(f"the type of index is one of {', '.join(INDEX_TYPES)}; got '{index_type}'")
    if not corpus.manifest.created:
        raise ExemplarError(f"the corpus '{corpus.manifest.name}' is unfinished; build it on first")
    return _Pusher(Server(uri, create=True), corpus, on_progress).run(index_type, replace)


class _Pusher:
    """Pushes one corpus."""

    def __init__(self, server: Server, corpus: Corpus, on_progress: Callable[[int, int], None]) -> None:
        self.client, self.uri, self.corpus, self.on_progress = server.client, server.uri, corpus, on_progress
        self.name = collection_name(corpus.manifest.name)
        self.facts = WordsFacts.of(corpus)
        self.result = PushResult()
        self.arrivals: NDArray[np.int64] | None = _arrivals(corpus)

    def run(self, index_type: str, replace: bool) -> PushResult:
        n_passages = self.corpus.manifest.n_passages
        with translated_errors(self.uri):
            if not self._has_collection(replace):
                self._create()
            elif not self._keeps_times():
                self.arrivals = None
            self._write(self._count())
            self.client.flush(self.name, timeout=_SECONDS)
            self.result.n_passages = self._count()
            if self.result.n_passages != n_passages:
                raise IndexUnreachable(
                    f"the collection {self.name} at {self.uri} holds {self.result.n_passages:,} passages, not "
                    f"{n_passages:,}; push with --replace"
                )
            self._index(index_type)
            if self.result.has_words:
                push_terms(self.client, self.name, self.corpus, self.facts)
            self.client.alter_collection_properties(self.name, self._properties(), timeout=_SECONDS)
        return self.result

    def _has_collection(self, replace: bool) -> bool:
        """Return whether a collection of this build exists; drop one that holds something else if that is allowed."""
        if not self.client.has_collection(self.name, timeout=_SECONDS):
            self._drop_terms(replace)
            return False
        properties = properties_of(self.client.describe_collection(self.name, timeout=_SECONDS))
        existing, own = manifest_in(properties), self.corpus.manifest
        is_same = existing is not None and (existing.name, existing.build) == (own.name, own.build)
        if is_same and self._goes_on(properties, replace):
            return True
        if not (is_same or replace):
            content = f"the corpus '{existing.name}', built {existing.created}" if existing else "something else"
            raise ExemplarError(
                f"the collection {self.name} at {self.uri} holds {content}; allow it to be replaced", hint="replace"
            )
        self.client.drop_collection(self.name, timeout=_SECONDS)
        self._drop_terms(replace=True)
        self.result.has_words = True
        return False

    def _goes_on(self, properties: Mapping[str, str], replace: bool) -> bool:
        """Return whether a collection of this build stays: it has the same words, or it is complete without them."""
        self.result.has_words = properties.get(WORDS) == self.facts.to_json()
        if replace and not self._keeps_times():
            return False
        return self.result.has_words or (properties.get(COMPLETE) == "yes" and not replace)

    def _keeps_times(self) -> bool:
        """Return whether the collection has a field for the times at which documents came."""
        fields = self.client.describe_collection(self.name, timeout=_SECONDS)["fields"]
        return any(field["name"] == ARRIVED for field in fields)

    def _drop_terms(self, replace: bool) -> None:
        """Drop the collection of the terms, if there is one."""
        name = terms_collection(self.name)
        if self.client.has_collection(name, timeout=_SECONDS):
            properties = properties_of(self.client.describe_collection(name, timeout=_SECONDS))
            if WORDS not in properties and not replace:
                raise ExemplarError(
                    f"the collection {name} at {self.uri} holds something else; allow it to be replaced", hint="replace"
                )
            self.client.drop_collection(name, timeout=_SECONDS)

    def _create(self) -> None:
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("passage", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.corpus.manifest.encoder.dim)
        schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
        for name in ("document", "number", "n_passages", "start", "end", "text_hash", "title_length", ARRIVED):
            schema.add_field(name, DataType.INT64)
        schema.add_field("doc_id", DataType.VARCHAR, max_length=_MOST_BYTES)
        schema.add_field("text", DataType.VARCHAR, max_length=_MOST_BYTES, enable_analyzer=True, enable_match=True)
        schema.add_field("words", DataType.VARCHAR, max_length=_MOST_BYTES)
        schema.add_field(
            "labels", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=_MOST_LABELS, max_length=_MOST_BYTES
        )
        schema.add_field("metadata", DataType.JSON)
        manifest = json.dumps(self.corpus.manifest.to_json())
        properties = {MANIFEST: manifest, WORDS: self.facts.to_json(), COMPLETE: "no"}
        indexes = self.client.prepare_index_params()
        indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")  # every posting, none dropped
        self.client.create_collection(self.name, schema=schema, properties=properties, timeout=_SECONDS)
        self.client.create_index(self.name, indexes, timeout=_SECONDS)
        self._index("FLAT")  # Milvus reads a collection only with an index

    def _count(self) -> int:
        [row] = self.client.query(
            self.name, filter="", output_fields=["count(*)"], consistency_level="Strong", timeout=_SECONDS
        )
        return int(row["count(*)"])

    def _write(self, n_existing: int) -> None:
        """Write the missing passages.

        An earlier push wrote its batches in order, so the collection holds the first passages, except that the last
        batches may have arrived in part. These are overwritten.
        """
        n_passages = self.corpus.manifest.n_passages
        first = max(0, n_existing - _IN_FLIGHT) if n_existing < n_passages else n_existing
        for batch in _batches(self._entities(first)):
            may_exist = n_existing and batch[0]["passage"] < n_existing + _IN_FLIGHT
            write = self.client.upsert if may_exist else self.client.insert
            write(self.name, batch, timeout=_SECONDS)
            self.result.n_written += len(batch)
            self.on_progress(batch[-1]["passage"] + 1, n_passages)

    def _entities(self, first: int) -> Iterator[dict[str, Any]]:
        """Yield the entities of all passages from ``first`` on, and count the documents that are shortened."""
        corpus = self.corpus
        if first >= len(corpus.passages):
            return
        first_row = int(corpus.document_rows[first])
        for row, terms in enumerate(term_weights(corpus.words, first_row), first_row):
            document, passages = corpus.document(row), corpus.passages_of(row)
            shared = _shared_fields(row, document, len(passages)) | {"terms": terms}
            if self.arrivals is not None:
                shared[ARRIVED] = int(self.arrivals[row])
            bounds = corpus.passages_at(passages)[:, 1:].tolist()
            full_text = document.full_text
            texts = _partition(full_text, [start for start, _ in bounds])
            for number, (passage, (start, end), text) in enumerate(zip(passages, bounds, texts, strict=True)):
                if passage >= first:
                    words = _cut(folded(full_text[start:end]))
                    own = {"passage": passage, "vector": corpus.vectors[passage], "text": text, "words": words}
                    yield shared | own | {"number": number, "start": start, "end": end}
            self.result.n_cut += "".join(texts) != full_text or shared["metadata"] != dict(document.metadata)

    def _index(self, index_type: str) -> None:
        """Index the collection, if its index is of another type, and load it."""
        existing = "vector" in self.client.list_indexes(self.name, timeout=_SECONDS)
        if existing and self.client.describe_index(self.name, "vector")["index_type"] != index_type:
            self.client.release_collection(self.name, timeout=_SECONDS)
            self.client.drop_index(self.name, "vector", timeout=_SECONDS)
            existing = False
        if not existing:
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
        facets = facets_of(self.corpus.documents, self.arrivals).to_json(_MOST_PROPERTY)
        return {MEAN: base64.b64encode(mean.tobytes()).decode(), CHOICES: facets, COMPLETE: "yes"}


def _arrivals(corpus: Corpus) -> NDArray[np.int64]:
    return np.full(corpus.n_documents, UNKNOWN) if corpus.arrivals is None else corpus.arrivals


def _shared_fields(row: int, document: Document, n_passages: int) -> dict[str, Any]:
    """Return the fields that the entities of all passages of a document share."""
    for name, text in (("id", document.doc_id), *(("label", label) for label in document.labels)):
        if len(text.encode()) > _MOST_BYTES:
            raise ExemplarError(
                f"the {name} of the document in row {row} is longer than the {_MOST_BYTES:,} bytes that Milvus "
                f"takes: '{text[:50]}...'"
            )
    return {
        "document": row,
        "doc_id": document.doc_id,
        "n_passages": n_passages,
        "text_hash": signed_hash(document.full_text),
        "title_length": len(document.title or ""),
        "labels": list(document.labels[:_MOST_LABELS]),
        "metadata": _fitting(document.metadata),
    }


def n_lists(n: int, dim: int) -> int:
    """Return the number of lists of an IVF index: four times the square root of the passages in a segment."""
    n_in_segment = min(n, SEGMENT_BYTES // (4 * dim))
    return max(1, min(4 * math.isqrt(n_in_segment), n_in_segment // 39))  # k-means needs about 39 rows a centre


def _batches(entities: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield entities in batches of at most 1,000 entities and about 4 MB."""
    batch: list[dict[str, Any]] = []
    size = 0
    for entity in entities:
        batch.append(entity)
        size += entity["vector"].nbytes + 8 * len(entity["terms"])
        size += sum(len(json.dumps(entity[name])) for name in _BULKY)
        if len(batch) == _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _partition(text: str, starts: list[int]) -> list[str]:
    """Return one part of a text for every passage, from its start to the start of the next, cut to Milvus's limit."""
    borders = [0, *starts[1:], len(text)]
    parts = (text[start:end] for start, end in itertools.pairwise(borders))
    return list(map(_cut, parts))


def _cut(text: str) -> str:
    return text.encode()[:_MOST_BYTES].decode(errors="ignore")


def _fitting(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a document without the longest ones that exceed the limit of Milvus."""
    fitting = dict(metadata)
    while len(json.dumps(fitting).encode()) > _MOST_BYTES:
        del fitting[max(fitting, key=lambda name: len(fitting[name]))]
    return fitting
