import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.errors import EvaluationDamaged, ExemplarError
from exemplar.retrieval.evaluation.chart import end_chart, end_set_chart
from exemplar.retrieval.evaluation.judgements import JudgedQuery, Judgements
from exemplar.retrieval.evaluation.metrics import estimate, p_value
from exemplar.retrieval.evaluation.protocols import COMPARED
from exemplar.retrieval.evaluation.reading import LOSS, READ_TO_LAST, READING_METRICS, Reading
from exemplar.retrieval.evaluation.report import end_loss_rows, end_rows, markdown, page_of, write_report
from exemplar.retrieval.evaluation.result import EndResult, EvaluationResult, MetricEstimate, RankerResult, SetResult
from exemplar.retrieval.evaluation.run import EvaluationPlan, EvaluationProgress, run_evaluation
from exemplar.retrieval.evaluation.summary import end_results
from exemplar.retrieval.evaluation.to_the_end import READERS, EndMeasurement, EndPlan, measure_to_the_end
from exemplar.retrieval.search import SearchEngine
from tests.retrieval.evaluation.test_protocols import FAR, OTHERS, RELEVANT, circle, judged
from tests.support.fake_encoder import FakeEncoder


@pytest.fixture
def engine() -> SearchEngine:
    return circle(*RELEVANT, *OTHERS, *FAR)


def by_condition(measured: list[EndMeasurement]) -> dict[tuple[str, str], tuple[tuple[Reading, ...], ...]]:
    return {(each.start, each.ranker): each.readings for each in measured}


def test_every_query_is_read_for_from_both_starts(engine: SearchEngine) -> None:
    queries = judged(engine, ("0", RELEVANT, None), ("180", [160, 180], None))
    read: list[int] = []
    measured = measure_to_the_end(
        engine, queries, rankers=("knn", "anchored"), plan=EndPlan(page=5, seeds=4), on_read=read.append
    )
    assert [(each.start, each.ranker, each.page) for each in measured] == [
        *(("query", ranker, 5) for ranker in ("knn", "anchored")),
        *(("two", ranker, 5) for ranker in ("knn", "anchored")),
    ]
    readings = by_condition(measured)
    for ranker in ("knn", "anchored"):
        assert [len(of_query) for of_query in readings["query", ranker]] == [1, 1]
        assert [len(of_query) for of_query in readings["two", ranker]] == [4, 4]
        assert {each.n_known for of_query in readings["two", ranker] for each in of_query} == {2}
        assert {len(each.labels) for of_query in readings["query", ranker] for each in of_query} == {24}
    [[first], _] = readings["query", "knn"]
    # 1 -2 3 -4 5 -6 7 -8 9 -10 -12 -14 -16 20 25
    assert np.flatnonzero(first.labels).tolist() == [0, 2, 4, 6, 8, 13, 14]
    assert sum(read) == EndPlan(page=5, seeds=4).n_readings(2, 2) * 24


def test_all_rankers_know_the_same_documents_which_the_seed_draws(engine: SearchEngine) -> None:
    queries = judged(engine, ("0", RELEVANT, None))
    readings = [
        by_condition(measure_to_the_end(engine, queries, rankers=("knn", "hybrid"), plan=EndPlan(seeds=5), seed=seed))
        for seed in (1, 1, 2)
    ]

    def orders(run: int, ranker: str) -> list[list[bool]]:
        return [each.labels.tolist() for each in readings[run]["two", ranker][0]]

    # Degrees have no words in common, so hybrid ranks as kNN does, and what was known is all that could differ.
    assert orders(0, "knn") == orders(0, "hybrid") == orders(1, "knn") != orders(2, "knn")
    assert len({tuple(labels) for labels in orders(0, "knn")}) > 1


def test_queries_with_nothing_left_to_find_do_not_count(engine: SearchEngine) -> None:
    all_of_them = [*RELEVANT, *OTHERS, *FAR]
    queries = judged(engine, ("0", [1], None), ("0", all_of_them, None), ("0", RELEVANT, None))
    readings = by_condition(measure_to_the_end(engine, queries, rankers=("knn",)))
    assert len(readings["query", "knn"]) == 2, "all are relevant for one"
    assert len(readings["two", "knn"]) == 1, "the only relevant one is known for another"


@pytest.mark.parametrize(
    ("plan", "options"),
    [
        (EndPlan(), ["--to-the-end"]),
        (EndPlan(1, ("two",), 10), ["--to-the-end", "--page", "1", "--start", "two", "--seeds", "10"]),
    ],
)
def test_the_options_of_a_plan(plan: EndPlan, options: list[str]) -> None:
    assert plan.options == options


