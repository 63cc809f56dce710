"""Compare searching through Milvus with searching in memory: times, top-k queries, and results.

Milvus is Milvus Lite, which runs in this process. At 25,000 passages the corpus is IMDB's training reviews; other sizes
are vectors drawn from their mixture and covariance. A query is a document, with three documents marked as relevant and
two as not relevant. The measure of an approximate index is its recall among the first ten.
"""

import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import vectors
from benchmarks.app import drawn_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.milvus.push import push_corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.milvus import MilvusIndex
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.rankers import RANKERS, Ranker
from exemplar.retrieval.ranking import DocumentQuery, Ranking
from exemplar.retrieval.search import SearchEngine

_TOP = 50
_REAL = 25_000  # passages


def search_figures(sizes: list[int], approximate: list[str], n_queries: int) -> dict[str, Any]:
    """Return the times of searches at these sizes, and the recall of approximate indexes at the smallest."""
    corpora = []
    for size in sizes:
        corpus = vectors.corpus("imdb-train", vectors.imdb(), "train") if size == _REAL else drawn_corpus(size)
        types = ["FLAT", *approximate] if size == min(sizes) else ["FLAT"]
        corpora.append({"passages": size, "indexes": [_measure(corpus, kind, n_queries) for kind in types]})
    return {
        "milvus_lite": version("milvus-lite"),
        "pymilvus": version("pymilvus"),
        "queries": n_queries,
        "corpora": corpora,
    }


def _measure(corpus: Corpus, index_type: str, n_queries: int) -> dict[str, Any]:
    sys.stderr.write(f"{corpus.manifest.n_passages:,} passages, {index_type}\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.db"
        began = time.perf_counter()
        push_corpus(corpus, str(path), index_type=index_type)
        pushed = time.perf_counter() - began
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        memory = SearchEngine(corpus)
        served, index, words = open_served(str(path), corpus.manifest.name)
        milvus = SearchEngine(served, index=index, words=words)
        queries = _queries(memory, n_queries)
        rankers = {ranker: _compare(memory, milvus, index, ranker, queries) for ranker in RANKERS}
    return {
        "index": index_type,
        "seconds_to_push": round(pushed, 1),
        "bytes_a_passage": round(size / corpus.manifest.n_passages),
        "rankers": rankers,
    }


def _queries(engine: SearchEngine, n: int) -> list[tuple[DocumentQuery, Feedback]]:
    rows = np.random.default_rng(3).choice(engine.corpus.n_documents, n, replace=False)
    queries = [DocumentQuery(doc_id) for doc_id in engine.corpus.doc_ids(rows)]
    tops = [engine.search(query, ranker="knn").doc_ids for query in queries]
    return [(query, Feedback(top[:3], top[7:9])) for query, top in zip(queries, tops, strict=True)]


def _compare(
    memory: SearchEngine,
    milvus: SearchEngine,
    index: MilvusIndex,
    ranker: Ranker,
    queries: list[tuple[DocumentQuery, Feedback]],
) -> dict[str, Any]:
    runs, sent, same, recalled, stopped = [], [], [], [], []
    for query, feedback in queries:
        sent_before, before = index.queries, time.perf_counter()
        served = milvus.search(query, feedback, ranker=ranker, k=_TOP)
        middle = time.perf_counter()
        expected = memory.search(query, feedback, ranker=ranker, k=_TOP)
        runs.append((1000 * (middle - before), 1000 * (time.perf_counter() - middle)))
        sent.append(index.queries - sent_before)
        same.append(_is_same(served, expected))
        recalled.append(len(set(served.doc_ids[:10]) & set(expected.doc_ids[:10])) / 10)
        stopped.append(served.scorer.svm.stopped if served.scorer.svm else None)
    return {
        "milvus_ms": round(median(ms for ms, _ in runs)),
        "memory_ms": round(median(ms for _, ms in runs), 1),
        "first_ms": round(runs[0][0]),
        "top_k_queries": median(sent),
        "same_top_50": sum(same),
        "recall_at_10": round(sum(recalled) / len(recalled), 3),
        "stopped": sorted({reason for reason in stopped if reason}),
    }


def _is_same(served: Ranking, expected: Ranking) -> bool:
    """Return whether two rankings have the same documents in the same order, except among equal scores."""
    scores = dict(zip(expected.doc_ids, expected.scores, strict=True))
    pairs = zip(served.doc_ids, expected.doc_ids, strict=True)
    return all(one in scores and abs(scores[one] - scores[other]) < 1e-5 for one, other in pairs)
