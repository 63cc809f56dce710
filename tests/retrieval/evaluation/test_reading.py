import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.evaluation.collection import Collection, Judged
from exemplar.retrieval.evaluation.judgements import JudgedQuery
from exemplar.retrieval.evaluation.reading import READING_METRICS, Reading, draw_known, read_to_the_end
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from tests.retrieval.evaluation.test_protocols import circle
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder

# Orders with at least one relevant document and one other.
ORDERS = st.lists(st.booleans(), min_size=2, max_size=200).filter(lambda labels: 0 < sum(labels) < len(labels))

# Computed once by ASReview 3.0.8, asreview.metrics.loss, on these orders.
LOSSES_OF_ASREVIEW = {
    "1100000000": 0.0,
    "0000000011": 1.0,
    "0110100001": 0.4166666666666667,
    "10100000000100000100": 0.375,
    "00100110101000010000000000010000000000000000000000": 0.17275747508305647,
}


def order(labels: str) -> Reading:
    return Reading(np.array([label == "1" for label in labels]))


@pytest.mark.parametrize("labels", LOSSES_OF_ASREVIEW)
def test_the_loss_is_that_of_asreview(labels: str) -> None:
    assert order(labels).loss == pytest.approx(LOSSES_OF_ASREVIEW[labels], abs=1e-12)


def test_the_measures_of_an_order_counted_by_hand() -> None:
    # 20 documents; the 4 relevant ones are read as the 1st, 3rd, 12th and 18th: 0, 1, 9 and 14 others before them, of
    # at most 16 each. All four are needed for 95%, and so 18 are read.
    assert order("10100000000100000100").measures() == pytest.approx(
        dict(zip(READING_METRICS, [24 / 64, 1 - 18 / 20 - 0.05, 1 - 18 / 20, 0.25, 18], strict=True))
    )


def test_95_percent_of_many_are_fewer_than_all() -> None:
    # 95% of 40 are 38, which are read after 38 documents, and the last one at the end of 100.
    reading = order("1" * 39 + "0" * 60 + "1")
    assert reading.wss(95) == pytest.approx(1 - 38 / 100 - 0.05)
    assert reading.wss(100) == pytest.approx(0)


def test_the_curve_is_the_recall_after_every_percent() -> None:
    curve = order("0110").curve()
    assert curve.shape == (101,)
    # A quarter of the four is one document, which is not relevant.
    assert curve[[0, 25, 49, 50, 74, 75, 100]].tolist() == [0, 0, 0, 0.5, 0.5, 1, 1]


@given(ORDERS)
def test_measures_keep_their_bounds(labels: list[bool]) -> None:
    reading = Reading(np.array(labels))
    n, n_relevant = len(labels), sum(labels)
    assert 0 <= reading.loss <= 1
    assert n_relevant <= reading.read_to_last <= n
    assert -0.05 - 1e-9 <= reading.wss(95) <= 0.95
    assert reading.wss(95) >= reading.wss(100) - 0.05 - 1e-9, "95% are read no later than all"
    curve = reading.curve()
    assert (np.diff(curve) >= 0).all()
    assert (curve[0], curve[-1]) == (0, 1)


@given(ORDERS)
def test_the_best_order_loses_nothing_and_the_reverse_of_an_order_what_it_saved(labels: list[bool]) -> None:
    assert Reading(np.sort(labels)[::-1]).loss == pytest.approx(0)
    assert Reading(np.array(labels[::-1])).loss == pytest.approx(1 - Reading(np.array(labels)).loss)


@pytest.mark.parametrize(("labels", "counts"), [("01", True), ("11", False), ("00", False), ("", False)])
def test_only_orders_with_both_kinds_count(labels: str, counts: bool) -> None:
    assert order(labels).counts == counts


# The simulation, on a circle: the query stands at 0 degrees.


def read(engine: SearchEngine, relevant: list[int], ranker: str, *, itself: int | None = None, **how: object) -> list:
    """Read to the end; return when the relevant ones are read, counted from 0, the sizes of the pages, the reading."""
    collection, judged = _judged(engine, relevant, itself)
    pages: list[int] = []
    reading = read_to_the_end(collection, judged, ranker, on_page=pages.append, **how)
    assert len(reading.labels) == engine.corpus.n_documents - reading.n_known - (itself is not None)
    return [np.flatnonzero(reading.labels).tolist(), pages, reading]


def _judged(engine: SearchEngine, relevant: list[int], itself: int | None = None) -> tuple[Collection, Judged]:
    by_text = {text: str(row) for row, text in enumerate(engine.corpus.documents["text"].to_pylist())}
    document = None if itself is None else by_text[str(itself)]
    grades = {by_text[str(each)]: 1 for each in relevant}
    collection = Collection(engine)
    return collection, Judged(collection, JudgedQuery("q", "0", grades, document))


def test_knn_reads_in_the_order_of_the_distance_to_the_query() -> None:
    engine = circle(10, -2, 4, -6, 8, 30)
    # -2 4 -6 8 10 30: the relevant ones are the 2nd and the 4th, and after them nothing is read.
    positions, pages, reading = read(engine, [4, 8], "knn", page=2)
    assert positions == [1, 3]
    assert pages == [6], "its ranking does not depend on marks, so it ranks once"
    assert reading.read_to_last == 4


