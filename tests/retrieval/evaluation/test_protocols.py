from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.encoders.quick import quick_encoder
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.evaluation.baselines import (
    centred_knn,
    logistic_regression,
    mean_of_positives,
    rocchio,
    rocchio_with_words,
)
from exemplar.retrieval.evaluation.collection import Collection
from exemplar.retrieval.evaluation.judgements import JudgedQuery, Judgements, judgements_of
from exemplar.retrieval.evaluation.protocols import COMPARED, RELEVANT_FOUND, Measurement, evaluate
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.rankers import DEFAULT_RANKER, Examples, scorer
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read
from tests.support.real_builds import real_encoder

# Documents on a circle, named by their degrees; the query stands at 0. On the one side all up to 25 degrees are
# relevant, on the other none: who follows the marks turns to the right side.
RELEVANT = [1, 3, 5, 7, 9, 20, 25]
OTHERS = [-2, -4, -6, -8, -10, -12, -14, -16]
BY_VECTORS = [ranker for ranker in COMPARED if ranker != "words"]  # degrees share no words
FAR = [100, 120, 140, 160, 180, 200, 220, 240, 260]


class CircleEncoder(FakeEncoder):
    def __init__(self) -> None:
        super().__init__(dim=2)

    def _vector(self, text: str) -> np.ndarray:
        return np.array([np.cos(np.deg2rad(float(text))), np.sin(np.deg2rad(float(text)))])


def circle(*degrees: int) -> SearchEngine:
    encoder = CircleEncoder()
    source = source_of([str(each) for each in degrees], name="circle")
    corpus = build_corpus(source, encoder)
    return SearchEngine(corpus, lambda *_: encoder)


@pytest.fixture
def engine() -> SearchEngine:
    return circle(*RELEVANT, *OTHERS, *FAR)


def judged(engine: SearchEngine, *queries: tuple[str | None, list[int], int | None]) -> Judgements:
    """Take (query, relevant, the document that the query is), all in degrees."""
    by_text = {text: str(row) for row, text in enumerate(engine.corpus.documents["text"].to_pylist())}
    return Judgements(
        "qrels",
        [
            JudgedQuery(
                f"q{number}",
                text,
                {by_text[str(each)]: 1 for each in relevant},
                None if itself is None else by_text[str(itself)],
            )
            for number, (text, relevant, itself) in enumerate(queries)
        ],
    )


def of(measured: list[Measurement], protocol: str, ranker: str, number: int | None = None) -> dict[str, list[float]]:
    [found] = [m for m in measured if (m.protocol, m.ranker) == (protocol, ranker) and number in (None, m.round)]
    return {name: values.tolist() for name, values in found.values.items()}


def test_the_first_query_is_judged_without_marks(engine: SearchEngine) -> None:
    measured = evaluate(engine, judged(engine, ("0", RELEVANT, None)), rankers=("knn", "anchored", "rocchio"))
    gains = 1 / np.log2(np.arange(2, 12))
    for ranker in ("knn", "rocchio"):
        found = of(measured, "first query", ranker)
        assert found["P@10"] == [0.5]
        assert found["recall@100"] == [1]
        assert found["nDCG@10"] == pytest.approx([gains[[0, 2, 4, 6, 8]].sum() / gains[:7].sum()])


def test_after_shared_marks_what_is_left_is_judged(engine: SearchEngine) -> None:
    measured = evaluate(engine, judged(engine, ("0", RELEVANT, None)), rankers=COMPARED)
    # Of what is left 20 and 25 are relevant; kNN puts -12, -14 and -16 before them.
    assert of(measured, "shared marks", "knn")["P@10"] == [0.2]
    gains = 1 / np.log2(np.arange(2, 12))
    third = (gains[3] + gains[4]) / (gains[0] + gains[1])
    assert of(measured, "shared marks", "knn")["nDCG@10"] == pytest.approx([third])
    assert of(measured, "shared marks", "svm")["nDCG@10"] == [1]
    for ranker in ("anchored-vectors", "anchored"):
        assert of(measured, "shared marks", ranker)["nDCG@10"] > [third], ranker
    # From the marks alone the right side is known, but not that it ends: 100 degrees come before 25.
    assert 0 < of(measured, "shared marks", "logistic")["nDCG@10"][0] < 1


