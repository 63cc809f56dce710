import json
import re

import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.evaluation.judgements import JudgedQuery, Judgements
from exemplar.retrieval.evaluation.protocols import evaluate
from exemplar.retrieval.evaluation.result import EvaluationResult
from exemplar.retrieval.evaluation.run import EvaluationPlan, EvaluationProgress, run_evaluation
from exemplar.retrieval.evaluation.summary import gains_over_sets, set_result
from exemplar.retrieval.search import SearchEngine
from tests.support.fake_encoder import FakeEncoder

JUDGEMENTS = Judgements(
    "qrels of the split test",
    [
        JudgedQuery("animals", "the cat and the dog", {str(row): 1 for row in range(5)}),
        JudgedQuery("markets", "stocks", {"5": 1, "6": 1, "7": 1}),
        JudgedQuery("weather", "rain tomorrow", {"8": 2, "9": 1}),
    ],
)
RANKERS = ("knn", "rocchio", "anchored")


@pytest.fixture
def engine(animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> SearchEngine:
    monkeypatch.setattr("exemplar.retrieval.evaluation.run.judgements_of", lambda corpus: JUDGEMENTS)
    return SearchEngine(animals, lambda *_: encoder)


def test_a_result_is_the_summary_of_what_every_corpus_measures(engine: SearchEngine) -> None:
    plan = EvaluationPlan(("a", "b"), RANKERS, rounds=1, n_queries=2, seed=1)
    result = run_evaluation(plan, {"a": engine, "b": engine})
    measured = evaluate(engine, JUDGEMENTS, rankers=RANKERS, rounds=1, n_queries=2, seed=1)
    one = set_result(engine.corpus.manifest, JUDGEMENTS, measured)
    command = "exemplar evaluate a b --rankers knn,rocchio,anchored --rounds 1 --queries 2 --seed 1"
    gains = gains_over_sets({"a": measured, "b": measured})
    assert result == EvaluationResult(command, result.date, (one, one), gains)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", result.date)
    assert EvaluationResult.from_json(json.loads(result.to_bytes())) == result


def test_the_progress_is_of_all_corpora_and_of_the_one_that_is_measured(engine: SearchEngine) -> None:
    progress: list[EvaluationProgress] = []
    plan = EvaluationPlan(("a", "b"), ("knn",), rounds=1, n_queries=2)
    run_evaluation(plan, {"a": engine, "b": engine}, progress.append)
    assert progress == [
        EvaluationProgress("Reading the judgements of a"),
        EvaluationProgress("Reading the judgements of b"),
        *(EvaluationProgress("Measuring a", done, 4, done, 2) for done in (0, 1, 2)),
        *(EvaluationProgress("Measuring b", 2 + done, 4, done, 2) for done in (0, 1, 2)),
    ]


def test_an_evaluation_ends_where_its_progress_is_refused(engine: SearchEngine) -> None:
    class Stopped(Exception):
        pass

    seen: list[int] = []

    def stop_after_one(progress: EvaluationProgress) -> None:
        seen.append(progress.done)
        if progress.done == 1:
            raise Stopped

    with pytest.raises(Stopped):
        run_evaluation(EvaluationPlan(("a",), ("knn",)), {"a": engine}, stop_after_one)
    assert seen == [0, 0, 1]


def test_a_corpus_without_judgements_is_refused_before_any_is_measured(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judgements_of(corpus: Corpus) -> Judgements:
        raise ExemplarError("nothing says what is relevant")

    monkeypatch.setattr("exemplar.retrieval.evaluation.run.judgements_of", judgements_of)
    stages: list[str] = []
    with pytest.raises(ExemplarError, match="nothing says what is relevant"):
        run_evaluation(EvaluationPlan(("a",)), {"a": engine}, lambda progress: stages.append(progress.stage))
    assert stages == ["Reading the judgements of a"]


def test_the_command_of_a_plan_names_what_is_not_the_default() -> None:
    assert EvaluationPlan(("a", "b")).command == "exemplar evaluate a b"
    plan = EvaluationPlan(("a",), ("knn", "svm"), rounds=2, n_queries=30, seed=1, index="http://host:1 2")
    options = "--rankers knn,svm --rounds 2 --queries 30 --seed 1 --index 'http://host:1 2'"
    assert plan.command == f"exemplar evaluate a {options}"
