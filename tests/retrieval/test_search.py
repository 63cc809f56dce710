import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.filters import Filters, matching_rows
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.rankers import LEARNING, RANKERS, Ranker
from exemplar.retrieval.ranking import DocumentQuery, Ranking, Result
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.svm.fit import fit_exemplar_svm
from tests.support.corpora import ANIMALS, LABELS, source_of
from tests.support.fake_encoder import FakeEncoder

BY_VECTORS = [ranker for ranker in RANKERS if ranker != "words"]  # which ranks only what shares a word


@pytest.fixture
def engine(animals: Corpus, encoder: FakeEncoder) -> SearchEngine:
    return SearchEngine(animals, lambda built: encoder)


def ids(ranking: Ranking) -> list[str]:
    return [result.doc_id for result in ranking.results]


def test_a_result_says_all_there_is_to_a_document(engine: SearchEngine) -> None:
    ranking = engine.search("rain is expected tomorrow", ranker="knn", k=1)
    text = "rain is expected tomorrow"
    [result] = ranking.results
    assert result == Result(1, "8", result.score, ("weather",), text, passage=text)
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


def test_where_the_query_finds_what_is_marked_anchored_stays_closer_to_knn_than_the_svm(engine: SearchEngine) -> None:
    marks = Feedback(positives=("3",))

    def moved(ranker: Ranker) -> int:
        knn, other = (ids(engine.search("the cat", marks, ranker=each, k=10)) for each in ("knn", ranker))
        return sum(abs(knn.index(doc_id) - other.index(doc_id)) for doc_id in knn)

    for ranker in ("anchored", "anchored-vectors"):
        assert 0 < moved(ranker) < moved("svm")


def test_before_a_mark_anchored_ranks_as_query_vector_and_words_do_about(engine: SearchEngine) -> None:
    hybrid, anchored, svm = (ids(engine.search("the cat", ranker=each, k=10)) for each in ("hybrid", "anchored", "svm"))
    assert anchored[:5] == hybrid[:5] != svm[:5]


def test_a_ranking_says_what_its_training_took(engine: SearchEngine) -> None:
    assert engine.search("cat", ranker="knn").scorer.svm is None
    for ranker in ("svm", "anchored"):
        settled, exact = (engine.search("cat", ranker=ranker, until=until) for until in ("settled", "exact"))
        svm = exact.scorer.svm
        assert svm is not None
        assert svm.stopped == "exact"
        assert svm.scans >= 1
        assert 1 <= svm.support <= 11
        assert 0 < svm.seconds < exact.seconds
        assert ids(settled) == ids(exact)


def test_scores_are_the_classifiers(engine: SearchEngine, animals: Corpus) -> None:
    ranking = engine.search("cat", Feedback(("2",), ("8",)), ranker="svm", C=1)
    assert ranking.scorer.svm is not None
    scores = animals.vectors @ ranking.scorer.w + ranking.scorer.b
    assert [result.score for result in ranking.results] == pytest.approx(sorted(scores.tolist(), reverse=True))


@pytest.mark.parametrize("doc_id", list("0123467"))
@pytest.mark.parametrize("ranker", ["anchored", "anchored-vectors"])
def test_a_negative_never_rises(engine: SearchEngine, ranker: Ranker, doc_id: str) -> None:
    before, after = (
        engine.search("the dog", Feedback(("5",), negatives), ranker=ranker) for negatives in ((), (doc_id,))
    )
    was = ids(before).index(doc_id)
    if before.scores[was] > -1:  # else it is taken for not relevant already, and the mark changes nothing
        assert ids(after).index(doc_id) >= was
        assert after.scores[ids(after).index(doc_id)] < before.scores[was]


