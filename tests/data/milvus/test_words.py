"""Words in Milvus, by Milvus Lite: terms and weights, searched with the vectors as on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.filters import Filters
from exemplar.data.encoders.base import unit_rows
from exemplar.data.milvus.push import push_corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index import milvus as milvus_index
from exemplar.retrieval.index import milvus_words
from exemplar.retrieval.index.joint import JointIndex
from exemplar.retrieval.index.milvus_words import MilvusJointIndex
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.rankers import Ranker
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.milvus import MARKS

pytestmark = pytest.mark.cluster
pytest.importorskip("pymilvus", reason="pip install 'exemplar[milvus]'")
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")

JOINT: tuple[Ranker, ...] = ("words", "hybrid", "anchored")
TEXT = "The cat, the dog; a horse called Duck and no unicorn"


def encoder(*_: object) -> FakeEncoder:
    return FakeEncoder(max_tokens=8)


def joined(engine: SearchEngine) -> JointIndex | MilvusJointIndex:
    """Return the index of the vectors and the terms of a text."""
    assert engine.words
    return engine.words.joined(engine.words.of_text(TEXT).terms)


def weights(n_terms: int, seed: int, signs: float = -0.3) -> np.ndarray:
    """Return weights on unit vectors of 64 dimensions and on terms, of which some are negative if ``signs`` is."""
    rng = np.random.default_rng(seed)
    return np.append(unit_rows(rng.normal(size=(1, 64)))[0], rng.uniform(signs, 0.3, n_terms)).astype(float)


def test_terms_are_those_on_disk(local: SearchEngine, served: SearchEngine) -> None:
    on_disk, there = local.words, served.words
    assert on_disk
    assert there
    assert there.n_documents == on_disk.n_documents
    for text in (TEXT, "", "nothing known"):
        expected, found = on_disk.of_text(text), there.of_text(text)
        for name in ("terms", "counts", "weights"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    terms = on_disk.of_text(TEXT).terms
    assert terms.size == 4
    assert there.document_counts(terms).tolist() == on_disk.document_counts(terms).tolist()
    assert there.scales(terms).tolist() == on_disk.scales(terms).tolist()


def test_terms_are_found_by_their_numbers_after_they_were_forgotten(
    uri: str, local: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exemplar.data.milvus.words._CACHED", 2)
    *_, words = open_served(uri, "many.words-1")
    terms = words.of_text(TEXT).terms
    for _ in range(2):
        assert words.document_counts(terms).tolist() == local.words.document_counts(terms).tolist()
        words.of_text("cow sheep goat pig")


@pytest.mark.parametrize("signs", [-0.3, 0.0])
def test_the_joint_index_answers_as_the_one_in_memory_does(
    local: SearchEngine, served: SearchEngine, signs: float
) -> None:
    expected, found = joined(local), joined(served)
    assert (found.n, found.dim) == (expected.n, expected.dim)
    n_terms = expected.dim - 64
    for seed, (k, options) in enumerate(
        [
            (10, {}),
            (1, {"b": -2.0}),
            (expected.n + 5, {"exclude": [0, 3, 3, 9]}),
            (30, {"above": 0.9, "b": 0.05}),
            (200, {"above": 0.4}),
            (0, {}),
        ]
    ):
        w = weights(n_terms, seed, signs)
        for scale in ([1.0] * found.dim, [0.0] * 64 + [1.0] * n_terms, [1.0] * 64 + [0.0] * n_terms):
            rows, scores = found.top_k(w * scale, k, **options)
            expected_rows, expected_scores = expected.top_k(w * scale, k, **options)
            np.testing.assert_allclose(scores, expected_scores, atol=1e-9)
            assert rows.tolist() == expected_rows.tolist()
    taken = [5, 2, 2, expected.n - 1]
    assert np.array_equal(found.vectors(taken), expected.vectors(taken))
    np.testing.assert_allclose(found.mean(), expected.mean(), rtol=2e-6, atol=1e-6)
    assert found.sample(50, 3).tolist() == expected.sample(50, 3).tolist()
    for w in (weights(n_terms, 7, signs)[64:], -np.ones(n_terms)):
        for without in ([], [3, 7, 40]):
            assert found.best_words(w, without) == pytest.approx(expected.best_words(w, without), abs=1e-6)


def test_few_rows_are_fetched_where_few_can_be_among_the_best(uri: str, served: SearchEngine) -> None:
    _, index, words = open_served(uri, "many.words-1")
    joint = words.joined(words.of_text(TEXT).terms)
    joint.top_k(weights(joint.dim - 64, 1), 5)
    assert 0 < len(words._stored._known) < index.n / 4


@pytest.mark.parametrize("left_out", [[], [1, 5, 6, 300]])
@pytest.mark.parametrize("b", [-2.2, -1.5, -0.5])
def test_a_scan_of_the_joint_index_is_the_scan_of_all_rows(
    local: SearchEngine, served: SearchEngine, b: float, left_out: list[int]
) -> None:
    expected, found = joined(local), joined(served)
    w = 1.5 * weights(expected.dim - 64, 2)
    scans = [index.scan(w, b, np.array(left_out, np.intp), precise=True) for index in (found, expected)]
    assert (scans[0].violators.tolist(), scans[0].sample_weights) == (scans[1].violators.tolist(), None)
    np.testing.assert_allclose(scans[0].loss, scans[1].loss, rtol=1e-6)
    np.testing.assert_allclose(scans[0].pull, scans[1].pull, atol=1e-4)


@pytest.mark.parametrize("most", [60, 300, 600])
def test_rows_are_called_the_best_only_where_no_other_can_be(
    local: SearchEngine, served: SearchEngine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvus_words, "MOST_ROWS", most)
    expected, found = joined(local), joined(served)
    proofs = set()
    for seed in range(12):
        w = weights(expected.dim - 64, seed)
        for k in (1, 10, 40):
            rows, _, proven = found.best(w, k, 0.0, prove=True)
            proofs.add(proven)
            assert not proven or rows.tolist() == expected.top_k(w, k)[0].tolist()
    assert proofs == ({True, False} if most < 600 else {True})


def test_a_scan_that_cannot_prove_its_rows_estimates(
    served: SearchEngine, local: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvus_words, "MOST_ROWS", 100)
    monkeypatch.setattr(milvus_index, "MOST_ROWS", 100)
    expected, found = joined(local), joined(served)
    w = 1.5 * weights(expected.dim - 64, 2)
    scan, full = (index.scan(w, -0.5, np.empty(0, np.intp)) for index in (found, expected))
    assert scan.sample_weights is not None
    assert scan.loss == pytest.approx(full.loss, rel=0.01)  # the sample has all rows of so small a corpus


@pytest.mark.parametrize("ranker", JOINT)
@pytest.mark.parametrize("query", ["cat and dog", DocumentQuery("doc 3"), "nothing known"])
@pytest.mark.parametrize("filters", [None, Filters(labels=("pet",), fields=(("year", ("1990", "1992")),))])
def test_rankings_with_filters_and_marks_on_lost_texts_are_those_on_disk(
    local: SearchEngine, served: SearchEngine, ranker: Ranker, query: str | DocumentQuery, filters: Filters | None
) -> None:
    marks = replace(MARKS[1], positive_texts=("a lost duck",), negative_texts=("pig and hen and goat",))
    options = {"ranker": ranker, "k": 20, "filters": filters, "without": ["doc 8"], "until": "exact"}
    expected, found = (engine.search(query, marks, **options) for engine in (local, served))
    assert found.doc_ids == expected.doc_ids
    np.testing.assert_allclose(found.scores, expected.scores, atol=2e-3)


def test_documents_without_terms_are_pushed_and_ranked(folder: Path) -> None:
    texts = ["the and", "a cat", "...", "a dog", "cat cat"]
    corpus = build_corpus(source_of(texts, name="bare"), FakeEncoder())
    push_corpus(corpus, path := str(folder / "bare.db"))
    found, index, words = open_served(path, "bare")
    engines = SearchEngine(corpus, encoder), SearchEngine(found, encoder, index, words)
    for ranker in JOINT:
        rankings = [engine.search("the cat", Feedback(("1",), ("0",)), ranker=ranker) for engine in engines]
        assert rankings[0].doc_ids == rankings[1].doc_ids
    assert set(engines[1].search("the cat", ranker="words").doc_ids) == {"1", "4"}
    assert engines[1].search("the and", ranker="words").doc_ids == ()
