"""Real reviews in Milvus, by the quick vectors of the real model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.encoders.quick import quick_encoder
from exemplar.data.milvus.push import push_corpus
from exemplar.data.milvus.server import MOST_ROWS
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.milvus import MilvusIndex
from exemplar.retrieval.index.milvus_words import MilvusWords
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.search import SearchEngine
from tests.support.reading import read

pytestmark = pytest.mark.cluster
pytest.importorskip("pymilvus", reason="pip install 'exemplar[milvus]'")
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")


@pytest.mark.model
def test_imdb_is_ranked_as_in_memory(
    shared_datasets: Path, tmp_path: Path, record_property: pytest.FixtureRequest
) -> None:
    """More reviews than Milvus returns at once, by their first words."""
    whole = read(str(shared_datasets / "imdb"), split="train", limit=17_000)
    short = replace(whole, read=lambda: (replace(each, text=each.text[:60]) for each in whole.read()))
    corpus = build_corpus(short, quick_encoder(DEFAULT_MODEL), name="imdb", whole=True)
    assert corpus.manifest.n_passages == 17_000 > MOST_ROWS
    path = str(tmp_path / "imdb.db")
    push_corpus(corpus, path)
    local = SearchEngine(corpus)
    served = SearchEngine(*_engine_parts(path))
    assert served.index.exact
    queries = ["a slow ghost story", "terrible acting and a silly plot"]
    marks = [Feedback(ids[:3], ids[7:9]) for ids in (local.search(query, ranker="knn").doc_ids for query in queries)]
    rankings = {}
    for query, feedback in zip(queries, marks, strict=True):
        for ranker in ("knn", "words", "svm", "anchored"):
            for each in (Feedback(), feedback):
                expected, found = (engine.search(query, each, ranker=ranker, k=50) for engine in (local, served))
                rankings[query, ranker, len(each)] = expected.doc_ids
                differing = [pair for pair in zip(found.doc_ids, expected.doc_ids, strict=True) if pair[0] != pair[1]]
                scores = dict(zip(expected.doc_ids, expected.scores, strict=True))
                assert set(found.doc_ids) == set(expected.doc_ids), (query, ranker)
                assert all(abs(scores[a] - scores[b]) < 1e-5 for a, b in differing), (query, ranker)  # ties aside

    push_corpus(corpus, path, index_type="IVF_FLAT")
    approximate = SearchEngine(*_engine_parts(path))
    recalls = []
    for query, feedback in zip(queries, marks, strict=True):
        ranking = approximate.search(query, feedback, ranker="svm", k=10, until="exact")
        assert ranking.scorer.svm.stopped != "exact"
        recalls.append(len(set(ranking.doc_ids) & set(rankings[query, "svm", len(feedback)][:10])) / 10)
    record_property("recall_at_10", recalls)
    assert np.mean(recalls) >= 0.8


def _engine_parts(path: str) -> tuple[object, None, MilvusIndex, MilvusWords]:
    corpus, index, words = open_served(path, "imdb")
    return corpus, None, index, words