def test_in_its_own_loop_a_ranker_is_given_its_own_marks(engine: SearchEngine) -> None:
    measured = evaluate(engine, judged(engine, ("0", RELEVANT, None)), rankers=("knn", "anchored"), rounds=3)
    knn, anchored = (
        [of(measured, "own loop", ranker, number)[RELEVANT_FOUND] for number in (1, 2, 3)]
        for ranker in ("knn", "anchored")
    )
    assert knn == [[5], [7], [7]]
    assert anchored[1:] == [[7], [7]]


def test_who_shows_all_there_is_has_found_all() -> None:
    engine = circle(*RELEVANT, *OTHERS[:2])
    measured = evaluate(engine, judged(engine, ("0", RELEVANT, None)), rounds=2)
    for ranker in BY_VECTORS:
        assert of(measured, "own loop", ranker, 2)[RELEVANT_FOUND] == [7], ranker
    assert not [each for each in measured if each.protocol == "shared marks"], "nothing is left to judge"


def test_queries_with_nothing_left_do_not_count_after_marks(engine: SearchEngine) -> None:
    queries = judged(engine, ("0", [1, 3], None), ("0", RELEVANT, None))
    measured = evaluate(engine, queries, rankers=("knn",))
    counts = {(each.protocol, each.round): each.n_queries for each in measured}
    assert counts == {("first query", 0): 2, ("shared marks", 1): 1} | {("own loop", n): 2 for n in range(1, 6)}