def test_what_can_not_be_read_is_refused(engine: SearchEngine) -> None:
    with pytest.raises(ExemplarError, match="^a page and the number of seeds must be at least 1, got 0 and 3$"):
        EndPlan(page=0)
    with pytest.raises(ExemplarError, match="^a start is one of query, two; got none$"):
        EndPlan(starts=())
    queries = judged(engine, ("0", RELEVANT, None))
    with pytest.raises(ExemplarError, match="^there is no ranker 'best'; there are knn, .*, elas$"):
        measure_to_the_end(engine, queries, rankers=("best",))
    with pytest.raises(ExemplarError, match="^at least one ranker and one query are needed$"):
        measure_to_the_end(engine, queries, rankers=())


# The summary.


def reading(labels: str) -> Reading:
    return Reading(np.array([label == "1" for label in labels]))


def test_intervals_are_over_the_seeds_of_one_query_and_else_over_the_queries() -> None:
    readings = tuple(map(reading, ("1000", "0100", "0010", "0001", "0100")))
    other = tuple(map(reading, ("0100", "0010", "0010", "0001", "0001")))
    one = end_results([EndMeasurement("two", 10, "knn", (readings,)), EndMeasurement("two", 10, "elas", (other,))])
    losses = np.array([0, 1 / 3, 2 / 3, 1, 1 / 3])
    mean = estimate(losses)
    assert (one[0].n_queries, one[0].n_seeds) == (1, 5)
    assert one[0].metrics[LOSS] == MetricEstimate(mean.mean, mean.low, mean.high, {})
    of_elas = np.array([1 / 3, 2 / 3, 2 / 3, 1, 1])
    assert one[1].metrics[LOSS].p_values == {"knn": pytest.approx(p_value(of_elas, losses))}
    assert one[0].curve[0] == 0
    assert one[0].curve[25] == pytest.approx(1 / 5)
    assert one[0].curve[50] == pytest.approx(3 / 5)

    two_queries = end_results([EndMeasurement("two", 10, "knn", (readings[:2], readings[3:]))])[0]
    assert (two_queries.n_queries, two_queries.n_seeds) == (2, 2)
    mean = estimate(np.array([1 / 6, 2 / 3]))
    assert two_queries.metrics[LOSS] == MetricEstimate(mean.mean, mean.low, mean.high, {})
    assert two_queries.metrics[READ_TO_LAST].mean == pytest.approx((1.5 + 3) / 2)


# The result, its JSON, and the report.


def end_result(ranker: str, loss: float, start: str = "query", page: int = 10) -> EndResult:
    metrics = {name: MetricEstimate(loss + place, loss, 1, {}) for place, name in enumerate(READING_METRICS)}
    curve = tuple(percent / 100 for percent in range(101))
    return EndResult(start, page, ranker, 1, 3 if start == "two" else 1, metrics, curve)  # type: ignore[arg-type]


def set_result(name: str, *read: EndResult) -> SetResult:
    found = RankerResult("own loop", 1, "knn", 1, {"relevant found": MetricEstimate(1.0)})
    return SetResult(name, "fake", "float32", 10, 10, "labels", 1, 0, (found,), read)


READ = (end_result("knn", 0.5), end_result("anchored", 0.25), end_result("anchored", 0.125, "two"))
RESULT = EvaluationResult(
    "exemplar evaluate a b --to-the-end", "2026-11-25", (set_result("a", *READ), set_result("b", *READ)), ()
)


def test_a_result_with_readings_is_read_as_it_was_written() -> None:
    content = json.loads(RESULT.to_bytes())
    assert EvaluationResult.from_json(content) == RESULT
    assert content["sets"][0]["to_the_end"][2] | {"metrics": {}, "curve": []} == {
        "start": "two",
        "page": 10,
        "ranker": "anchored",
        "queries": 1,
        "seeds": 3,
        "metrics": {},
        "curve": [],
    }


def test_files_of_earlier_versions_have_no_readings() -> None:
    content = json.loads(RESULT.to_bytes())
    for of_set in content["sets"]:
        del of_set["to_the_end"]
    result = EvaluationResult.from_json(content)
    assert [of_set.to_the_end for of_set in result.sets] == [(), ()]
    assert result.to_json() == content
    assert "To the end" not in markdown(result)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": "three"}, "there is no start 'three'"),
        ({"ranker": "best"}, "no ranker 'best'"),
        ({"page": "10"}, "a reading to the end has no page, or one of the wrong type"),
        ({"metrics": {}}, "loss is missing"),
        ({"curve": [0, 1]}, "a curve of recall has not 101 numbers"),
        ({"curve": ["0"] * 101}, "a curve of recall has not 101 numbers"),
        ({"page": 1}, "the sets differ in pages or rankers of reading from the query alone"),
    ],
)
def test_a_damaged_reading_is_named(change: dict[str, object], message: str) -> None:
    content = json.loads(RESULT.to_bytes())
    content["sets"][1]["to_the_end"][0] |= change
    with pytest.raises(EvaluationDamaged, match=message):
        EvaluationResult.from_json(content)
    content["sets"][1]["to_the_end"] = 5
    with pytest.raises(EvaluationDamaged, match="the readings to the end of a set are no list"):
        EvaluationResult.from_json(content)


