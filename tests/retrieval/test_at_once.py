"""Many at once on one corpus: each gets what it would get alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.rankers import RANKERS
from exemplar.retrieval.ranking import DocumentQuery, Ranking
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import PATIENCE

N = 8


@pytest.fixture
def words() -> Corpus:
    """So many documents, of few words and some of them alike, that all threads of a scan have something to do."""
    drawn = np.random.default_rng(0).integers(0, 40, size=(5000, 5))
    texts = [" ".join(f"word{n}" for n in row) for row in drawn.tolist()]
    return build_corpus(source_of(texts, [f"label{n % 3}" for n in range(len(texts))]), FakeEncoder())


def search(engine: SearchEngine, number: int) -> list[tuple[object, ...]]:
    """Search as one of many does: a query and marks of its own, by each ranker, with and without filters."""
    query = DocumentQuery(str(number)) if number % 2 else f"word{number} word{2 * number}"
    marks = Feedback((str(100 + number), str(200 + number)), (str(300 + number),))
    filters = Filters(labels=(f"label{number % 3}",))
    found = [engine.search(query, marks, ranker=ranker, depth=50) for ranker in RANKERS]
    return [_compared(each) for each in (*found, engine.search(query, marks, filters=filters))]


def _compared(ranking: Ranking) -> tuple[object, ...]:
    texts = tuple(result.text for result in ranking.results)
    return ranking.query, ranking.ranker, ranking.doc_ids, ranking.scores, ranking.n_candidates, texts


@pytest.mark.slow
def test_searches_at_once_find_what_each_finds_alone(words: Corpus) -> None:
    alone = SearchEngine(open_corpus("animals"), lambda *_: FakeEncoder())
    expected = [search(alone, number) for number in range(N)]
    loaded: list[FakeEncoder] = []
    engine = SearchEngine(open_corpus("animals"), lambda *_: loaded.append(FakeEncoder()) or loaded[-1])
    start = threading.Barrier(N)

    def at_once(number: int) -> list[tuple[object, ...]]:
        start.wait(timeout=PATIENCE)  # nothing has been asked of the engine and its corpus before
        return search(engine, number)

    with ThreadPoolExecutor(N) as threads:
        assert list(threads.map(at_once, range(N))) == expected


def test_sentences_that_many_pages_show_at_once_are_encoded_once(animals: Corpus) -> None:
    encoder = FakeEncoder()
    highlighter = SentenceHighlighter(SearchEngine(animals, lambda *_: encoder))
    passages = [f"The cat sleeps {n} hours. The dog barks {n} times." for n in range(20)]
    start = threading.Barrier(N)

    def page(number: int) -> None:
        start.wait(timeout=PATIENCE)
        for place in range(len(passages)):
            highlighter.encode([passages[(place + number) % len(passages)]])

    with ThreadPoolExecutor(N) as threads:
        list(threads.map(page, range(N)))
    sentences = [f"{each}." for passage in passages for each in passage.rstrip(".").split(". ")]
    assert sorted(encoder.encoded) == sorted(sentences)


def test_so_many_selections_are_kept_as_fit_into_memory(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Filters] = []
    select = Corpus.select
    monkeypatch.setattr(Corpus, "select", lambda corpus, filters: found.append(filters) or select(corpus, filters))
    monkeypatch.setattr("exemplar.retrieval.search._CACHED_SELECTED", 3 * animals.n_documents)
    engine = SearchEngine(animals)
    first, *others = (Filters(words=word) for word in ("cat", "dog", "rain", "sun"))
    for filters in (first, *others[:2], first):
        engine.sample(1, 0, filters)
    assert found == [first, *others[:2]]
    for filters in (*others, first):
        engine.sample(1, 0, filters)
    assert found == [first, *others, first]
