"""A corpus in memory: the documents, passages, vectors and words that a build would write, and no file of them."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from exemplar.data.arrow import DOCUMENT_SCHEMA, row_of
from exemplar.data.building.embed import as_arrays, cut_texts, embed_passages, shards_of, stage_of, texts_at
from exemplar.data.building.known_ids import stable_ids
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.corpus import Corpus, whole_texts
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.corpus.words import temporary_words
from exemplar.data.documents import Document, text_hash
from exemplar.data.encoders.base import Encoder
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.words.languages import RECOGNISE

_BATCH = 1024  # documents

OnProgress = Callable[[Progress], None]


def corpus_in_memory(
    documents: Iterable[Document],
    encoder: Encoder,
    *,
    name: str = "in memory",
    whole: bool = False,
    language: str | None = None,
    vectors: NDArray[np.float32] | None = None,
    on_progress: OnProgress | None = None,
) -> Corpus:
    """Return documents as a corpus without files; its ids, passages, vectors and words are those of a build.

    Parameters
    ----------
    name
        What messages call the corpus.
    whole
        Make every document one passage, of which the model reads the beginning.
    language
        As in ``SourceSpec``.
    vectors
        ``(n_documents, dim)``, unit rows: the vectors of the documents, each of which is one passage; nothing is
        embedded then.
    on_progress
        Called while words are indexed and while documents are embedded, which two threads do at once.

    Raises
    ------
    ExemplarError
        There is no document, two have the same id, or the model fails.
    """
    report = on_progress or (lambda progress: None)
    kept = _with_ids(list(documents))
    table = _table(kept)
    source = SourceSpec(name, language=None if language == RECOGNISE else language)
    started = time.monotonic()

    def on_words(done: int) -> None:
        report(Progress("indexing words", done, len(kept), seconds=time.monotonic() - started))

    with ThreadPoolExecutor(1, thread_name_prefix="words") as beside:  # a model leaves this thread little to do
        indexing = beside.submit(temporary_words, table["text"], source.language, on_words)
        if vectors is None:
            passages, vectors = _embedded(table["text"], encoder, report, whole=whole)
        else:
            passages, whole = whole_texts(table["text"]), True
        words = indexing.result()
    manifest = Manifest(
        name,
        build="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        source=source,
        encoder=encoder.info,
        whole=whole,
        n_documents=len(kept),
        n_passages=len(passages),
        documents_sha256="",
    )
    cells = tuple(document.cells for document in kept)
    return Corpus(manifest, table, passages, vectors, cells=cells if any(cells) else (), words_in_memory=words)


def _with_ids(documents: list[Document]) -> list[Document]:
    """Return documents whose ids all differ, as in a build where some ids are numbers of rows."""
    if not documents:
        raise ExemplarError("there are no documents to search")
    numbered = [document.numbered for document in documents]
    if any(numbered) and not all(numbered):
        own = [document.doc_id for document in documents]
        hashes = [text_hash(document.full_text.encode()) for document in documents]
        ids = stable_ids(own, numbered, hashes, (), ())
        documents = [replace(document, doc_id=doc_id) for document, doc_id in zip(documents, ids, strict=True)]
    [(most, n)] = Counter(document.doc_id for document in documents).most_common(1)
    if n > 1:
        raise ExemplarError(f"{n:,} documents have the id '{most:.100}'; give every document an id of its own")
    return documents


def _table(documents: Sequence[Document]) -> pa.Table:
    batches = [
        pa.RecordBatch.from_pylist([row_of(each) for each in documents[first : first + _BATCH]], schema=DOCUMENT_SCHEMA)
        for first in range(0, len(documents), _BATCH)
    ]
    return pa.Table.from_batches(batches, DOCUMENT_SCHEMA)


def _embedded(
    texts: pa.ChunkedArray, encoder: Encoder, report: OnProgress, *, whole: bool
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the passages and vectors of texts, which are embedded in the shards of a build."""
    stage, started = stage_of(encoder.info), time.monotonic()

    def on_progress(done: int) -> None:
        report(Progress(stage, done, len(texts), done, time.monotonic() - started))

    parts = []
    for rows in shards_of(texts, encoder.info):
        cut = cut_texts(texts_at(texts, rows), encoder, whole=whole)
        parts.append(as_arrays(rows, embed_passages(cut, encoder, lambda n: None)))
        on_progress(rows.stop)
    passages, vectors = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    vectors.flags.writeable = False
    return passages, vectors