# Two groups of relevant documents on one side, many others on the other, which are nearer to the query.
FAR_SIDE = [12, 14, 16, 18]
NEAR_SIDE = [-3, -5, -7, -9, -11, -13, -15, -17]
AROUND = [100, 120, 140, 160, 180, 200, 220, 240, 260]


@pytest.mark.parametrize("ranker", ["anchored", "rocchio"])
def test_a_ranker_that_learns_turns_to_the_side_of_the_marks(ranker: str) -> None:
    engine = circle(*FAR_SIDE, *NEAR_SIDE, *AROUND)
    known = Feedback(("0",), ("4",))  # 12 and -3 degrees
    assert read(engine, FAR_SIDE, "knn", known=known)[0] == [5, 7, 9], "-5 -7 -9 -11 -13, 14, -15, 16, -17, 18"
    [positions, pages, reading] = read(engine, FAR_SIDE, ranker, known=known, page=1)
    assert positions == [0, 1, 2]
    assert pages == [1, 1, 1], "reading ends with the last relevant document"
    assert reading.n_known == 2


def test_documents_known_before_are_not_read_again() -> None:
    engine = circle(*FAR_SIDE, *NEAR_SIDE)
    for ranker in ("knn", "anchored", "elas", "rrf"):
        [positions, _, reading] = read(engine, FAR_SIDE, ranker, known=Feedback(("0", "1"), ("4",)))
        assert (len(positions), reading.n_known, len(reading.labels)) == (2, 3, 9), ranker


def test_marks_count_from_the_next_page_on() -> None:
    engine = circle(*FAR_SIDE, *NEAR_SIDE, *AROUND)
    known = Feedback(("0",), ("4",))
    by_one, by_all = (read(engine, FAR_SIDE, "rocchio", known=known, page=page) for page in (1, 100))
    assert by_all[1] == [19], "one page has all"
    # Without any mark the near side is read first, however small the page; the first relevant one turns the ranker.
    fresh_by_one, fresh_by_all = (read(engine, FAR_SIDE, "rocchio", page=page) for page in (1, 100))
    knn = read(engine, FAR_SIDE, "knn")[0]
    assert fresh_by_all[0] == knn
    assert fresh_by_one[0] < knn
    assert by_one[0] <= by_all[0]


def test_the_document_that_a_query_was_made_from_is_not_read() -> None:
    engine = circle(0, 4, 8, -2)
    assert read(engine, [0, 4, 8], "knn", itself=0)[0] == [1, 2], "-2 stands before them"


@pytest.fixture
def pets(encoder: FakeEncoder) -> SearchEngine:
    texts = ["cats purr", "no pets here", "dogs bark", "cats sleep", "more of other things", "the cat and the dogs"]
    corpus: Corpus = build_corpus(source_of(texts, name="pets"), encoder)
    return SearchEngine(corpus, lambda *_: encoder)


def test_what_a_ranking_leaves_out_follows_in_the_order_of_the_corpus(pets: SearchEngine) -> None:
    collection = Collection(pets)
    # "purr" is in the first document alone; the others follow, and the relevant ones are the 3rd and the 5th of them.
    judged = Judged(collection, JudgedQuery("q", "purr", {"3": 1, "5": 1}))
    reading = read_to_the_end(collection, judged, "words", page=2)
    assert np.flatnonzero(reading.labels).tolist() == [3, 5]


def test_elas_reads_by_similarity_until_both_classes_are_known_and_then_by_marks(pets: SearchEngine) -> None:
    collection = Collection(pets)
    query = JudgedQuery("q", "dogs bark", {"0": 1, "3": 1})
    first = collection.ranking("elas", query, Feedback(), 6).tolist()
    assert first[:2] == [2, 5]
    assert collection.ranking("elas", query, Feedback(("0",)), 2).tolist() == [2, 5], "one class alone teaches nothing"
    # The query plays no part once cats are relevant and dogs are not.
    assert collection.ranking("elas", query, Feedback(("0",), ("2",)), 6).tolist()[0] == 3
    assert collection.ranking("elas", query, Feedback(("0",), ("2",)), 6).tolist()[-1] == 5


def test_elas_over_texts_without_a_word_keeps_the_order_of_the_corpus(encoder: FakeEncoder) -> None:
    corpus = build_corpus(source_of(["?", "!", "..."], name="marks"), encoder)
    collection = Collection(SearchEngine(corpus, lambda *_: encoder))
    assert collection.ranking("elas", JudgedQuery("q", "?", {"0": 1}), Feedback(("1",), ("0",)), 5).tolist() == [2]


def test_the_two_known_documents_are_drawn_by_the_seed_alone() -> None:
    engine = circle(*FAR_SIDE, *NEAR_SIDE, *AROUND)
    draws = [draw_known(_judged(engine, FAR_SIDE)[1], (7, number)) for number in range(30)]
    assert draws == [draw_known(_judged(engine, FAR_SIDE)[1], (7, number)) for number in range(30)]
    assert {len(each.positives) for each in draws} == {len(each.negatives) for each in draws} == {1}
    assert {each.positives[0] for each in draws} == {"0", "1", "2", "3"}
    assert len({each.negatives[0] for each in draws}) > 5
    assert not {each.negatives[0] for each in draws} & {"0", "1", "2", "3"}
    assert draw_known(_judged(engine, [*FAR_SIDE, *NEAR_SIDE, *AROUND])[1], (7, 0)) is None, "all are relevant"
