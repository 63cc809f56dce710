"""Corpora in Milvus, by Milvus Lite, a real engine: they are searched and measured as in memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.facets import UNLABELLED, Facets, facets_of
from exemplar.data.corpus.filters import Filters
from exemplar.data.encoders.base import unit_rows
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.data.milvus.push import push_corpus
from exemplar.retrieval.evaluation.judgements import judgements_of
from exemplar.retrieval.evaluation.protocols import evaluate
from exemplar.retrieval.exports.ranks import limit_of_lists
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.rankers import RANKERS, Ranker, Scorer
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.saved_search.applying import apply
from exemplar.retrieval.saved_search.making import saved_search
from exemplar.retrieval.saved_search.ranked_rows import ranked_export
from exemplar.retrieval.score_plane import score_plane
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import Queried, SettingsSet
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from tests.retrieval.saved_search.test_applying import marks_on
from tests.support.corpora import source_of
from tests.support.earlier_exports import export_table
from tests.support.exports import exported
from tests.support.fake_encoder import FakeEncoder
from tests.support.milvus import MARKS

pytestmark = pytest.mark.cluster
pytest.importorskip("pymilvus", reason="pip install 'exemplar[milvus]'")
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")


def test_the_index_answers_as_the_one_in_memory_does(served: SearchEngine, corpus: Corpus) -> None:
    dense, index = DenseIndex(corpus.vectors), served.index
    assert (index.n, index.dim) == (dense.n, dense.dim)
    rng = np.random.default_rng(1)
    for k, options in [
        (10, {}),
        (1, {"b": -2.0}),
        (dense.n + 5, {"exclude": [0, 3, 3, 9]}),
        (30, {"above": 0.1, "b": 0.05}),
        (0, {}),
    ]:
        w = rng.normal(size=dense.dim)
        rows, scores = index.top_k(w, k, **options)
        expected_rows, expected = dense.top_k(w, k, **options)
        assert rows.tolist() == expected_rows.tolist()
        np.testing.assert_allclose(scores, expected, atol=1e-12)
    assert index.sample(50, 3).tolist() == dense.sample(50, 3).tolist()
    taken = [5, 2, 2, dense.n - 1]
    assert np.array_equal(index.vectors(taken), dense.vectors(taken))
    np.testing.assert_allclose(index.mean(), dense.mean(), atol=1e-7)


def test_equal_rows_are_ranked_by_row_even_where_the_last_place_falls_among_them(folder: Path) -> None:
    texts = ["the same words"] * 40 + ["other ones"] * 5
    push_corpus(build_corpus(source_of(texts, name="equal"), FakeEncoder()), str(folder / "equal.db"))
    _, index, _ = open_served(str(folder / "equal.db"), "equal")
    rows, _ = index.top_k(FakeEncoder().encode_query("the same words"), 30)
    assert rows.tolist() == list(range(30))


@pytest.mark.parametrize("left_out", [[], [1, 5, 6, 300]])
@pytest.mark.parametrize("b", [-1.7, -1.2, -0.5])
def test_a_scan_by_top_k_queries_is_the_scan_of_all_rows(
    served: SearchEngine, corpus: Corpus, b: float, left_out: list[int]
) -> None:
    w = 1.5 * unit_rows(np.random.default_rng(2).normal(size=(1, 64)))[0].astype(float)
    found, expected = (
        index.scan(w, b, np.array(left_out, np.intp), precise=True)
        for index in (served.index, DenseIndex(corpus.vectors))
    )
    assert (found.violators.tolist(), found.sample_weights) == (expected.violators.tolist(), None)
    np.testing.assert_allclose(found.loss, expected.loss)
    np.testing.assert_allclose(found.pull, expected.pull, atol=1e-9)


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("query", ["cat and dog", DocumentQuery("doc 3")])
@pytest.mark.parametrize("feedback", MARKS, ids=["unmarked", "marked"])
def test_rankings_are_those_of_the_index_in_memory(
    local: SearchEngine, served: SearchEngine, ranker: Ranker, query: str | DocumentQuery, feedback: Feedback
) -> None:
    options = {"ranker": ranker, "k": 20, "skip": 5, "depth": 60, "without": ["doc 8", "nowhere"]}
    expected, found = (engine.search(query, feedback, **options) for engine in (local, served))
    assert (found.doc_ids, found.rows) == (expected.doc_ids, expected.rows)
    np.testing.assert_allclose(found.scores, expected.scores, atol=2e-3)
    assert [replace(each, score=0) for each in found.results] == [replace(each, score=0) for each in expected.results]
    assert found.n_candidates == expected.n_candidates
    if svm := expected.scorer.svm:
        assert {found.scorer.svm.stopped, svm.stopped} <= {"exact", "settled"}


@pytest.mark.parametrize("ranker", ["knn", "svm", "anchored-vectors"])
def test_a_saved_search_of_vectors_ranks_as_in_memory(
    local: SearchEngine, served: SearchEngine, corpus: Corpus, ranker: Ranker
) -> None:
    saved = saved_search(_marked(corpus, ranker), local, dict, "cats")
    expected, found = (apply(saved, engine) for engine in (local, served))
    assert found.rows.tolist() == expected.rows.tolist()
    assert found.rows.size == corpus.n_documents
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-12)
    rows = list(ranked_export(found, saved).rows())
    marks = {row["doc_id"]: row["mark"] for row in rows if "mark" in row}
    assert marks == {**dict.fromkeys(("doc 3", "doc 7", "doc 40"), "relevant"), "doc 11": "not relevant"}
    assert [row["text"] for row in rows[:2]] == [corpus.document(row).text for row in found.rows[:2]]


def test_a_saved_search_of_words_is_refused_and_what_milvus_leaves_out_is_said(
    local: SearchEngine, served: SearchEngine, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = saved_search(_marked(corpus, "anchored"), local, dict, "cats")
    with pytest.raises(ExemplarError, match="is in Milvus, which ranks by weights of vectors alone, and this"):
        apply(saved, served)
    anew = apply(saved, served, retrain=True)
    assert "limit_of_lists" not in ranked_export(anew, saved).about

    monkeypatch.setattr("exemplar.retrieval.exports.ranks.MOST_ROWS", corpus.manifest.n_passages - 1)
    said = f"Milvus returns at most {corpus.manifest.n_passages - 1:,} passages of a ranking"
    assert ranked_export(anew, saved).about["limit_of_lists"].startswith(said)
    assert exported(served, Queried("cat")).about["limit_of_lists"].startswith(said)
    assert limit_of_lists(corpus) == ""


def _marked(corpus: Corpus, ranker: Ranker) -> Session:
    events = (
        Queried("cat"),
        SettingsSet(Settings(rankers=(ranker,))),
        marks_on(corpus, ("doc 3", "doc 40"), ("doc 11",)),
    )
    return Session("one", corpus.manifest.name).after(*events, corpus_id=corpus.manifest.corpus_id)


def test_copies_are_those_in_memory(local: SearchEngine, served: SearchEngine) -> None:
    rows = [7, 40, 3, 7]
    assert served.corpus.copies_of(rows) == local.corpus.copies_of(rows) == [[3, 7], [40], [3, 7], [3, 7]]
    [first, other, second, _] = served.corpus.text_numbers(rows).tolist()
    assert first == second != other
    for filters in (None, Filters(labels=("Stall",))):
        rankings = [engine.search("cat", ranker="knn", k=500, filters=filters) for engine in (local, served)]
        assert rankings[0].n_texts == rankings[1].n_texts == len(rankings[1].doc_ids)
    assert local.search("cat", ranker="knn").n_texts == local.corpus.n_texts < served.search("cat").n_texts == 400


@pytest.mark.parametrize(
    "filters",
    [
        Filters(labels=("pet",)),
        Filters(labels=(UNLABELLED, 'a "quoted" \\ label')),
        Filters(labels=("nobody",)),
        Filters(since="1970-01-03"),
        Filters(fields=(("year", ("1990", "1992")), ('odd "name"', ("=y\n",)))),
        Filters(labels=("pet", "Stall"), fields=(("year", ("1991",)),)),
    ],
)
def test_filters_let_the_same_documents_pass(local: SearchEngine, served: SearchEngine, filters: Filters) -> None:
    expected, found = (
        engine.search("cat and dog", ranker="knn", k=400, filters=filters, without=["doc 1", "doc 2"])
        for engine in (local, served)
    )
    assert found.doc_ids == expected.doc_ids
    assert found.n_candidates == expected.n_candidates
    assert served.passing(filters, ["doc 3"]) == local.passing(filters, ["doc 3"])
    drawn = served.sample(20, 1, filters)
    assert len(set(drawn)) == len(drawn) == min(20, found.n_candidates + len({"doc 1", "doc 2"} & set(drawn)))
    assert set(drawn) <= {*found.doc_ids, "doc 1", "doc 2"}


def test_words_are_looked_for_in_each_passage(served: SearchEngine) -> None:
    with_fish = served.search("cat", ranker="knn", k=400, filters=Filters(words="FISH duck", without="cat"))
    assert with_fish.results
    for result in with_fish.results:
        words = result.text.lower().replace(".", "").split()
        assert {"fish", "duck"} <= set(words)
    assert served.search("cat", filters=Filters(words="unheardof")).results == ()


WORDED = [
    "A state-of-the-art method",
    "The state of the art",
    "art of the state, state of mind",
    "read_csv and readXcsv",
    "readXcsv alone",
    "100 % sure",
    "100% sure",
    "100 times",
    "a\\b and C:\\temp",
    'he said "no"',
    "Straße nach\nKöln",
    "Köln am Rhein",
    "日本語の本",
    "COVID-19 in 2020",
    "COVID 19",
    "10.1000/xyz123",
]


@pytest.fixture(scope="module")
def worded(folder: Path) -> tuple[SearchEngine, SearchEngine]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EXEMPLAR_HOME", str(folder / "worded-home"))
        corpus = build_corpus(source_of(WORDED, name="worded"), FakeEncoder())
    push_corpus(corpus, path := str(folder / "worded.db"))
    served, index, words = open_served(path, "worded")
    return SearchEngine(corpus, lambda *_: FakeEncoder()), SearchEngine(served, lambda *_: FakeEncoder(), index, words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("state-of-the-art", [0]),
        ('"state of the art"', [1]),
        ("STATE art", [0, 1, 2]),
        ("read_csv", [3]),
        ("100%", [6]),
        ('"100 %"', [5]),
        ("a\\b", [8]),
        ("straße", [10]),
        ('"nach köln"', [10]),
        ("ko\u0308ln", [10, 11]),
        ("本", [12]),
        ("語の", [12]),
        ("COVID-19", [13]),
        ("10.1000/xyz123", [15]),
        ("sta", []),
    ],
)
def test_words_are_found_as_in_memory(
    worded: tuple[SearchEngine, SearchEngine], words: str, expected: list[int]
) -> None:
    for engine in worded:
        kept, others = (
            {result.doc_id for result in engine.search("x", ranker="knn", k=50, filters=filters).results}
            for filters in (Filters(words=words), Filters(without=words))
        )
        assert kept == set(map(str, expected))
        assert others == set(map(str, range(len(WORDED)))) - kept


def test_all_that_the_pages_ask_for_is_there(local: SearchEngine, served: SearchEngine) -> None:
    marks = Feedback(("doc 3", "gone"), ("doc 11",))
    known = served.within(marks)
    assert known == Feedback(("doc 3",), ("doc 11",))
    scorers = [engine.search("cat and dog", known, ranker="svm").scorer for engine in (local, served)]
    sample = served.sample(30, 2)
    assert len(set(sample)) == 30
    groups = [("some", sample), ("marked", marks.positives)]
    planes = [
        score_plane(engine, Scorer(engine.query_vector("cat")), scorer, groups)
        for engine, scorer in zip((local, served), scorers, strict=True)
    ]
    assert [(point.doc_id, point.kind) for point in planes[0]] == [(point.doc_id, point.kind) for point in planes[1]]
    np.testing.assert_allclose([point.y for point in planes[1]], [point.y for point in planes[0]], atol=2e-3)
    one, other = (replace(engine.result(scorers[1], "doc 40"), score=0) for engine in (local, served))
    assert one == other
    assert export_table(served.corpus, marks) == export_table(local.corpus, marks)
    assert served.corpus.facets == facets_of(local.corpus.documents, local.corpus.arrivals)
    with pytest.raises(ValueError, match="there is no document 'gone' in the corpus 'many.words-1'"):
        served.search("cat", marks)


def test_an_evaluation_measures_the_same(local: SearchEngine, served: SearchEngine) -> None:
    results = [
        evaluate(
            engine, judgements_of(engine.corpus), rankers=("knn", "words", "centred", "anchored"), rounds=2, n_queries=4
        )
        for engine in (local, served)
    ]
    assert [(each.protocol, each.round, each.ranker) for each in results[0]] == [
        (each.protocol, each.round, each.ranker) for each in results[1]
    ]
    for one, other in zip(*results, strict=True):
        assert {name: values.tolist() for name, values in one.values.items()} == {
            name: values.tolist() for name, values in other.values.items()
        }


@pytest.mark.parametrize("index_type", ["IVF_FLAT", "IVF_SQ8", "HNSW", "AUTOINDEX"])
def test_an_approximate_index_is_searched_and_never_called_exact(
    folder: Path, corpus: Corpus, local: SearchEngine, index_type: str
) -> None:
    path = str(folder / f"{index_type}.db")
    push_corpus(corpus, path, index_type=index_type)
    found, index, words = open_served(path, "many.words-1")
    assert not index.exact
    engine = SearchEngine(found, lambda *_: FakeEncoder(max_tokens=8), index, words)
    ranking = engine.search("cat and dog", MARKS[1], ranker="svm", until="exact")
    assert ranking.scorer.svm.stopped in ("settled", "budget")
    expected = local.search("cat and dog", MARKS[1], ranker="svm", until="exact").doc_ids
    assert len(set(ranking.doc_ids) & set(expected)) >= 8


def test_a_corpus_of_another_model_is_told(uri: str) -> None:
    other = FakeEncoder(max_tokens=8)
    other.revision = "2"
    found, index, _ = open_served(uri, "many.words-1")
    with pytest.raises(EncoderMismatch, match="was built with fake .revision 1, 64 dimensions., but fake .revision 2"):
        SearchEngine(found, lambda *_: other, index).search("cat")


def test_choices_are_shortened_to_what_a_property_holds() -> None:
    choices = Facets({f"label {n}": 9 for n in range(3000)}, {"column": {f"value {n}": n for n in range(2000)}})
    text = choices.to_json(60_000)
    assert len(text) <= 60_000
    kept = Facets.from_json(text)
    assert (len(kept.labels), len(kept.fields["column"])) == (1000, 1000)
    assert Facets.from_json("[]") == Facets.from_json("") == Facets({}, {})