def test_the_tables_of_readings_have_a_row_a_ranker() -> None:
    a, b = RESULT.sets
    assert end_rows([a], "query") == (
        ["", *READING_METRICS],
        [
            ["kNN", "0.500", "1.500", "2.500", "3.500", "4.5"],
            ["Anchored SVM", "0.250", "1.250", "2.250", "3.250", "4.2"],
        ],
    )
    other = set_result("b", *(end_result(each.ranker, 0.1, each.start) for each in READ))
    assert end_rows([a, other], "two") == (
        ["mean of 2 sets", *READING_METRICS[:4]],
        [["Anchored SVM", "0.113", "1.113", "2.112", "3.112"]],
    )
    assert end_loss_rows([a, other], "query") == (
        ["loss", "a (1 query)", "b (1 query)"],
        [["kNN", "0.500", "0.100"], ["Anchored SVM", "0.250", "0.100"]],
    )
    assert end_loss_rows([a], "query")[1] == []
    assert end_rows([replace(a, to_the_end=())], "query")[1] == []
    assert page_of([a, b]) == "10 documents"
    assert page_of([set_result("a", end_result("knn", 0.5, page=1))]) == "1 document"


def test_the_report_has_the_tables_and_the_chart_of_readings() -> None:
    text = markdown(RESULT, "evaluation.svg", "reading.svg")
    assert "## To the end\n\nEach ranker shows a page of 10 documents, which is judged" in text
    assert "### From the query alone\n\n| mean of 2 sets | loss |" in text
    assert "| **Anchored SVM** | 0.250 | 1.250 |" in text
    assert "(reading.svg)" in text
    assert "### b, to the end, from one relevant and one other document known, 1 query x 3 seeds\n" in text
    assert "| **Anchored SVM** | 0.125 [0.125, 1.000] |" in text


def test_a_report_with_readings_has_two_charts(tmp_path: Path) -> None:
    paths = write_report(RESULT, tmp_path)
    assert [path.name for path in paths] == ["evaluation.md", "evaluation.svg", "reading.svg"]
    assert "share of the collection read" in paths[2].read_text()


def test_the_charts_draw_the_curves() -> None:
    drawn = end_chart(RESULT.sets).to_dict()
    [points] = drawn["datasets"].values()
    assert len(points) == 2 * 3 * 101
    assert {point["panel"] for point in points} == {
        f"{name}, {start}" for name in "ab" for start in ("the query alone", "two known")
    }
    of_set = end_set_chart(RESULT.sets[0], "two", dark=True).to_dict()
    [values] = of_set["datasets"].values()
    assert [point["recall"] for point in values] == [percent / 100 for percent in range(101)]
    assert {point["ranker"] for point in values} == {"Anchored SVM"}
    assert of_set["encoding"]["color"]["scale"]["range"] == ["#ff6b7f"]


# The run.


def test_an_evaluation_reads_to_the_end_where_its_plan_says_so(
    animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SearchEngine(animals, lambda *_: encoder)
    queries = Judgements("qrels", [JudgedQuery("animals", "the cat", {str(row): 1 for row in range(5)})])
    monkeypatch.setattr("exemplar.retrieval.evaluation.run.judgements_of", lambda corpus: queries)
    progress: list[EvaluationProgress] = []
    plan = EvaluationPlan(("animals",), ("knn", "elas"), rounds=1, to_the_end=EndPlan(3, ("two",), 2))
    assert plan.readers == ("knn", "elas")
    result = run_evaluation(plan, {"animals": engine}, progress.append)
    command = "exemplar evaluate animals --rankers knn,elas --rounds 1 --to-the-end --page 3 --start two --seeds 2"
    assert result.command == command
    measured = measure_to_the_end(engine, queries, rankers=("knn", "elas"), plan=EndPlan(3, ("two",), 2))
    [of_set] = result.sets
    assert of_set.to_the_end == end_results(measured)
    assert [(each.ranker, each.n_seeds) for each in of_set.to_the_end] == [("knn", 2), ("elas", 2)]
    read = [each for each in progress if each.unit == "document"]
    assert {each.stage for each in read} == {"Reading animals to the end"}
    assert (read[0].done, read[-1].done, read[-1].total) == (0, 40, 40)
    assert len(read) > 4 + 4, "a reading of three documents a page reports more than once"


def test_the_default_readers_are_fewer_than_the_compared_rankers() -> None:
    assert EvaluationPlan(("a",), to_the_end=EndPlan()).readers == READERS
    assert EvaluationPlan(("a",), list(COMPARED)).readers == READERS
    assert set(READERS) - set(COMPARED) == {"elas"}