@pytest.mark.parametrize("text", [None, "3"])
def test_a_document_is_no_answer_to_itself(
    engine: SearchEngine, text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out = []
    examples = engine.examples

    def spied(*arguments: object) -> Examples:
        found = examples(*arguments)
        left_out.append(found.left_out)
        return found

    monkeypatch.setattr(engine, "examples", spied)
    measured = evaluate(engine, judged(engine, (text, RELEVANT, 3)), rounds=4)
    # From 3 degrees: 1 5 7 -2 9 -4 -6 -8 -10 -12, and 3 itself would stand before them.
    gains = 1 / np.log2(np.arange(2, 12))
    assert of(measured, "first query", "knn")["nDCG@10"] == pytest.approx([gains[[0, 1, 2, 4]].sum() / gains[:6].sum()])
    itself = RELEVANT.index(3)
    assert all(itself in rows for rows in left_out), "nor is it background"
    for ranker in BY_VECTORS:
        assert of(measured, "own loop", ranker, 4)[RELEVANT_FOUND] == [6], ranker


def test_documents_that_nobody_judged_are_left_out(engine: SearchEngine) -> None:
    queries = judged(engine, ("0", RELEVANT, None))
    texts = engine.corpus.documents["text"].to_pylist()
    unjudged = frozenset(str(row) for row, text in enumerate(texts) if int(text) in OTHERS)
    queries = Judgements("labels", queries.queries, unjudged=unjudged)
    measured = evaluate(engine, queries, rankers=("knn",), rounds=1)
    assert of(measured, "first query", "knn")["MAP"] == [1]


@pytest.mark.parametrize("rankers", [("knn", "words"), ("words", "knn")])
def test_the_shared_marks_are_those_on_knns_first_ten(engine: SearchEngine, rankers: tuple[str, ...]) -> None:
    measured = evaluate(engine, judged(engine, ("0", RELEVANT, None)), rankers=rankers)
    assert of(measured, "shared marks", "knn")["P@10"] == [0.2]


def test_every_ranker_is_the_one_that_its_name_says(engine: SearchEngine) -> None:
    collection = Collection(engine)
    examples = engine.examples("0", Feedback(("0", "1"), ("7", "8")))
    mean = engine.corpus.vectors.mean(axis=0, dtype=np.float64)
    expected = {
        "knn": scorer("knn", examples),
        "centred": centred_knn(examples, mean),
        "mean": mean_of_positives(examples),
        "rocchio": rocchio(examples),
        "rocchio-words": rocchio_with_words(examples),
        "logistic": logistic_regression(examples),
        "svm": scorer("svm", examples),
        "anchored": scorer("anchored", examples),
    }
    for name, each in expected.items():
        np.testing.assert_allclose(collection._scorer(name, examples).w, each.w, rtol=1e-4, err_msg=name)
    different = {tuple(np.round(each.w, 6)) for each in expected.values()}
    assert len(different) == len(expected)


def test_the_same_seed_draws_the_same_queries(engine: SearchEngine) -> None:
    queries = judged(engine, *((str(each), RELEVANT, None) for each in range(40)))
    seen: list[tuple[int, int]] = []

    def run(seed: int) -> list[float]:
        return of(
            evaluate(
                engine, queries, rankers=("knn",), n_queries=5, seed=seed, on_query=lambda *step: seen.append(step)
            ),
            "first query",
            "knn",
        )["MAP"]

    assert run(1) == run(1) != run(2)
    assert seen[:5] == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_unknown_rankers_and_empty_measurements_are_refused(engine: SearchEngine) -> None:
    queries = judged(engine, ("0", RELEVANT, None))
    with pytest.raises(ExemplarError, match="there is no ranker 'knnn'; there are knn, words, hybrid, centred"):
        evaluate(engine, queries, rankers=("knnn",))
    with pytest.raises(ExemplarError, match="at least one ranker, one round and one query"):
        evaluate(engine, queries, rounds=0)
    with pytest.raises(ExemplarError, match="at least one ranker, one round and one query"):
        evaluate(engine, Judgements("labels", []))
    with pytest.raises(ExemplarError, match="a ranker is named twice: knn, svm, knn"):
        evaluate(engine, queries, rankers=("knn", "svm", "knn"))


def test_baselines_rank_the_relevant_documents_first(animals: Corpus, encoder: FakeEncoder) -> None:
    queries = Judgements("qrels", [JudgedQuery("q", "stocks bonds", {"5": 1, "6": 1, "7": 1})])
    measured = evaluate(SearchEngine(animals, lambda *_: encoder), queries)
    for ranker in (
        "knn",
        "words",
        "hybrid",
        "centred",
        "rrf",
        "mean",
        "rocchio",
        "rocchio-words",
        "logistic",
        "anchored",
    ):
        assert of(measured, "first query", ranker)["MAP"] == [1], ranker


@pytest.mark.model
@pytest.mark.parametrize(("name", "vectors"), [("cranfield", "quick"), ("med", "full")])
def test_the_default_ranker_holds_what_is_said_of_it_on_real_judgements(
    shared_datasets: Path, name: str, vectors: Literal["quick", "full"]
) -> None:
    source = read(str(shared_datasets / "beir" / name))
    corpus = build_corpus(source, real_encoder("openvino"), quick=lambda: quick_encoder(DEFAULT_MODEL), until=vectors)
    judgements = judgements_of(corpus)
    rankers = ("knn", "mean", "rocchio", "rocchio-words", "logistic", DEFAULT_RANKER)
    measured = evaluate(SearchEngine(corpus), judgements, rankers=rankers, n_queries=60)

    def mean(protocol: str, ranker: str, metric: str = "nDCG@10", number: int | None = None) -> float:
        return float(np.mean(of(measured, protocol, ranker, number)[metric]))

    assert (corpus.manifest.vectors, len(judgements.queries)) == (vectors, {"cranfield": 225, "med": 30}[name])
    assert mean("first query", DEFAULT_RANKER) > mean("first query", "knn")
    for other in ("knn", "mean", "rocchio", "rocchio-words", "logistic"):
        assert mean("shared marks", DEFAULT_RANKER) > mean("shared marks", other), other
    found = {ranker: mean("own loop", ranker, RELEVANT_FOUND, 5) for ranker in rankers}
    assert max(found, key=found.__getitem__) == DEFAULT_RANKER