def test_a_ranking_by_words_needs_no_encoder_and_knows_where_it_ends(animals: Corpus) -> None:
    def load(built: EncoderInfo) -> FakeEncoder:
        raise AssertionError("the encoder is not needed")

    engine = SearchEngine(animals, load)
    expected = [str(row) for row, text in enumerate(ANIMALS) if "cat" in text.split()]
    for k in (1, 2, 10):
        ranking = engine.search("a cat", ranker="words", k=k)
        assert ranking.n_texts == len(expected) > 2
        assert len(ranking.results) == min(k, len(expected))
    assert sorted(ids(ranking)) == expected
    assert "5" not in ids(engine.search(DocumentQuery("5"), ranker="words"))


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("filters", [None, Filters(labels=("animal",))])
def test_without_results_no_document_is_read(
    engine: SearchEngine, ranker: Ranker, filters: Filters | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = engine.search("the cat", ranker=ranker, k=4, filters=filters)

    def read(self: Corpus, row: int) -> None:
        raise AssertionError("no document is needed")

    monkeypatch.setattr(Corpus, "document", read)
    ranking = engine.search("the cat", ranker=ranker, k=0, depth=4, filters=filters)
    assert ranking == replace(expected, results=(), seconds=ranking.seconds)
    top = engine.search("the cat", ranker=ranker, k=0, filters=filters)
    assert top == replace(ranking, doc_ids=(), rows=(), scores=(), texts=(), seconds=top.seconds)


@pytest.mark.parametrize("ranker", RANKERS)
def test_a_ranking_has_the_rows_of_its_documents(engine: SearchEngine, ranker: Ranker) -> None:
    ranking = engine.search("the cat", Feedback(("3",)), ranker=ranker, k=2, skip=1, depth=7)
    assert ranking.rows == tuple(map(int, ranking.doc_ids))
    assert len(ranking.rows) >= 3


@pytest.mark.parametrize("ranker", LEARNING)
@pytest.mark.parametrize("query", ["cat", DocumentQuery("1")])
def test_an_earlier_query_trains_as_a_positive(
    engine: SearchEngine, ranker: Ranker, query: str | DocumentQuery
) -> None:
    marks = Feedback(("3",), ("8",))

    def ranked(feedback: Feedback, *earlier: str | DocumentQuery) -> list[tuple[str, float]]:
        ranking = engine.search(query, feedback, ranker=ranker, k=10, until="exact", earlier=earlier)
        return [(result.doc_id, round(result.score, 4)) for result in ranking.results]

    plain = ranked(marks)
    typed, document = ranked(marks, "stocks fell"), ranked(marks, DocumentQuery("5"))
    assert plain != typed != document != plain
    assert typed == ranked(replace(marks, positive_texts=("stocks fell",)))
    assert document == ranked(replace(marks, positives=("3", "5")))
    both = replace(marks, positives=("3", "5"), positive_texts=("stocks fell",))
    assert ranked(marks, "stocks fell", DocumentQuery("5"), "stocks fell", DocumentQuery("5")) == ranked(both)
    assert ranked(marks, query) == plain


@pytest.mark.parametrize("ranker", [ranker for ranker in RANKERS if ranker not in LEARNING])
def test_rankers_that_leave_marks_aside_take_the_last_query_alone(engine: SearchEngine, ranker: Ranker) -> None:
    alone = engine.search("cat", ranker=ranker)
    assert engine.search("cat", ranker=ranker, earlier=("stocks", DocumentQuery("5"), " ")) == alone


@pytest.mark.parametrize("marks", [Feedback(("5",)), Feedback((), ("5",)), Feedback((), (), ("5",)), Feedback(("0",))])
def test_an_earlier_document_adds_nothing_to_a_mark_on_its_text(encoder: FakeEncoder, marks: Feedback) -> None:
    corpus = build_corpus(source_of([*ANIMALS, ANIMALS[5], ANIMALS[0]]), encoder)
    engine = SearchEngine(corpus, lambda built: encoder)
    plain = engine.search("cat", marks)
    lost = [DocumentQuery("gone"), DocumentQuery("7", "0" * 16)]
    same = ["0", "11"] if marks.positives == ("0",) else ["5", "10"]
    assert engine.search("cat", marks, earlier=[*map(DocumentQuery, same), *lost]) == plain
    [known] = corpus.text_hashes([7])
    assert engine.search("cat", marks, earlier=[DocumentQuery("7", known)]) != plain


def test_an_earlier_query_that_cannot_be_encoded_is_an_error(engine: SearchEngine) -> None:
    with pytest.raises(ExemplarError, match="the query is empty"):
        engine.search("cat", earlier=(" ",))


def test_copies_of_an_earlier_query_are_no_background(engine: SearchEngine) -> None:
    assert set(engine.examples("cat", Feedback(("5",)), earlier=(ANIMALS[2], "a text of mine")).left_out) == {2, 5}
    assert set(engine.examples(DocumentQuery("8"), Feedback(), earlier=(ANIMALS[2],)).left_out) == {2, 8}


def test_without_vectors_earlier_queries_train_by_words(words_alone: SearchEngine) -> None:
    plain, added = (words_alone.search("cat", k=10, earlier=earlier) for earlier in ((), ("stocks",)))
    assert set(ids(plain)[:3]) == {"0", "1", "3"}
    assert set(ids(added)[:3]) == {"5", "6", "7"}


def test_without_vectors_a_query_of_unknown_words_finds_nothing_until_something_is_relevant(
    words_alone: SearchEngine,
) -> None:
    for marks in (Feedback(), Feedback((), ("7",))):
        assert ids(words_alone.search("unicorn", marks, k=10)) == []
    assert set(ids(words_alone.search("unicorn", Feedback(("7",)), k=10))[:3]) == {"5", "6", "7"}


def test_what_passes_the_filters_stands_in_the_order_of_the_corpus(encoder: FakeEncoder) -> None:
    engine = SearchEngine(build_corpus(source_of([*ANIMALS, ANIMALS[6]], [*LABELS, "market"]), encoder))
    markets = Filters(labels=("market",))
    assert engine.passing(None) == engine.passing(Filters()) == [str(row) for row in range(11)]
    assert engine.passing(markets) == ["5", "6", "7", "10"]
    assert engine.passing(markets, without=("10", "0", "gone")) == ["5", "7"]
    assert engine.passing(None, without=("6",)) == [*"01234", "5", *"789"]
    assert engine.passing(Filters(words="aardvark")) == []
    assert engine.passing(markets) == ["5", "6", "7", "10"], "what is left out is left out once"


def test_c_weighs_the_data(engine: SearchEngine) -> None:
    light, heavy = (engine.search("cat", Feedback(("7",)), C=C).results[0] for C in (0.0001, 10))
    assert light.score < 0.9 < heavy.score


def test_a_document_as_query_does_not_find_itself(engine: SearchEngine) -> None:
    for ranker in BY_VECTORS:
        ranking = engine.search(DocumentQuery("5"), ranker=ranker, k=10)
        assert sorted(ids(ranking)) == sorted(set("0123456789") - {"5"})
        assert set(ids(ranking)[:2]) == {"6", "7"}


def test_a_document_as_query_may_be_marked_as_well(engine: SearchEngine) -> None:
    plain = engine.search(DocumentQuery("5"))
    for feedback in (Feedback(positives=("5",)), Feedback(negatives=("5",))):
        assert engine.search(DocumentQuery("5"), feedback).results == plain.results


@pytest.mark.parametrize("marks", [Feedback(("5",)), Feedback((), ("5",)), Feedback(("5",), ("2",), ("8",))])
def test_copies_of_a_marked_text_are_no_background(encoder: FakeEncoder, marks: Feedback) -> None:
    once = SearchEngine(build_corpus(source_of(ANIMALS, name="once"), encoder), lambda *_: encoder)
    texts = [*ANIMALS, *(ANIMALS[int(doc_id)] for doc_id in marks.marked), ANIMALS[1]]
    many = SearchEngine(build_corpus(source_of(texts, name="many"), encoder), lambda *_: encoder)
    alone, copied = (engine.search(ANIMALS[1], marks, ranker="anchored-vectors", k=20) for engine in (once, many))
    assert ids(copied) == ids(alone)
    assert copied.scores == pytest.approx(alone.scores)


@pytest.mark.parametrize("ranker", BY_VECTORS)
def test_every_document_marked_still_gives_a_ranking(engine: SearchEngine, ranker: Ranker) -> None:
    everything = tuple("0123456789")
    for marks in (Feedback(everything), Feedback((), everything), Feedback(everything[:5], everything[5:])):
        assert sorted(ids(engine.search("cat", marks, ranker=ranker))) == list(everything)
        assert len(engine.search(DocumentQuery("3"), marks, ranker=ranker).results) == 9


@pytest.fixture
def copied(encoder: FakeEncoder) -> SearchEngine:
    """The animals; 1 again as 10 and 12, 5 again as 11."""
    texts = [*ANIMALS, ANIMALS[1], ANIMALS[5], ANIMALS[1]]
    return SearchEngine(build_corpus(source_of(texts, [*LABELS, "copy", "copy", "last"]), encoder), lambda *_: encoder)


@pytest.mark.parametrize("ranker", BY_VECTORS)
def test_exact_copies_are_one_result(copied: SearchEngine, ranker: Ranker) -> None:
    ranking = copied.search(ANIMALS[1], ranker=ranker, k=20)
    assert sorted(ids(ranking)) == list("0123456789")
    assert {result.doc_id: result.copies for result in ranking.results if result.copies} == {
        "1": ("10", "12"),
        "5": ("11",),
    }
    assert (ranking.n_candidates, ranking.n_texts) == (13, 10)
    first, second, third = (copied.search(ANIMALS[1], ranker=ranker, k=4, skip=skip) for skip in (0, 4, 8))
    assert ids(first) + ids(second) + ids(third) == ids(ranking)
    assert [page.n_texts for page in (first, second, third)] == [10, 10, 10]
    assert [result.rank for result in second.results] == [5, 6, 7, 8]


def test_of_copies_that_pass_the_filters_one_is_a_result(copied: SearchEngine) -> None:
    ranking = copied.search("cat", ranker="knn", k=20, filters=Filters(labels=("copy", "last", "weather")))
    assert {result.doc_id: result.copies for result in ranking.results} == {
        "8": (),
        "9": (),
        "10": ("1", "12"),
        "11": ("5",),
    }
    assert (ranking.n_candidates, ranking.n_texts) == (5, 4)
    page = copied.search("cat", ranker="knn", k=1, filters=Filters(labels=("copy", "last")), without=("11",))
    assert (ids(page), page.n_candidates, page.n_texts) == (["10"], 2, 1)


def test_what_is_left_out_is_left_out_with_its_copies(copied: SearchEngine) -> None:
    ranking = copied.search("cat", ranker="knn", k=20, without=("12", "0"))
    assert sorted(ids(ranking)) == list("23456789")
    assert copied.search("cat", ranker="knn", k=1, without=("12", "0")).n_texts == 8
    assert sorted(ids(copied.search(DocumentQuery("11"), ranker="knn", k=20))) == list("012346789")


@pytest.mark.parametrize("ranker", ["knn", "hybrid"])
@pytest.mark.parametrize("query", ["the cat", DocumentQuery("1")])
@pytest.mark.parametrize("filters", [None, Filters(labels=("animal", "copy", "last"))])
def test_what_marks_leave_out_is_left_out_of_a_longer_ranking_that_stays(
    copied: SearchEngine,
    monkeypatch: pytest.MonkeyPatch,
    ranker: Ranker,
    query: str | DocumentQuery,
    filters: Filters | None,
) -> None:
    monkeypatch.setattr("exemplar.retrieval.search._SPARE", 3)
    left_out = [ids(copied.search(query, ranker=ranker, k=20))[:n] for n in range(6)]
    asked = [{"k": k, "depth": depth, "without": each} for each in left_out for k in (0, 2, 20) for depth in (0, 4)]
    top_passages, ranked = copied.top_passages, []

    def search() -> list[tuple]:
        found = [copied.search(query, ranker=ranker, filters=filters, **each) for each in asked]
        return [
            (each.doc_ids, each.rows, each.scores, each.texts, ids(each), each.n_candidates, each.n_texts)
            for each in found
        ]

    monkeypatch.setattr(copied, "top_passages", lambda *given, **how: ranked.append(0) or top_passages(*given, **how))
    kept, n_kept = search(), len(ranked)
    monkeypatch.setattr("exemplar.retrieval.search._LONGEST_CACHED", -1)
    assert kept == search()
    assert n_kept < len(ranked) - n_kept, "most of it is ranked once"


@pytest.mark.parametrize("ranker", RANKERS)
def test_a_mark_on_a_text_is_one_mark_on_whichever_copy(copied: SearchEngine, ranker: Ranker) -> None:
    def found(query: str | DocumentQuery, marks: Feedback) -> list[tuple[str, float]]:
        return [(result.doc_id, result.score) for result in copied.search(query, marks, ranker=ranker, k=20).results]

    expected = found("rain", Feedback(("1",), ("5",)))
    for marks in (Feedback(("12",), ("11",)), Feedback(("10", "1", "12"), ("5", "11"))):
        assert found("rain", marks) == expected
    unmarked = found(DocumentQuery("1"), Feedback())
    assert found(DocumentQuery("1"), Feedback(("12",))) == unmarked


def test_copies_with_different_marks_are_an_error(copied: SearchEngine) -> None:
    for marks in (Feedback(("1",), ("12",)), Feedback(("1",), (), ("12",))):
        with pytest.raises(ValueError, match="the documents '1' and '12' are copies of one text with different marks"):
            copied.search("cat", marks, ranker="knn")


def test_very_many_copies_leave_room_for_other_texts(encoder: FakeEncoder) -> None:
    corpus = build_corpus(source_of([*["the same words"] * 100, "other words", "more of it"], name="spam"), encoder)
    ranking = SearchEngine(corpus, lambda *_: encoder).search("the same words", ranker="knn", k=3)
    assert ids(ranking) == ["0", "100", "101"]
    assert len(ranking.results[0].copies) == 99


def test_a_corpus_of_one_document_can_be_searched(encoder: FakeEncoder) -> None:
    engine = SearchEngine(build_corpus(source_of(["only one"]), encoder), lambda built: encoder)
    for ranker in RANKERS:
        for marks in (Feedback(), Feedback(("0",)), Feedback((), ("0",))):
            assert ids(engine.search("one", marks, ranker=ranker)) == ["0"]
            assert ids(engine.search(DocumentQuery("0"), marks, ranker=ranker)) == []


def test_permuting_the_corpus_permutes_the_ranking(encoder: FakeEncoder) -> None:
    order = [3, 1, 4, 0, 9, 2, 6, 5, 8, 7]
    permuted = SearchEngine(
        build_corpus(source_of([ANIMALS[row] for row in order], name="permuted"), encoder),
        lambda built: encoder,
    )
    straight = SearchEngine(build_corpus(source_of(ANIMALS), encoder), lambda built: encoder)
    for ranker in RANKERS:
        first = straight.search("a kitten and the market", Feedback(("6",), ("0",)), ranker=ranker)
        marks = Feedback((str(order.index(6)),), (str(order.index(0)),))
        second = permuted.search("a kitten and the market", marks, ranker=ranker)
        assert [order[int(doc_id)] for doc_id in ids(second)] == [int(doc_id) for doc_id in ids(first)]


def test_a_mark_ranks_again_without_encoding_again(engine: SearchEngine, encoder: FakeEncoder) -> None:
    for feedback in (Feedback(), Feedback(("1",)), Feedback(("1", "2"))):
        engine.search("cat", feedback)
    assert encoder.queries_encoded == 1


def test_the_model_is_loaded_once(animals: Corpus, encoder: FakeEncoder) -> None:
    loaded = []
    engine = SearchEngine(animals, lambda *asked: loaded.append(asked) or encoder)
    for query in ("cat", "dog", "rain"):
        engine.search(query)
    assert loaded == [(encoder.info,)]


def test_a_document_as_query_needs_no_encoder(animals: Corpus) -> None:
    def unavailable(model: str, precision: str) -> FakeEncoder:
        raise AssertionError("the encoder was loaded")

    assert SearchEngine(animals, unavailable).search(DocumentQuery("0")).results


def test_the_corpus_own_model_encodes_the_query(animals: Corpus, encoder: FakeEncoder) -> None:
    asked = []

    def load(built: EncoderInfo) -> FakeEncoder:
        asked.append(built)
        return encoder

    SearchEngine(animals, load).search("cat")
    assert asked == [encoder.info]


def test_another_model_than_the_corpus_own_is_an_error(animals: Corpus) -> None:
    engine = SearchEngine(animals, lambda built: FakeEncoder(dim=32))
    with pytest.raises(
        EncoderMismatch,
        match=r"\(revision 1, 64 .* but fake \(revision 1, 32 .*build the corpus again",
    ):
        engine.search("cat")


def test_another_model_of_the_same_size_is_an_error(animals: Corpus, encoder: FakeEncoder) -> None:
    encoder.model = "another"
    with pytest.raises(EncoderMismatch, match=r"built with fake \(revision 1, 64 .*but another \(revision 1, 64"):
        SearchEngine(animals, lambda built: encoder).search("cat")


def test_a_query_that_is_no_text_is_an_error(engine: SearchEngine) -> None:
    with pytest.raises(ValueError, match="not Unicode text"):
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
    with pytest.raises(
        ValueError, match="the ranker is one of knn, words, hybrid, svm, anchored-vectors, anchored; got 'bm25'"
    ):
        engine.search("cat", ranker="bm25")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 0, got -1"):
        engine.search("cat", k=-1)


LONG = [
    "the cat sleeps all day. " * 3 + "stocks fell again today. " * 3,
    "stocks rose a little bit. " * 2,
    "rain and more rain came. " * 3 + "the dog runs all day. " * 3,
    "bonds were traded quite a lot.",
    "a cat is asleep on it.",
]


@pytest.fixture
def long_texts() -> tuple[SearchEngine, Corpus, FakeEncoder]:
    """Five documents, 0 and 2 about two things each and of several passages."""
    encoder = FakeEncoder(max_tokens=16)
    corpus = build_corpus(source_of(LONG, name="long"), encoder)
    assert corpus.document_rows.tolist() == [0, 0, 1, 2, 2, 3, 4]
    return SearchEngine(corpus, lambda *_: encoder), corpus, encoder


def test_a_document_ranks_by_its_best_passage_which_is_shown(long_texts: tuple) -> None:
    engine, corpus, encoder = long_texts
    ranking = engine.search("stocks fell today", ranker="knn", k=5)
    assert sorted(ids(ranking)) == ["0", "1", "2", "3", "4"]
    cosines = corpus.vectors @ encoder.encode_query("stocks fell today")
    best = [float(cosines[corpus.passages_of(row)].max()) for row in range(5)]
    assert [result.score for result in ranking.results] == pytest.approx(sorted(best, reverse=True))
    [first] = [result for result in ranking.results if result.doc_id == "0"]
    assert first.text == LONG[0]
    assert first.passage in LONG[0]
    assert first.passage.count("stocks") == 3
    assert engine.search("the cat", ranker="knn").results[0].passage.startswith("the cat")


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("ranker", RANKERS)
def test_every_number_of_documents_can_be_asked_for(long_texts: tuple, ranker: Ranker, k: int) -> None:
    engine, _, _ = long_texts
    assert ids(engine.search("stocks", ranker=ranker, k=k)) == ids(engine.search("stocks", ranker=ranker, k=5))[:k]


def test_a_mark_counts_for_the_passage_nearest_to_the_query_and_its_others_for_nothing(long_texts: tuple) -> None:
    engine, corpus, encoder = long_texts
    vector = encoder.encode_query("the cat")
    near = int(np.argmax(corpus.vectors[[0, 1]] @ vector))
    for feedback, positives, negatives in [
        (Feedback(("0",)), [near], []),
        (Feedback((), ("0",)), [], [near]),
    ]:
        expected = fit_exemplar_svm(
            DenseIndex(corpus.vectors),
            np.concatenate([vector[None], corpus.vectors[positives]]),
            negatives,
            exclude=[0, 1],
        )
        svm = engine.search("the cat", feedback, ranker="svm").scorer.svm
        np.testing.assert_allclose(svm.w, expected.w)


def test_a_long_document_as_the_query_stands_for_the_mean_of_its_passages(long_texts: tuple) -> None:
    engine, corpus, _ = long_texts
    ranking = engine.search(DocumentQuery("2"), ranker="knn", k=5)
    assert sorted(ids(ranking)) == ["0", "1", "3", "4"]
    mean = corpus.vectors[[3, 4]].mean(axis=0)
    mean /= np.linalg.norm(mean)
    best = [(corpus.vectors[corpus.passages_of(row)] @ mean).max() for row in (0, 1, 3, 4)]
    assert [result.score for result in ranking.results] == pytest.approx(sorted(best, reverse=True), abs=1e-6)


def test_a_query_longer_than_the_model_s_input_stands_for_the_mean_of_its_passages(long_texts: tuple) -> None:
    engine, corpus, encoder = long_texts
    ranking = engine.search(LONG[2], ranker="knn", k=5)
    parts = np.stack([encoder.encode_query(LONG[2][start:end]) for _, start, end in corpus.passages[[3, 4]]])
    mean = parts.mean(axis=0) / np.linalg.norm(parts.mean(axis=0))
    best = [(corpus.vectors[corpus.passages_of(row)] @ mean).max() for row in range(5)]
    assert [result.score for result in ranking.results] == pytest.approx(sorted(best, reverse=True), abs=1e-6)
    ends = [engine.search(text, ranker="knn", k=5).results[0].doc_id for text in ("rain", "a dog runs")]
    assert ends == ["2", "2"]


def test_where_a_document_is_its_beginning_so_is_a_query(encoder: FakeEncoder) -> None:
    encoder = FakeEncoder(max_tokens=16)
    engine = SearchEngine(build_corpus(source_of(LONG), encoder, whole=True), lambda *_: encoder)
    beginning = " ".join(LONG[2].split()[:16])
    for ranker in ("knn", "svm", "anchored-vectors"):
        found, expected = (engine.search(query, ranker=ranker) for query in (f"{beginning} and stocks", beginning))
        assert found.results == expected.results


def test_with_a_document_as_the_query_whole_documents_are_wanted(long_texts: tuple) -> None:
    engine, corpus, _ = long_texts
    whole = corpus.vectors[[0, 1]].mean(axis=0)
    examples = engine.examples(DocumentQuery("2"), Feedback(("0",)))
    np.testing.assert_allclose(examples.positives, [whole / np.linalg.norm(whole)], rtol=1e-6)
    assert engine.examples(DocumentQuery("2"), Feedback()).positives.shape == (0, corpus.vectors.shape[1])
    typed = engine.examples("the cat", Feedback(("0",)))
    near = int(np.argmax(corpus.vectors[[0, 1]] @ typed.query))
    np.testing.assert_array_equal(typed.positives, corpus.vectors[[near]])
    assert set(typed.left_out) == {0, 1}


def test_what_a_query_is_made_of_is_no_background(engine: SearchEngine, animals: Corpus) -> None:
    assert set(engine.examples("a text of mine", Feedback(("5",), ("1",)), itself="8").left_out) == {1, 5, 8}
    assert set(engine.examples(DocumentQuery("8"), Feedback(("8", "5"))).left_out) == {5, 8}


def test_passages_of_a_duplicate_of_a_positive_are_no_background(long_texts: tuple) -> None:
    _, _, encoder = long_texts
    corpus = build_corpus(source_of([*LONG, LONG[0]], name="twice"), encoder)
    engine = SearchEngine(corpus, lambda *_: encoder)
    vector = encoder.encode_query("rain")
    near = int(np.argmax(corpus.vectors[[0, 1]] @ vector))
    expected = fit_exemplar_svm(
        DenseIndex(corpus.vectors), np.stack([vector, corpus.vectors[near]]), exclude=[0, 1, 7, 8]
    )
    np.testing.assert_allclose(engine.search("rain", Feedback(("0",)), ranker="svm").scorer.w, expected.w)


def test_rows_of_other_lengths_rank_by_the_dot_product() -> None:
    class DotEncoder(FakeEncoder):
        similarity = "dot"

        def encode_documents(self, texts: list[str], on_progress: object = None) -> np.ndarray:
            return super().encode_documents(texts) * np.linspace(0.5, 3, len(texts), dtype=np.float32)[:, None]

    encoder = DotEncoder()
    corpus = build_corpus(source_of(ANIMALS), encoder)
    assert corpus.manifest.encoder.similarity == "dot"
    ranking = SearchEngine(corpus, lambda *_: encoder).search("the cat and the dog", ranker="knn", k=10)
    products = corpus.vectors @ encoder.encode_query("the cat and the dog")
    assert ids(ranking) == [str(row) for row in np.argsort(-products, kind="stable")]
    engine = SearchEngine(corpus, lambda *_: encoder)
    for ranker in ("svm", "anchored"):
        assert engine.search("cat", ranker=ranker, until="exact").scorer.svm.stopped == "exact"


@pytest.mark.parametrize("ranker", RANKERS)
def test_pages_follow_each_other_without_gap_or_repeat(long_texts: tuple, ranker: Ranker) -> None:
    engine, *_ = long_texts
    n = engine.corpus.documents.num_rows
    everything = engine.search("cat", ranker=ranker, k=n)
    pages = [engine.search("cat", ranker=ranker, k=2, skip=skip) for skip in range(0, n, 2)]
    assert [result for page in pages for result in page.results] == list(everything.results)
    assert engine.search("cat", ranker=ranker, k=2, skip=n).results == ()


@pytest.mark.parametrize("ranker", RANKERS)
def test_a_ranking_names_every_document_as_far_as_it_was_asked(engine: SearchEngine, ranker: Ranker) -> None:
    everything = engine.search("cat", ranker=ranker, k=10)
    ranking = engine.search("cat", ranker=ranker, k=2, skip=1, depth=7)
    assert list(ranking.doc_ids) == ids(everything)[:7]
    assert list(ranking.scores) == [result.score for result in everything.results[:7]]
    assert ranking.results == everything.results[1:3]
    assert ranking.n_candidates == 10


@pytest.mark.parametrize("ranker", BY_VECTORS)
def test_filters_take_documents_out_of_the_ranking_and_change_nothing_else(
    engine: SearchEngine, ranker: Ranker
) -> None:
    marks = Feedback(("6",), ("3",))
    everything = engine.search("the cat", marks, ranker=ranker, k=10)
    filtered = engine.search("the cat", marks, ranker=ranker, k=10, filters=Filters(labels=("market", "weather")))
    kept = [result for result in everything.results if result.labels != ("animal",)]
    assert [(result.doc_id, result.score) for result in filtered.results] == [(r.doc_id, r.score) for r in kept]
    assert [result.rank for result in filtered.results] == [1, 2, 3, 4, 5]
    assert filtered.n_candidates == 5
    nothing = engine.search("the cat", ranker=ranker, filters=Filters(words="aardvark"))
    assert (nothing.results, nothing.n_candidates) == ((), 0)


def test_filters_keep_all_passages_of_a_document(long_texts: tuple) -> None:
    engine, *_ = long_texts
    everything = engine.search("cat", ranker="knn", k=100)
    word = everything.results[-1].text.split()[0]
    filtered = engine.search("cat", ranker="knn", k=100, filters=Filters(words=f'"{word}"'))
    rows = set(matching_rows(engine.corpus.documents, Filters(words=f'"{word}"')).tolist())
    kept = [result for result in everything.results if engine.corpus.row(result.doc_id) in rows]
    assert [(result.doc_id, result.score, result.start) for result in filtered.results] == [
        (result.doc_id, result.score, result.start) for result in kept
    ]


def test_documents_can_be_left_out_by_name(engine: SearchEngine) -> None:
    everything = engine.search("cat", ranker="knn", k=10)
    first, second, *rest = ids(everything)
    ranking = engine.search("cat", ranker="knn", k=10, without=(first, second, "never there"))
    assert ids(ranking) == rest
    assert ranking.n_candidates == 8
    ranking = engine.search(DocumentQuery(first), ranker="knn", k=10, without=(first,))
    assert ranking.n_candidates == 9
    inside = engine.search("cat", ranker="knn", filters=Filters(labels=("animal",)), without=(first, "8"))
    assert inside.n_candidates == 4


def test_what_was_ranked_is_not_ranked_again(engine: SearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    top_passages, asked = engine.top_passages, []
    monkeypatch.setattr(
        engine, "top_passages", lambda *given, **how: asked.append(given) or top_passages(*given, **how)
    )
    first = engine.search("the cat", ranker="knn", k=5, depth=8)
    again = engine.search("the cat", Feedback(("2",), ("8",)), ranker="knn", k=2, skip=3, depth=8)
    assert len(asked) == 1, "marks leave kNN as it is"
    assert (again.doc_ids, again.scores, again.n_candidates) == (first.doc_ids, first.scores, first.n_candidates)
    assert ids(again) == ids(first)[3:5]
    others: list[dict] = [
        {"ranker": "svm"},
        {"depth": 9},
        {"filters": Filters(labels=("animal",))},
        {"without": ("2",)},
    ]
    for n, other in enumerate(others, start=2):
        engine.search("the cat", **({"ranker": "knn", "k": 5, "depth": 8} | other))
        assert len(asked) == n
    monkeypatch.setattr("exemplar.retrieval.search._LONGEST_CACHED", 7)
    for n in (6, 7):
        assert engine.search("the cat", ranker="knn", k=5, depth=8).doc_ids == first.doc_ids
        assert len(asked) == n, "a long one is not kept"


def test_what_was_trained_is_not_trained_again(engine: SearchEngine) -> None:
    marks = Feedback(("2",), ("8",))
    first = engine.search("cat", marks, ranker="svm")
    assert engine.search("cat", marks, ranker="svm", skip=3, filters=Filters(words="the")).scorer is first.scorer
    assert engine.search("cat", marks, ranker="svm", C=1).scorer is not first.scorer
    assert engine.search("cat", Feedback(("2",)), ranker="svm").scorer is not first.scorer
    assert engine.search("dog", marks, ranker="svm").scorer is not first.scorer


@pytest.mark.parametrize("ranker", RANKERS)
def test_a_documents_score_is_that_of_its_best_passage(long_texts: tuple, ranker: Ranker) -> None:
    engine, *_ = long_texts
    ranking = engine.search("cat", ranker=ranker, k=100)
    scorer = ranking.scorer
    assert engine.scores(scorer, ranking.doc_ids) == pytest.approx(list(ranking.scores))
    for result in ranking.results:
        assert engine.result(scorer, result.doc_id) == replace(result, rank=0, score=pytest.approx(result.score))


def test_a_sample_passes_the_filters_and_is_the_same_each_time(engine: SearchEngine) -> None:
    assert engine.sample(100, seed=0) == list("0123456789")
    assert engine.sample(100, seed=0, filters=Filters(labels=("market",))) == ["5", "6", "7"]
    assert engine.sample(4, seed=1) == engine.sample(4, seed=1)
    assert len(set(engine.sample(4, seed=1))) == 4
    assert engine.sample(4, seed=1, filters=Filters(words="aardvark")) == []


def test_an_engine_that_is_given_up_goes_at_once(animals: Corpus, encoder: FakeEncoder) -> None:
    """It holds open files; a circle of references would keep them until a garbage collection, or for ever."""
    engine = SearchEngine(animals, lambda *_: encoder)
    for filters in (None, Filters(labels=("pet",))):
        engine.search("dog", Feedback(("1",)), filters=filters)
    gone = weakref.ref(engine)
    gc.disable()
    try:
        del engine
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("query", ["the same words", DocumentQuery("3"), DocumentQuery("401")])
def test_copies_cost_no_call_each(
    encoder: FakeEncoder, query: str | DocumentQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = build_corpus(source_of([*["the same words"] * 400, "other words", "more of it"], name="spam"), encoder)
    engine = SearchEngine(corpus, lambda *_: encoder)
    passages_of, calls = Corpus.passages_of, []
    monkeypatch.setattr(Corpus, "passages_of", lambda self, row: calls.append(row) or passages_of(self, row))
    ranking = engine.search(query, Feedback(("7",), ("400",)), k=3, without=("9",))
    assert [len(result.copies) for result in ranking.results] == [0] * len(ranking.results)
    assert set(calls) <= {401, 3, 7, 400}, "only the query's and the marks' own"
    assert len(calls) <= 4


@given(left_out=st.lists(st.integers(0, 4)), positives=st.sets(st.sampled_from("0134")), query=st.sampled_from("24"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_all_passages_of_what_is_no_background_are_left_out_once(
    long_texts: tuple, left_out: list[int], positives: set[str], query: str
) -> None:
    engine, corpus, _ = long_texts
    examples = engine.examples(DocumentQuery(query), Feedback(tuple(positives - {query})), left_out=left_out)
    documents = {*left_out, int(query), *map(int, positives)}
    assert examples.left_out.tolist() == [passage for row in sorted(documents) for passage in corpus.passages_of(row)]
    assert examples.left_out.dtype == np.intp
