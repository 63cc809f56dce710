"""What a served corpus keeps in memory of documents that were searched for is bounded."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from exemplar.data.milvus import corpus as milvus_corpus
from exemplar.data.milvus import server
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.ranking import DocumentQuery, Ranking
from exemplar.retrieval.search import SearchEngine
from tests.support.fake_encoder import FakeEncoder
from tests.support.milvus import MARKS, WORDS

pytestmark = pytest.mark.cluster
pytest.importorskip("pymilvus", reason="pip install 'exemplar[milvus]'")
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")

MOST = 30  # documents, or passages
PAGE = 20  # documents
QUERIES = [f"{one} {other}" for one in WORDS for other in WORDS[:3]]


@pytest.fixture
def engine(uri: str, monkeypatch: pytest.MonkeyPatch) -> SearchEngine:
    """An engine whose corpus forgets after a few documents."""
    monkeypatch.setattr(milvus_corpus, "_MOST_PLACES", MOST)
    monkeypatch.setattr(server, "_MOST_PLACES", MOST)
    found, index, words = open_served(uri, "many.words-1")
    return SearchEngine(found, lambda *_: FakeEncoder(max_tokens=8), index, words)


def page(engine: SearchEngine, query: str) -> tuple[tuple[str, ...], list[range]]:
    """Return what a page shows of a search: ids, and the passages of every document."""
    ranking: Ranking = engine.search(query, MARKS[1], ranker="knn", k=PAGE)
    rows = engine.corpus.rows_of([*ranking.doc_ids, f"no document {query}"])
    assert tuple(engine.corpus.doc_ids(list(rows.values()))) == ranking.doc_ids
    return ranking.doc_ids, [engine.corpus.passages_of(row) for row in rows.values()]


def test_memory_stays_bounded_over_many_searches_and_results_are_the_same(
    engine: SearchEngine, served: SearchEngine
) -> None:
    corpus, places = engine.corpus, []
    for query in QUERIES:
        assert page(engine, query) == page(served, query)
        assert len(corpus._known.places) <= len(corpus._known.rows) <= MOST + PAGE + len(MARKS[1].positives) + 2
        places.append(len(corpus.collection._places))
    seen = {doc_id for query in QUERIES for doc_id in page(served, query)[0]}
    assert len(seen) > 4 * MOST  # so that the bound was met
    assert max(places[len(places) // 2 :]) <= max(places[: len(places) // 2])


def test_a_document_that_does_not_exist_is_not_kept_for_ever(engine: SearchEngine) -> None:
    for n in range(20 * MOST):
        assert engine.corpus.rows_of([f"gone {n}", "doc 3"]) == {"doc 3": 3}
    assert len(engine.corpus._known.rows) <= MOST + 2


def test_more_than_is_kept_can_be_asked_for_at_once(engine: SearchEngine) -> None:
    doc_ids = [f"doc {n}" for n in range(400)]
    assert engine.corpus.rows_of(doc_ids) == {doc_id: n for n, doc_id in enumerate(doc_ids)}
    assert engine.corpus.doc_ids(range(400)) == doc_ids
    assert [document.doc_id for document in engine.corpus.documents_at(range(400))] == doc_ids


def test_searches_at_once_do_not_take_from_each_other(engine: SearchEngine, served: SearchEngine) -> None:
    expected = [page(served, query) for query in QUERIES]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda query: page(engine, query), QUERIES)) == expected
    assert (
        engine.search(DocumentQuery("doc 3"), k=PAGE).doc_ids == served.search(DocumentQuery("doc 3"), k=PAGE).doc_ids
    )
