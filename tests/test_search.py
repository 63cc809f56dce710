import numpy as np
import pytest

from data.corpus import Corpus
from data.ingest import build_corpus
from retrieval.feedback import Feedback
from retrieval.search import RANKERS, DocumentQuery, EncoderMismatch, Ranker, Ranking, Result, SearchEngine
from tests.conftest import ANIMALS, source_of
from tests.fake_encoder import FakeEncoder


@pytest.fixture
def engine(animals: Corpus, encoder: FakeEncoder) -> SearchEngine:
    return SearchEngine(animals, lambda model, precision: encoder)


def ids(ranking: Ranking) -> list[str]:
    return [result.doc_id for result in ranking.results]


def test_a_result_says_all_there_is_to_a_document(engine: SearchEngine) -> None:
    ranking = engine.search("rain is expected tomorrow", ranker="knn", k=1)
    text = "rain is expected tomorrow"
    [result] = ranking.results
    assert result == Result(1, "8", result.score, "weather", text, passage=text)
    assert result.score == pytest.approx(1.0)
    assert (ranking.query, ranking.ranker) == (text, "knn")
    assert ranking.seconds > 0


def test_knn_is_brute_force_cosine(engine: SearchEngine, animals: Corpus, encoder: FakeEncoder) -> None:
    ranking = engine.search("the cat and the dog", ranker="knn", k=10)
    cosines = animals.vectors @ encoder.encode_query("the cat and the dog")
    assert ids(ranking) == [str(row) for row in np.argsort(-cosines, kind="stable")]
    assert [result.score for result in ranking.results] == pytest.approx(sorted(cosines.tolist(), reverse=True))
    assert [result.rank for result in ranking.results] == list(range(1, 11))


def test_knn_leaves_marks_aside_and_svm_follows_them(engine: SearchEngine) -> None:
    marks = Feedback(positives=("7", "6"), negatives=("3",))
    assert ids(engine.search("cat", marks, ranker="knn")) == ids(engine.search("cat", ranker="knn"))
    before, after = engine.search("cat", ranker="svm"), engine.search("cat", marks, ranker="svm")
    assert ids(before)[:3] == ["0", "1", "3"]
    assert set(ids(after)[:2]) == {"6", "7"}
    assert ids(after).index("3") > ids(before).index("3")


def test_anchored_stays_closer_to_knn_than_the_svm(engine: SearchEngine) -> None:
    marks = Feedback(positives=("7", "6"))

    def moved(ranker: Ranker) -> int:
        knn, other = (ids(engine.search("the cat", marks, ranker=each, k=10)) for each in ("knn", ranker))
        return sum(abs(knn.index(doc_id) - other.index(doc_id)) for doc_id in knn)

    assert 0 < moved("anchored") < moved("svm")


def test_a_ranking_says_what_its_training_took(engine: SearchEngine) -> None:
    assert engine.search("cat", ranker="knn").svm is None
    for ranker in ("svm", "anchored"):
        settled, exact = (engine.search("cat", ranker=ranker, until=until) for until in ("settled", "exact"))
        assert exact.svm is not None
        assert exact.svm.stopped == "exact"
        assert exact.svm.scans >= 1
        assert 1 <= exact.svm.support <= 11
        assert 0 < exact.svm.seconds < exact.seconds
        assert ids(settled) == ids(exact)


def test_scores_are_the_classifiers(engine: SearchEngine, animals: Corpus) -> None:
    ranking = engine.search("cat", Feedback(("2",), ("8",)), ranker="svm", C=1)
    assert ranking.svm is not None
    scores = animals.vectors @ ranking.svm.w + ranking.svm.b
    assert [result.score for result in ranking.results] == pytest.approx(sorted(scores.tolist(), reverse=True))


def test_c_weighs_the_data(engine: SearchEngine) -> None:
    light, heavy = (engine.search("cat", Feedback(("7",)), C=C).results[0] for C in (0.001, 10))
    assert light.score < 0.5 < 0.9 < heavy.score


def test_a_document_as_query_does_not_find_itself(engine: SearchEngine) -> None:
    for ranker in RANKERS:
        ranking = engine.search(DocumentQuery("5"), ranker=ranker, k=10)
        assert sorted(ids(ranking)) == sorted(set("0123456789") - {"5"})
        assert set(ids(ranking)[:2]) == {"6", "7"}


def test_a_document_as_query_may_be_marked_as_well(engine: SearchEngine) -> None:
    plain = engine.search(DocumentQuery("5"))
    for feedback in (Feedback(positives=("5",)), Feedback(negatives=("5",))):
        assert engine.search(DocumentQuery("5"), feedback).results == plain.results


def test_duplicates_of_a_positive_are_no_background(encoder: FakeEncoder) -> None:
    def scores(texts: list[str], name: str) -> dict[str, float]:
        engine = SearchEngine(build_corpus(source_of(texts, name=name), encoder), lambda model, precision: encoder)
        ranking = engine.search(ANIMALS[1], Feedback(("5",)), k=20)
        return {result.doc_id: result.score for result in ranking.results}

    once = scores([text for text in ANIMALS if text != ANIMALS[1]], "once")
    many = scores([*(text for text in ANIMALS if text != ANIMALS[1]), ANIMALS[6], ANIMALS[1]], "many")
    assert once == pytest.approx({doc_id: score for doc_id, score in many.items() if doc_id in once})
    assert many["9"] == pytest.approx(many["5"])


@pytest.mark.parametrize("ranker", RANKERS)
def test_every_document_marked_still_gives_a_ranking(engine: SearchEngine, ranker: Ranker) -> None:
    everything = tuple("0123456789")
    for marks in (Feedback(everything), Feedback((), everything), Feedback(everything[:5], everything[5:])):
        assert sorted(ids(engine.search("cat", marks, ranker=ranker))) == list(everything)
        assert len(engine.search(DocumentQuery("3"), marks, ranker=ranker).results) == 9


@pytest.mark.parametrize("ranker", RANKERS)
def test_the_same_text_marked_both_ways_gives_a_ranking(encoder: FakeEncoder, ranker: Ranker) -> None:
    twice = source_of([*ANIMALS, ANIMALS[1]], name="twice")
    engine = SearchEngine(build_corpus(twice, encoder), lambda model, precision: encoder)
    ranking = engine.search(ANIMALS[1], Feedback(("1",), ("10",)), ranker=ranker, k=11)
    assert set(ids(ranking)[:2]) == {"1", "10"}
    assert ranking.results[0].score == pytest.approx(ranking.results[1].score)


def test_a_corpus_of_one_document_can_be_searched(encoder: FakeEncoder) -> None:
    engine = SearchEngine(build_corpus(source_of(["only one"]), encoder), lambda model, precision: encoder)
    for ranker in RANKERS:
        for marks in (Feedback(), Feedback(("0",)), Feedback((), ("0",))):
            assert ids(engine.search("one", marks, ranker=ranker)) == ["0"]
            assert ids(engine.search(DocumentQuery("0"), marks, ranker=ranker)) == []


def test_permuting_the_corpus_permutes_the_ranking(encoder: FakeEncoder) -> None:
    order = [3, 1, 4, 0, 9, 2, 6, 5, 8, 7]
    permuted = SearchEngine(
        build_corpus(source_of([ANIMALS[row] for row in order], name="permuted"), encoder),
        lambda model, precision: encoder,
    )
    straight = SearchEngine(build_corpus(source_of(ANIMALS), encoder), lambda model, precision: encoder)
    for ranker in RANKERS:
        first = straight.search("a kitten and the market", Feedback(("6",), ("0",)), ranker=ranker)
        marks = Feedback((str(order.index(6)),), (str(order.index(0)),))
        second = permuted.search("a kitten and the market", marks, ranker=ranker)
        assert [order[int(doc_id)] for doc_id in ids(second)] == [int(doc_id) for doc_id in ids(first)]


def test_a_mark_ranks_again_without_encoding_again(engine: SearchEngine, encoder: FakeEncoder) -> None:
    for feedback in (Feedback(), Feedback(("1",)), Feedback(("1", "2"))):
        engine.search("cat", feedback)
    assert encoder.queries_encoded == 1


def test_a_document_as_query_needs_no_encoder(animals: Corpus) -> None:
    def unavailable(model: str, precision: str) -> FakeEncoder:
        raise AssertionError("the encoder was loaded")

    assert SearchEngine(animals, unavailable).search(DocumentQuery("0")).results


def test_the_corpus_own_model_encodes_the_query(animals: Corpus, encoder: FakeEncoder) -> None:
    asked = []

    def load(model: str, precision: str) -> FakeEncoder:
        asked.append((model, precision))
        return encoder

    SearchEngine(animals, load).search("cat")
    assert asked == [("fake", "float32")]


def test_another_model_than_the_corpus_own_is_an_error(animals: Corpus) -> None:
    engine = SearchEngine(animals, lambda model, precision: FakeEncoder(dim=32))
    with pytest.raises(EncoderMismatch, match=r"built with fake \(64 dimensions\), but fake \(32\).*build the corpus"):
        engine.search("cat")


def test_another_model_of_the_same_size_is_an_error(animals: Corpus, encoder: FakeEncoder) -> None:
    encoder.model = "another"
    with pytest.raises(EncoderMismatch, match=r"built with fake \(64 dimensions\), but another \(64\) was loaded"):
        SearchEngine(animals, lambda model, precision: encoder).search("cat")


def test_a_query_that_is_no_text_is_an_error(engine: SearchEngine) -> None:
    with pytest.raises(ValueError, match="no Unicode text"):
        engine.search("caf\udce9")


@pytest.mark.parametrize("query", ["", "  \n\t "])
def test_an_empty_query_is_an_error(engine: SearchEngine, query: str) -> None:
    with pytest.raises(ValueError, match="the query is empty"):
        engine.search(query)


def test_unknown_documents_rankers_and_counts_are_errors(engine: SearchEngine) -> None:
    with pytest.raises(ValueError, match="no document 'x' in the corpus 'animals'"):
        engine.search("cat", Feedback(("x",)))
    with pytest.raises(ValueError, match="no document 'y' in the corpus 'animals'"):
        engine.search(DocumentQuery("y"))
    with pytest.raises(ValueError, match="C must be a positive number up to 1,000,000, got 0"):
        engine.search("cat", C=0)
    with pytest.raises(ValueError, match="the ranker is one of knn, svm, anchored; got 'bm25'"):
        engine.search("cat", ranker="bm25")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1, got 0"):
        engine.search("cat", k=0)
